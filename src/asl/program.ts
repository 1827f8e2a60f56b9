import type { CompiledState, QueryLanguage, StateContext, StateDefinition } from './context.ts';
import { STATE_TYPES } from './states/table.ts';
import type { DirectState } from './direct/contract.ts';
import { compileDirect } from './direct/compile.ts';
import { parseMachine } from './definition-numbers.ts';
import { numbersMade } from './numbers/json-number.ts';
import { plainJson } from './numbers/plain-json.ts';
import { MAX_TIMEOUT_SECONDS, type FaultStep, type Json, type Program, type StateType, type Step, type TaskResolver } from './types.ts';

export interface ProgramOptions {
  /** Finds the task behind a Resource; without it every Task state fails when it runs. */
  readonly resolveTask?: TaskResolver;
  /** Lowers the cap of 300 seconds. */
  readonly timeoutSeconds?: number;
}

/**
 * Compiles a definition that has been found valid: workers get it from a main thread which has validated it, and need
 * neither load the validator nor do its work again.
 */
export function compileValid(definition: string | Json, options: ProgramOptions = {}): Program {
  // A copy of our own: literals of it are frozen and shared between executions.
  const machine = typeof definition === 'string' ? parseMachine(definition) : (JSON.parse(JSON.stringify(definition)) as Record<string, Json>);
  const made = numbersMade();
  const program = compileBody(machine, languageOf(machine, 'JSONPath'), options.resolveTask, timeoutOf(machine, options));
  // Intrinsic functions have literals, too, which are read as they are compiled.
  return numbersMade() === made && plainJson(machine) === machine ? program : { ...program, exact: true, direct: null };
}

function timeoutOf(machine: Record<string, Json>, options: ProgramOptions): number {
  const own = typeof machine['TimeoutSeconds'] === 'number' ? machine['TimeoutSeconds'] : MAX_TIMEOUT_SECONDS;
  return Math.min(own, options.timeoutSeconds ?? MAX_TIMEOUT_SECONDS, MAX_TIMEOUT_SECONDS);
}

const languageOf = (definition: Record<string, Json>, otherwise: QueryLanguage): QueryLanguage =>
  definition['QueryLanguage'] === 'JSONata' ? 'JSONata' : definition['QueryLanguage'] === 'JSONPath' ? 'JSONPath' : otherwise;

/**
 * Compiles one state of a valid definition alone, as it is within its machine. Where it leads is the caller's: `target` gives
 * the names that it can go to their numbers.
 */
export function compileState(name: string, definition: Record<string, Json>, machineLanguage: QueryLanguage, options: Pick<StateContext, 'resolveTask' | 'trace' | 'target'>): CompiledState {
  const language = languageOf(definition, machineLanguage);
  const state = definition as StateDefinition;
  return STATE_TYPES[state.Type]({
    ...options,
    name,
    definition: state,
    language,
    body: (body) => compileBody(body as Record<string, Json>, languageOf(body as Record<string, Json>, machineLanguage), options.resolveTask, MAX_TIMEOUT_SECONDS),
  });
}

/** Compiles a machine, a Parallel branch or an ItemProcessor: one step for each state, in the order written. */
function compileBody(definition: Record<string, Json>, language: QueryLanguage, resolveTask: TaskResolver | undefined, timeoutSeconds: number): Program {
  const states = definition['States'] as Record<string, Json>;
  const names = Object.keys(states);
  const indexes = new Map(names.map((name, index) => [name, index]));
  const target = (name: string): number => {
    const index = indexes.get(name);
    if (index === undefined) throw new TypeError(`no state named '${name}'`);
    return index;
  };
  const steps: Step[] = [];
  const described: (DirectState | null)[] = [];
  const onFault: (FaultStep | null)[] = [];
  const types: StateType[] = [];
  for (const name of names) {
    const state = states[name] as StateDefinition;
    const own = languageOf(state, language);
    const compiled = STATE_TYPES[state.Type]({
      name,
      definition: state,
      language: own,
      resolveTask,
      target,
      body: (body) => compileBody(body as Record<string, Json>, languageOf(body as Record<string, Json>, language), resolveTask, timeoutSeconds),
    });
    steps.push(compiled.step);
    described.push(compiled.direct ?? null);
    onFault.push(compiled.onFault ?? null);
    types.push(state.Type);
  }
  const comment = definition['Comment'];
  const start = target(String(definition['StartAt']));
  return {
    start,
    steps,
    onFault,
    names,
    types,
    timeoutSeconds,
    comment: typeof comment === 'string' ? comment : undefined,
    exact: false,
    direct: compileDirect(described, start),
  };
}
