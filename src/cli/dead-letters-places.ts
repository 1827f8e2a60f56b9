import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '../config.ts';
import { deadLetterFile } from '../config/dead-letter-file.ts';
import type { OutputKindSettings } from '../config/settings.ts';
import type { Stored } from '../outputs/dead-letters/contract.ts';
import { UsageError } from './exit-codes.ts';

/** A store that a command looks into. */
export interface Place {
  /** The name of the output, or what the file is to the configuration. */
  readonly name: string;
  readonly kind: OutputKindSettings;
  /** Of a store that several sources share, only those of this one. */
  readonly belongs: (stored: Stored) => boolean;
}

export interface PlaceFlags {
  readonly source?: string;
  readonly output?: string;
  readonly file?: string;
}

const anybody = (): boolean => true;

/**
 * Where to look: what --source, --output or --file name; every store of the configuration when none is given.
 *
 * @throws UsageError when the configuration has no such thing
 */
export function placesOf({ source, output, file }: PlaceFlags, config: Config, cwd: string): Place[] {
  if ([source, output, file].filter((flag) => flag !== undefined).length > 1) throw new UsageError('Give one of --source, --output and --file.');
  if (file !== undefined) {
    const path = resolve(cwd, file);
    if (!existsSync(path)) throw new UsageError(`There is no file ${file}.`);
    return [{ name: file, kind: { file: { path } }, belongs: anybody }];
  }
  if (output !== undefined) return [outputPlace(output, config)];
  if (source !== undefined) return sourcePlaces(source, config);
  const places = new Map<string, Place>();
  for (const { deadLetters } of config.sources) {
    if (deadLetters === null) continue;
    if ('output' in deadLetters) places.set(deadLetters.output, outputPlace(deadLetters.output, config));
  }
  for (const path of [...config.sources.map(({ name }) => deadLetterFile(config.dataDir, name)), deadLetterFile(config.dataDir)]) {
    if (existsSync(path)) places.set(path, { name: path, kind: { file: { path } }, belongs: anybody });
  }
  return [...places.values()];
}

function outputPlace(name: string, { outputs }: Config): Place {
  const found = outputs.find((one) => one.name === name);
  if (found === undefined) throw new UsageError(`The configuration has no output '${name}'; ${listed('it has', outputs.map((one) => one.name))}.`);
  if ('webhook' in found.kind) throw new UsageError(`The output '${name}' is a webhook: what it was sent cannot be read again.`);
  return { name, kind: found.kind, belongs: anybody };
}

/** The store of the source, and the file below dataDir where goes what the store refuses. */
function sourcePlaces(name: string, config: Config): Place[] {
  const source = config.sources.find((one) => one.name === name);
  if (source === undefined) throw new UsageError(`The configuration has no source '${name}'; ${listed('it has', config.sources.map((one) => one.name))}.`);
  const { deadLetters } = source;
  if (deadLetters === null) throw new UsageError(`The dead letters of the source '${name}' are dropped: its deadLetters are none.`);
  const belongs = ({ letter }: Stored): boolean => letter.source === name;
  const path = deadLetterFile(config.dataDir, name);
  const own: Place = { name: path, kind: { file: { path } }, belongs };
  if ('file' in deadLetters) return [own];
  return [{ ...outputPlace(deadLetters.output, config), belongs }, ...(existsSync(path) ? [own] : [])];
}

const listed = (verb: string, names: readonly string[]): string => (names.length === 0 ? `${verb} none` : `${verb} ${names.join(', ')}`);
