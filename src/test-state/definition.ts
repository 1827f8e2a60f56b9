import type { QueryLanguage, StateDefinition } from '../asl/context.ts';
import type { Json } from '../asl/types.ts';
import { awsInvalidDefinitionMessage } from '../asl/validate/aws.ts';
import { validateDefinition } from '../asl/validate/validate.ts';
import type { Diagnostic } from '../errors.ts';
import type { TestStateRequest } from './contract.ts';
import { invalid, isObject, Refusal } from './refusal.ts';
import { parseMachine, parseState } from '../asl/definition-numbers.ts';

/** The state under test. */
export interface TestedState {
  readonly name: string;
  readonly definition: StateDefinition;
  /** Of the machine around it. */
  readonly language: QueryLanguage;
}

/** What AWS calls the state of a definition that is only that. */
const UNNAMED = 'StateName';
/** What is no fault of a state that stands alone: its neighbours are not there. */
const ABOUT_NEIGHBOURS: ReadonlySet<string> = new Set(['MISSING_TRANSITION_TARGET', 'MISSING_END_STATE']);

/**
 * Finds the state that a request names and holds the definition to its rules. Those of STANDARD: what a test mocks need not be
 * able to run on EXPRESS.
 *
 * @throws Refusal
 */
export function findTested(request: TestStateRequest, compatibility: 'strict' | 'extended'): TestedState {
  const { definition: text, stateName } = request;
  const check = (definition: string | Json): readonly Diagnostic[] => validateDefinition(definition, { type: 'STANDARD', compatibility });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Refusal('InvalidDefinition', awsInvalidDefinitionMessage(check(text)));
  }
  if (stateName !== undefined) {
    refuseFaults(check(text));
    const found = findState(parseMachine(text), stateName);
    if (found === undefined) throw invalid(`State '${stateName}' is not found in the state machine definition.`);
    return found;
  }
  refuseFaults(check({ StartAt: UNNAMED, States: { [UNNAMED]: parsed as Json } }).filter((diagnostic) => !isAboutNeighbours(diagnostic)));
  return { name: UNNAMED, definition: parseState(text) as StateDefinition, language: 'JSONPath' };
}

/** In a body within the state, whatever is missing is missing. */
const isAboutNeighbours = ({ code, pointer }: Diagnostic): boolean => ABOUT_NEIGHBOURS.has(code) && pointer.indexOf('/States/', 1) < 0;

function refuseFaults(diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter(({ severity }) => severity === 'ERROR');
  if (errors.length > 0) throw new Refusal('InvalidDefinition', awsInvalidDefinitionMessage(errors));
}

/** The state of that name, in the machine or in any branch or iteration of it; names are unique in the whole. */
function findState(machine: unknown, name: string): TestedState | undefined {
  const language: QueryLanguage = isObject(machine) && machine['QueryLanguage'] === 'JSONata' ? 'JSONata' : 'JSONPath';
  const bodies: unknown[] = [machine];
  for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
    if (!isObject(body) || !isObject(body['States'])) continue;
    const states = body['States'];
    if (Object.hasOwn(states, name)) return { name, definition: states[name] as StateDefinition, language };
    for (const state of Object.values(states)) {
      if (!isObject(state)) continue;
      if (Array.isArray(state['Branches'])) bodies.push(...(state['Branches'] as unknown[]));
      bodies.push(state['ItemProcessor'] ?? state['Iterator'] ?? null);
    }
  }
  return undefined;
}
