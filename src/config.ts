import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { checkAgainstSchema } from './config/check.ts';
import { readDelivery, type DeliveryConfig } from './config/delivery.ts';
import { findConfigFile, findFunctions, findMachines } from './config/discovery.ts';
import { readDocument, type ConfigDocument } from './config/document.ts';
import { filePath, folderPath, jsonPath, type NamedPath } from './config/files.ts';
import type { Environment } from './config/interpolate.ts';
import { Mistakes } from './config/mistakes.ts';
import { Part } from './config/part.ts';
import type { ConfigSchema } from './config/schema-parts.ts';
import { pointTo } from './config/schema-walk.ts';
import { CONFIG_SCHEMA } from './config/schema.ts';
import { MillraceError } from './errors.ts';

/** A configuration with its defaults applied. All paths are absolute. */
export interface Config extends DeliveryConfig {
  /** Null where there is no file. */
  readonly file: string | null;
  readonly server: { readonly host: string; readonly port: number };
  readonly dataDir: string;
  readonly compatibility: 'strict' | 'extended';
  /** Null where there are no functions. */
  readonly functions: string | null;
  readonly workers: number | 'auto';
  readonly limits: {
    readonly maxInFlight: number;
    readonly maxInFlightBytes: number;
    readonly payloadBytes: number;
    readonly blockedMs: number;
    readonly poisonAfter: number;
    readonly timeoutSeconds: number;
    readonly graceMs: number;
  };
  readonly executions: { readonly remember: number; readonly rememberBytes: number };
  readonly machines: Readonly<Record<string, MachineConfig>>;
}

export interface MachineConfig {
  readonly definition: string;
  readonly timeoutSeconds?: number;
  readonly maxInFlight?: number;
  readonly inputSchema?: string;
}

export interface ConfigOverrides {
  readonly host?: string;
  readonly port?: number;
  readonly dataDir?: string;
  readonly workers?: number | 'auto';
  readonly compatibility?: 'strict' | 'extended';
}

export interface LoadOptions {
  /** Relative to `cwd`. Left out: millrace.yaml or millrace.yml of `cwd`, if there is one. */
  readonly file?: string;
  readonly cwd: string;
  readonly env: Environment;
  /** From the command line; they win over the file, and their paths are relative to `cwd`. */
  readonly overrides?: ConfigOverrides;
}

/**
 * Reads the configuration, and finds what it leaves out: *.asl.json and functions/ beside the file, or in `cwd` where there is none.
 *
 * Definitions have to be there and readable; what is in them is for the engine to judge.
 *
 * @throws MillraceError INVALID_CONFIG with a diagnostic for every mistake
 */
export function loadConfig(options: LoadOptions): Config {
  const cwd = resolve(options.cwd);
  const outside = new Mistakes();
  const file = options.file === undefined ? findConfigFile(cwd, outside) : resolve(cwd, options.file);
  refuse(outside);
  const text = file === null ? '' : readFile(file, options.file, outside);
  refuse(outside);
  const document = readDocument(text, file ?? '', CONFIG_SCHEMA, options.env);
  const mistakes = file === null ? outside : document.mistakes;
  if (document.value !== undefined) checkAgainstSchema(document.value, mistakes, document.places);
  const { overrides = {} } = options;
  checkAgainstSchema(asDocument(overrides), outside, undefined, (pointer) => FLAGS[pointer] ?? pointer);
  const config = complete(document, mistakes, file, file === null ? cwd : dirname(file), overrides, cwd);
  refuse(mistakes, outside);
  return config;
}

const FLAGS: Readonly<Record<string, string>> = { '/server/host': '--host', '/server/port': '--port', '/dataDir': '--data-dir', '/workers': '--workers', '/compatibility': '--strict' };

function asDocument({ host, port, ...rest }: ConfigOverrides): object {
  const given = (values: object): object => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  return { server: given({ host, port }), ...given(rest) };
}

function refuse(...all: readonly Mistakes[]): void {
  const diagnostics = [...new Set(all)].flatMap((mistakes) => mistakes.diagnostics());
  if (diagnostics.length === 0) return;
  const lines = diagnostics.map(({ file, line, column, message }) => `${file === undefined ? '' : `${file}:${line}:${column}: `}${message}`);
  throw new MillraceError('INVALID_CONFIG', lines.join('\n'), { diagnostics });
}

function readFile(file: string, written: string | undefined, mistakes: Mistakes): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const name = written ?? file;
    if (code === 'ENOENT') mistakes.add('MISSING_FILE', '', `There is no configuration file ${name}.`, undefined, `It would be ${file}.`);
    else if (code === 'EISDIR') mistakes.add('UNREADABLE_FILE', '', `The configuration file ${name} is a folder.`, undefined, 'Name the file in it.');
    else mistakes.add('UNREADABLE_FILE', '', `The configuration file ${name} cannot be read: ${message}.`, undefined);
    return '';
  }
}

