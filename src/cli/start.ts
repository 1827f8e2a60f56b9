import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'node:path';
import { loadConfig, type Config, type ConfigOverrides } from '../config.ts';
import { serve, type Service } from '../engine/serve.ts';
import { workerCount } from '../telemetry/cpus.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { EXIT } from './exit-codes.ts';
import { wantsColor } from './output.ts';
import { banner } from './start-banner.ts';
import { streamLines } from './stream-lines.ts';

export interface StartOptions extends ConfigOverrides {
  readonly config?: string;
}

/**
 * Serves what the configuration describes until a signal says to stop. Answers the exit code.
 *
 * @throws MillraceError: with diagnostics for mistakes in the configuration, definitions or functions
 */
export async function startCommand({ config: file, ...overrides }: StartOptions): Promise<number> {
  const config = loadConfig({ ...(file === undefined ? {} : { file }), cwd: process.cwd(), env: process.env, overrides });
  const log = createLog();
  const signals = new Signals(log);
  const service = await serve(config, { log });
  process.stdout.write(banner(described(config, service), process.cwd(), wantsColor(process.stdout)));
  const signal = await signals.first;
  log.info('shutting down: no new work is taken', { signal, graceMs: config.limits.graceMs, inFlight: service.engine.dispatch.inFlight });
  const left = await service.close(config.limits.graceMs);
  if (left === 0) log.info('stopped');
  else log.warn('stopped with executions under way: they run again, where their source delivers them next, or from the journal at the next start', { left });
  return EXIT.done;
}

/** Hears signals from before the server is up: one that comes while it starts is obeyed as soon as there is something to stop. */
class Signals {
  readonly first: Promise<NodeJS.Signals>;

  constructor(log: Log) {
    this.first = new Promise((resolve) => {
      let heard = false;
      const onSignal = (signal: NodeJS.Signals): void => {
        if (heard) {
          log.warn('a second signal: exiting at once', { signal });
          process.exit(EXIT.failed);
        }
        heard = true;
        resolve(signal);
      };
      process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
    });
  }
}

function described(config: Config, { engine, address }: Service): Parameters<typeof banner>[0] {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  // 0.0.0.0 and :: mean every address of the machine; the one to try it with is its own.
  const host = address.host === '0.0.0.0' ? '127.0.0.1' : address.host === '::' ? '::1' : address.host;
  return {
    version,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    dataDir: config.dataDir,
    functions: config.functions === null ? null : { folder: config.functions, names: functionNames(config.functions) },
    machines: engine.machines().map(({ name, comment }) => ({ name, comment, file: config.machines[name]?.definition ?? '' })),
    streams: streamLines(config),
    workers: workerCount(config.workers),
    startupMs: Math.round(performance.now()),
  };
}

/** The functions of a folder that has been loaded without a complaint: its files, but for those that are private. */
const functionNames = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && /^[^._].*(?<!\.d)\.[cm]?[jt]s$/.test(entry.name))
    .map((entry) => parse(entry.name).name)
    .toSorted();
