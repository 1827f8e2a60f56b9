import type { Json } from '../asl/types.ts';
import { invalid, isObject, parseMember } from './refusal.ts';
import { numberOf } from '../asl/numbers/json-number.ts';

type Kind = 'a string' | 'a number' | 'an object';

/** What AWS demands of the context object's members, in the order in which they are looked at. All may be absent. */
const MEMBERS: readonly (readonly [path: string, kind: Kind])[] = [
  ['Execution', 'an object'],
  ['Execution.Id', 'a string'],
  ['Execution.Name', 'a string'],
  ['Execution.RoleArn', 'a string'],
  ['Execution.StartTime', 'a string'],
  ['State', 'an object'],
  ['State.EnteredTime', 'a string'],
  ['State.Name', 'a string'],
  ['State.RetryCount', 'a number'],
  ['StateMachine', 'an object'],
  ['StateMachine.Id', 'a string'],
  ['StateMachine.Name', 'a string'],
  ['Task', 'an object'],
  ['Task.Token', 'a string'],
  ['Map', 'an object'],
  ['Map.Item', 'an object'],
  ['Map.Item.Index', 'a number'],
];

/** The context object of a request. @throws Refusal */
export function parseContext(text: string): Json {
  const context = parseMember(text, () => invalid('Invalid Context object provided: the Context object must be valid JSON'));
  if (!isObject(context)) throw invalid('Invalid Context object provided: the Context object must be a JSON object');
  for (const [path, kind] of MEMBERS) {
    const value = read(context, path);
    if (value === undefined) continue;
    const fits = kind === 'an object' ? isObject(value) : typeof numberOf(value) === kind.slice(2);
    if (!fits) throw invalid(`Invalid Context object provided: ${path} must be ${kind}`);
  }
  return context as Json;
}

function read(context: unknown, path: string): unknown {
  let value = context;
  for (const key of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
