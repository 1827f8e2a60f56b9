import { numberOf } from './numbers/json-number.ts';
import { mayHoldNumbers, parseExact } from './numbers/parse-json.ts';
import { plainJson } from './numbers/plain-json.ts';
import type { Json } from './types.ts';

type Definition = Record<string, Json>;

/** Fields whose literals go into data as they are written. A number anywhere else is computed with: a BackoffRate, a Seconds. */
const CARRIED: ReadonlySet<string> = new Set(['Result', 'Parameters', 'ResultSelector', 'ItemSelector', 'Items', 'Arguments', 'Assign', 'Output']);

/** Parses the text of a machine; literals that go into data keep what AWS prints of them. */
export function parseMachine(text: string): Definition {
  if (!mayHoldNumbers(text)) return JSON.parse(text) as Definition;
  const machine = parseExact(text) as Definition;
  settleMachine(machine);
  return machine;
}

/** The same for a state that stands alone. */
export function parseState(text: string): Definition {
  if (!mayHoldNumbers(text)) return JSON.parse(text) as Definition;
  const state = parseExact(text) as Definition;
  settleState(state);
  return state;
}

const isDefinition = (value: Json | undefined): value is Definition => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Changes what was parsed just now, and is nobody else's yet. */
function settleMachine(machine: Json | undefined): void {
  if (!isDefinition(machine)) return;
  for (const key of Object.keys(machine)) if (key !== 'States') machine[key] = plainJson(machine[key]) as Json;
  if (isDefinition(machine['States'])) for (const state of Object.values(machine['States'])) settleState(state);
}

function settleState(state: Json | undefined): void {
  if (!isDefinition(state)) return;
  for (const key of Object.keys(state)) {
    const value = state[key];
    if (key === 'Branches' && Array.isArray(value)) value.forEach(settleMachine);
    else if (key === 'ItemProcessor' || key === 'Iterator') settleMachine(value);
    else if (key === 'Choices' && Array.isArray(value)) value.forEach(settleRule);
    else if (key === 'Catch' && Array.isArray(value)) value.forEach(settleState);
    else if (!CARRIED.has(key)) state[key] = plainJson(value) as Json;
  }
}

/** A choice rule's number stays only where a double would not do. */
function settleRule(rule: Json): void {
  if (!isDefinition(rule)) return;
  for (const key of Object.keys(rule)) {
    const value = rule[key];
    if ((key === 'And' || key === 'Or') && Array.isArray(value)) value.forEach(settleRule);
    else if (key === 'Not') settleRule(value!);
    else if (!CARRIED.has(key)) {
      const plain = numberOf(value);
      if (typeof plain === 'number' && Math.abs(plain) <= Number.MAX_SAFE_INTEGER) rule[key] = plain;
    }
  }
}
