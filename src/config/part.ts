import type { Place } from './document.ts';
import { filePath, jsonPath } from './files.ts';
import type { ConfigMistake, Mistakes } from './mistakes.ts';
import { dotted, memberSchema, pointTo } from './schema-walk.ts';
import type { ConfigSchema } from './schema-parts.ts';

/** What the parts of a file have in common. */
export interface Loading {
  readonly mistakes: Mistakes;
  readonly places: ReadonlyMap<string, Place>;
  /** That of the file: paths are relative to it. */
  readonly folder: string;
}

/**
 * One mapping of the file, read after it was held against the schema. A value of the wrong type has been told of then, and
 * reads as one that nothing more is said about: a text as undefined, a number as NaN, which no comparison holds for.
 */
export class Part {
  readonly pointer: string;
  readonly schema: ConfigSchema;
  readonly loading: Loading;
  readonly #value: Readonly<Record<string, unknown>>;

  constructor(loading: Loading, pointer: string, value: unknown, schema: ConfigSchema | undefined) {
    this.loading = loading;
    this.pointer = pointer;
    this.schema = schema ?? {};
    this.#value = typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
  }

  /** As people write it: sources.readings.kafka. */
  get name(): string {
    return dotted(this.pointer);
  }

  get keys(): string[] {
    return Object.keys(this.#value);
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#value, key);
  }

  /** The value, or the default. */
  get(key: string): unknown {
    return this.has(key) ? this.#value[key] : memberSchema(this.schema, key)?.default;
  }

  part(key: string): Part {
    return new Part(this.loading, pointTo(this.pointer, key), this.get(key), memberSchema(this.schema, key));
  }

  /** The members of a mapping whose keys the user named. */
  parts(): [string, Part][] {
    return this.keys.map((key) => [key, this.part(key)]);
  }

  text(key: string): string | undefined {
    const value = this.get(key);
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  /** For a text that has to be there, or has a default: what is missing has been told of. */
  needed(key: string): string {
    return this.text(key) ?? '';
  }

  /** Of a text that can only be one of a few words. */
  word<W extends string>(key: string): W {
    return this.needed(key) as W;
  }

  number(key: string): number {
    const { minimum = -Infinity, maximum = Infinity } = memberSchema(this.schema, key) ?? {};
    const value = this.get(key);
    return typeof value === 'number' && value >= minimum && value <= maximum ? value : Number.NaN;
  }

  /** Undefined where it is left out. */
  numberIf(key: string): number | undefined {
    return this.get(key) === undefined ? undefined : this.number(key);
  }

  flag(key: string): boolean {
    return this.get(key) === true;
  }

  /** One text or a list of them, each once. */
  texts(key: string): string[] {
    return [...new Set([this.get(key)].flat().filter((item): item is string => typeof item === 'string' && item !== ''))];
  }

  /** JSON text of a value of any type; undefined where it is left out. */
  json(key: string): string | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (!isFinite(value)) this.fault('INVALID_VALUE', key, 'holds a number that JSON does not have: .inf or .nan.');
    return JSON.stringify(value);
  }

  /** The text of a file that is named. */
  file(key: string): string | undefined {
    return this.#file(key, filePath);
  }

  /** The text of a file that is named and has to be JSON. */
  jsonFile(key: string): string | undefined {
    return this.#file(key, jsonPath);
  }

  #file(key: string, read: typeof filePath): string | undefined {
    const written = this.text(key);
    if (written === undefined) return undefined;
    const { folder, mistakes } = this.loading;
    const pointer = pointTo(this.pointer, key);
    let content = '';
    read({ name: dotted(pointer), pointer, written, folder, offset: this.#offset(key) }, mistakes, (text) => {
      content = text;
    });
    return content;
  }

  /** Tells of a mistake in the value of a key; the message goes on from the key's name. */
  fault(code: ConfigMistake, key: string, message: string, hint?: string): void {
    const pointer = pointTo(this.pointer, key);
    this.loading.mistakes.add(code, pointer, `${dotted(pointer)} ${message}`, this.#offset(key), hint);
  }

  /** Tells of a mistake somewhere below a key: `within` points there from the key's value. The message is a sentence. */
  faultWithin(code: ConfigMistake, key: string, within: string, message: string, hint?: string): void {
    const { mistakes, places } = this.loading;
    const pointer = pointTo(this.pointer, key) + within;
    mistakes.add(code, pointer, `${dotted(pointer)}: ${message}`, places.get(pointer)?.key ?? this.#offset(key), hint);
  }

  /** Tells of a mistake in the whole of it. */
  faultOfAll(code: ConfigMistake, message: string, hint?: string): void {
    this.loading.mistakes.add(code, this.pointer, `${this.name} ${message}`, this.loading.places.get(this.pointer)?.key, hint);
  }

  /** Of the value of the key, or of what it stands in where the value is a default. */
  #offset(key: string): number | undefined {
    const { places } = this.loading;
    return places.get(pointTo(this.pointer, key))?.value ?? places.get(this.pointer)?.value;
  }
}

function isFinite(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(isFinite);
}

type Given<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/** Without the keys that are undefined. */
export const given = <T extends object>(values: T): Given<T> => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