/** The value at a path of keys, of whatever type: the checks before have told of those that are wrong. */
function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key) ? (inner as Record<string, unknown>)[key] : undefined), value);
}

type Section = 'server' | 'limits' | 'executions';

/** Applies defaults and resolves paths. Where the file has mistakes it still looks for more, and its answer is not used. */
function complete({ value, places }: ConfigDocument, mistakes: Mistakes, file: string | null, folder: string, overrides: ConfigOverrides, cwd: string): Config {
  const whole = new Part({ mistakes, places, folder }, '', value, CONFIG_SCHEMA);
  const section = <S extends Section>(name: S): Config[S] => {
    const part = whole.part(name);
    return Object.fromEntries(Object.entries<ConfigSchema>(CONFIG_SCHEMA.properties[name].properties).map(([key, { type }]) => [key, type === 'integer' ? part.number(key) : part.needed(key)])) as Config[S];
  };
  const path = (name: string, pointer: string, written: string): NamedPath => ({ name, pointer, written, folder, offset: places.get(pointer)?.value });
  const { properties } = CONFIG_SCHEMA;
  const server = section('server');
  const limits = section('limits');
  const functions = at(value, 'functions');
  const limitsFault = limits.maxInFlightBytes < limits.payloadBytes;
  if (limitsFault) {
    mistakes.add('OUT_OF_RANGE', '/limits/maxInFlightBytes', `limits.maxInFlightBytes (${limits.maxInFlightBytes}) is less than limits.payloadBytes (${limits.payloadBytes}): an event could be larger than all that may be in flight.`, (places.get('/limits/maxInFlightBytes') ?? places.get('/limits/payloadBytes'))?.value);
  }
  const dataDir = at(value, 'dataDir');
  const compatibility = overrides.compatibility ?? (at(value, 'compatibility') as Config['compatibility'] | undefined) ?? properties.compatibility.default;
  const strictBytes = properties.limits.properties.payloadBytes.default;
  if (compatibility === 'strict' && limits.payloadBytes > strictBytes) {
    mistakes.add('OUT_OF_RANGE', '/limits/payloadBytes', `limits.payloadBytes (${limits.payloadBytes}) is more than ${strictBytes}, which strict compatibility holds payloads to, as AWS does.`, places.get('/limits/payloadBytes')?.value);
  }
  const served = at(value, 'machines') === undefined ? findMachines(folder, mistakes) : machines(at(value, 'machines'), path, mistakes);
  const absoluteDataDir = overrides.dataDir === undefined ? resolve(folder, textOf(dataDir) ?? properties.dataDir.default) : resolve(cwd, overrides.dataDir);
  return {
    file,
    server: { host: overrides.host ?? server.host, port: overrides.port ?? server.port },
    dataDir: absoluteDataDir,
    compatibility,
    functions: textOf(functions) !== undefined ? folderPath(path('functions', '/functions', functions as string), mistakes) : findFunctions(folder),
    workers: overrides.workers ?? (at(value, 'workers') as Config['workers'] | undefined) ?? properties.workers.default,
    limits,
    executions: section('executions'),
    machines: served,
    ...readDelivery(whole, { machines: Object.keys(served), dataDir: absoluteDataDir, compatibility, limits }),
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

function machines(entries: unknown, path: (name: string, pointer: string, written: string) => NamedPath, mistakes: Mistakes): Config['machines'] {
  if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) return {};
  return Object.fromEntries(
    Object.entries(entries).map(([name, entry]: [string, unknown]) => {
      const pointer = pointTo('/machines', name);
      if (typeof entry === 'string') return [name, { definition: entry === '' ? '' : filePath(path(`machines.${name}`, pointer, entry), mistakes) }];
      const definition = textOf(at(entry, 'definition'));
      const inputSchema = textOf(at(entry, 'inputSchema'));
      const timeoutSeconds = at(entry, 'timeoutSeconds') as number | undefined;
      const maxInFlight = at(entry, 'maxInFlight') as number | undefined;
      const machine: MachineConfig = {
        definition: definition === undefined ? '' : filePath(path(`machines.${name}.definition`, `${pointer}/definition`, definition), mistakes),
        ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
        ...(maxInFlight === undefined ? {} : { maxInFlight }),
        ...(inputSchema === undefined ? {} : { inputSchema: jsonPath(path(`machines.${name}.inputSchema`, `${pointer}/inputSchema`, inputSchema), mistakes) }),
      };
      return [name, machine];
    }),
  );
}
