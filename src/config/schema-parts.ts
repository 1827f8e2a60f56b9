/** The part of JSON Schema (draft-07) that the configuration is described in, and two keywords of its own. */
export interface ConfigSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, ConfigSchema>>;
  readonly additionalProperties?: false | ConfigSchema;
  readonly propertyNames?: ConfigSchema;
  readonly required?: readonly string[];
  readonly items?: ConfigSchema;
  readonly anyOf?: readonly ConfigSchema[];
  /** Only where a schema is rendered. */
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, ConfigSchema>>;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  /** A secret: never shown in a message. */
  readonly writeOnly?: true;
  /** Of these keys one has to be there, and not two. */
  readonly exactlyOne?: readonly string[];
  /** Of these keys no two may be there. */
  readonly atMostOne?: readonly string[];
}

export type Properties = Readonly<Record<string, ConfigSchema>>;

export const integer = <const D>(title: string, description: string, minimum: number, maximum: number, more: D) => ({ title, description, type: 'integer', minimum, maximum, ...more });

export const text = <const D>(title: string, description: string, more: D) => ({ title, description, type: 'string', minLength: 1, ...more });

export const word = <const W extends readonly string[], const D>(title: string, description: string, words: W, more: D) => ({ title, description, type: 'string', enum: words, ...more });

export const flag = <const D>(title: string, description: string, more: D) => ({ title, description, type: 'boolean', ...more });

/** One text, or a list of them. */
export const texts = <const D>(title: string, description: string, more: D) => ({ title, description, type: ['string', 'array'], minLength: 1, minItems: 1, items: { type: 'string', minLength: 1 }, ...more });

export const section = <const P extends Properties>(title: string, description: string, properties: P) => ({
  title,
  description,
  type: 'object',
  properties,
  additionalProperties: false as const,
});

/** What state machines, sources, outputs and schedules may be named: as state machines on AWS. */
export const NAME = '^[A-Za-z0-9_-]{1,80}$';

/** A mapping whose keys the user names. */
export const named = <const E extends ConfigSchema, const D>(title: string, description: string, entry: E, more: D) => ({
  title,
  description,
  type: 'object',
  propertyNames: { pattern: NAME },
  additionalProperties: entry,
  ...more,
});

export const MIB = 1024 * 1024;
export const GIB = 1024 * MIB;
/** More of anything than one process can have in flight. */
export const COUNT = 10_000_000;
export const HOUR_MS = 3_600_000;
