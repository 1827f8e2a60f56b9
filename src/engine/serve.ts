import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiServer } from '../api/server.ts';
import type { Config } from '../config.ts';
import type { watchFiles } from '../config/watch.ts';
import type { Engine } from '../engine.ts';
import { MillraceError, type Diagnostic } from '../errors.ts';
import { silentLog, type Log } from '../telemetry/log.ts';
import type { EngineOptions, MachineOptions } from './options.ts';
import { startWorkers, type Workers } from './workers.ts';

/** So long a start waits for sources that do not read yet. */
const SOURCES_PATIENCE_MS = 5_000;

export interface Service {
  readonly engine: Engine;
  readonly address: { readonly host: string; readonly port: number };
  /** Unready at once, then intake stops, then what runs is drained for up to `graceMs`. Answers how many events are left to the journal. */
  close(graceMs: number): Promise<number>;
}

export interface ServeOptions {
  readonly log?: Log;
  /** Reloads definitions, schemas and functions when their files change; true unless told otherwise. */
  readonly watch?: boolean;
}

/**
 * Starts what a configuration describes: engine, HTTP server, and the watch over its files.
 *
 * @throws MillraceError INVALID_DEFINITION, INVALID_FUNCTION, PORT_IN_USE, DATA_DIR_UNUSABLE; nothing is left running then
 */
export async function serve(config: Config, options: ServeOptions = {}): Promise<Service> {
  const log = options.log ?? silentLog;
  const { limits } = config;
  const engineOptions: Omit<EngineOptions, 'machines'> = {
    ...(config.functions === null ? {} : { functions: config.functions }),
    workers: config.workers,
    compatibility: config.compatibility,
    limits,
    dataDir: config.dataDir,
    journal: config.journal,
    remember: config.executions.remember,
    rememberBytes: config.executions.rememberBytes,
    sources: config.sources,
    outputs: config.outputs,
    ...(config.schedules.length === 0 || config.redis === null ? {} : { schedules: { schedules: config.schedules, redis: config.redis } }),
    log,
  };
  const workers = startWorkers(engineOptions);
  const [{ createEngine }, machines] = await closingAfterFailure(workers, Promise.all([import('../engine.ts'), readMachines(config)]));
  // Workers load the machines while the server's modules are being loaded here.
  const [engine, { createServer }, { watchFiles }] = await Promise.all([createEngine({ ...engineOptions, machines }, workers), import('../api/server.ts'), import('../config/watch.ts')]);
  let server: ApiServer;
  let address: { host: string; port: number };
  try {
    server = createServer({ engine, ...config.server, payloadBytes: limits.payloadBytes, logger: log, metrics: engine.telemetry });
    address = await server.listen();
  } catch (error) {
    await engine.close(0);
    throw error;
  }
  try {
    await startSources(engine, log);
  } catch (error) {
    await Promise.all([server.close(0), engine.close(0)]);
    throw error;
  }
  const watcher = options.watch === false ? undefined : watch(watchFiles, config, engine, log);
  return {
    engine,
    address,
    async close(graceMs) {
      const begin = performance.now();
      engine.drain();
      await watcher?.close();
      // Synchronous starts under way are answered while they drain; the rest of the grace period is the engine's.
      await server.close(graceMs);
      return engine.close(Math.max(0, graceMs - (performance.now() - begin)));
    },
  };
}

/** Waits a little for the sources to read: settings that cannot work end the start, brokers that are away do not. */
async function startSources(engine: Engine, log: Log): Promise<void> {
  const starting = engine.startSources();
  const patience = new AbortController();
  await Promise.race([starting, delay(SOURCES_PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined)]).finally(() => patience.abort());
  starting.catch((error: unknown) => log.error('a source cannot start: the server stays unready', describe(error)));
}

async function closingAfterFailure<T>({ pool }: Workers, parts: Promise<T>): Promise<T> {
  try {
    return await parts;
  } catch (error) {
    await pool.close(0);
    throw error;
  }
}

async function readMachines(config: Config): Promise<Record<string, MachineOptions>> {
  return Object.fromEntries(await Promise.all(Object.entries(config.machines).map(async ([name, entry]) => [name, await readMachine(entry)] as const)));
}

async function readMachine(entry: Config['machines'][string]): Promise<MachineOptions> {
  const { definition, inputSchema, timeoutSeconds, maxInFlight } = entry;
  return {
    definition: await readFile(definition, 'utf8'),
    file: definition,
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(maxInFlight === undefined ? {} : { maxInFlight }),
    ...(inputSchema === undefined ? {} : { inputSchema: await readFile(inputSchema, 'utf8') }),
  };
}

/** Puts changed files into service. A change that is not valid is reported, and what was served before stays. */
function watch(watchAll: typeof watchFiles, config: Config, engine: Engine, log: Log): ReturnType<typeof watchFiles> {
  const entries = Object.entries(config.machines);
  const paths = [...entries.flatMap(([, { definition, inputSchema }]) => (inputSchema === undefined ? [definition] : [definition, inputSchema])), ...(config.functions === null ? [] : [config.functions])];
  let last = Promise.resolve();
  const attempt = async (what: string, action: () => Promise<void>): Promise<void> => {
    try {
      await action();
      log.info(`${what} reloaded`);
    } catch (error) {
      log.error(`${what} not reloaded: what was served before stays`, describe(error));
    }
  };
  const reload = async (changed: readonly string[]): Promise<void> => {
    const isOf = (path: string | undefined): boolean => path !== undefined && changed.includes(path);
    for (const [name, entry] of entries) {
      if (isOf(entry.definition) || isOf(entry.inputSchema)) await attempt(`state machine ${name}`, async () => engine.install(name, await readMachine(entry)));
    }
    const { functions } = config;
    if (functions !== null && changed.some((path) => path === functions || path.startsWith(`${functions}/`))) await attempt('functions', () => engine.reloadFunctions());
  };
  return watchAll(
    paths,
    (changed) => {
      last = last.then(() => reload(changed));
    },
    {},
  );
}

function describe(error: unknown): { error: string; diagnostics?: readonly Diagnostic[] } {
  if (!(error instanceof MillraceError)) return { error: String(error) };
  return { error: error.message, ...(error.diagnostics.length === 0 ? {} : { diagnostics: error.diagnostics }) };
}
