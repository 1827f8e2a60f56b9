import type { Json, StateType } from '../types.ts';
import type { Place, Report } from './report.ts';
import type { Syntax } from './syntax.ts';

export type QueryLanguage = 'JSONPath' | 'JSONata';
export type JsonObject = { readonly [key: string]: Json };

/** What the checks of one definition share. */
export interface Checking {
  readonly report: Report;
  readonly syntax: Syntax;
  readonly machineLanguage: QueryLanguage;
  readonly express: boolean;
  /** Refuse what AWS refuses, and nothing more. */
  readonly strict: boolean;
  /** Says whether a Task resource is offered here; undefined when nobody knows. */
  readonly taskResources: ((resource: string) => boolean) | undefined;
}

/** One state under check. `definition` is an object whose Type is one of the eight. */
export interface StateCheck extends Checking {
  readonly name: string;
  readonly type: StateType;
  readonly definition: JsonObject;
  readonly place: Place;
  readonly language: QueryLanguage;
  /** Variables that scopes around this body assign. */
  readonly outerVariables: ReadonlySet<string>;
}

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a member of parsed JSON; never one that is inherited. */
export const own = (object: JsonObject, key: string): Json | undefined => (Object.hasOwn(object, key) ? object[key] : undefined);
