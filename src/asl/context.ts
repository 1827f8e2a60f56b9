import type { DirectState } from './direct/contract.ts';
import type { Trace } from './trace.ts';
import type { Json, Step, Program, TaskResolver, FaultStep, StateType } from './types.ts';

export type QueryLanguage = 'JSONPath' | 'JSONata';

/** A state as written, after validation. */
export type StateDefinition = { readonly Type: StateType } & Readonly<Record<string, Json>>;

/** What one state's compiler is given. */
export interface StateContext {
  readonly name: string;
  readonly definition: StateDefinition;
  readonly language: QueryLanguage;
  readonly resolveTask: TaskResolver | undefined;
  /** There when a single state is tested. Asked for while compiling, so that what runs in production has no part of it. */
  readonly trace?: Trace | undefined;
  /** Index of the state that Next, Default or a Catch names. */
  target(name: string): number;
  /** Compiles a Parallel branch or an ItemProcessor. */
  body(definition: Json): Program;
}

/** One compiled state. Where nothing handles faults, `onFault` is left out. */
export interface CompiledState {
  readonly step: Step;
  readonly onFault?: FaultStep;
  /** The same as direct code, where it can be said so. */
  readonly direct?: DirectState | null;
}

/** Compiles one state type; the table of states/ maps type names to these. */
export type StateCompiler = (context: StateContext) => CompiledState;
