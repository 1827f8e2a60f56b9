import { item, member, type Place, type Report } from './report.ts';
import { isObject, own, type JsonObject } from './state-check.ts';
import { didYouMean } from './suggest.ts';

/** A guess is held against every name of the body: with thousands of both it would take minutes. */
const MOST_GUESSED = 50;

interface Edge {
  readonly target: string;
  readonly place: Place;
}

/**
 * Checks how the states of one body lead to each other: every target exists, every state can be reached, and something ends
 * the body. Where nothing ends it, AWS says no more about reachability. Works with a list, not with recursion.
 */
export function checkTransitions(body: JsonObject, place: Place, isMachine: boolean, report: Report): void {
  const states = own(body, 'States');
  const startAt = own(body, 'StartAt');
  if (!isObject(states) || typeof startAt !== 'string') return;
  const names = Object.keys(states);
  if (names.length === 0) {
    report.schema('Value cannot be empty', member(place, 'States'));
    return;
  }
  const edges = new Map<string, Edge[]>();
  let ends = false;
  for (const [name, state] of Object.entries(states)) {
    if (!isObject(state)) {
      ends = true;
      continue;
    }
    const out = edgesOf(state, member(member(place, 'States'), name));
    edges.set(name, out);
    const type = own(state, 'Type');
    // A state with no way on is reported as such; that it might have ended the body need not be said as well.
    ends ||= type === 'Succeed' || type === 'Fail' || own(state, 'End') === true || out.length === 0;
  }
  const exists = (target: string): boolean => Object.hasOwn(states, target);
  let missed = 0;
  const miss = (edge: Edge): void => {
    missed += 1;
    const meant = missed <= MOST_GUESSED ? didYouMean(edge.target, names) : undefined;
    report.add('MISSING_TRANSITION_TARGET', `Missing 'Next' target: ${edge.target}`, edge.place, { hint: meant ?? `States here: ${few(names)}.` });
  };
  if (!exists(startAt)) miss({ target: startAt, place: member(place, 'StartAt') });
  for (const out of edges.values()) for (const edge of out) if (!exists(edge.target)) miss(edge);

  if (!ends) {
    if (isMachine) {
      report.add('MISSING_END_STATE', 'Workflow has no terminal state', member(place, 'States'), { seenAt: null, atKey: true, hint: 'Some state needs "End": true, or be of type Succeed or Fail.' });
      return;
    }
    report.add('MISSING_END_STATE', 'Workflow has no terminal state', member(place, 'States'), { severity: 'WARNING', atKey: true, hint: 'This body never ends by itself.' });
  }
  const reached = new Set<string>();
  const waiting = exists(startAt) ? [startAt] : [];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    for (const edge of edges.get(name) ?? []) if (exists(edge.target) && !reached.has(edge.target)) waiting.push(edge.target);
  }
  for (const name of names) {
    if (!reached.has(name)) {
      report.add('MISSING_TRANSITION_TARGET', `State "${name}" is not reachable.`, member(member(place, 'States'), name), { atKey: true, hint: 'No way leads here from StartAt; name it in some Next, Default or Catch, or remove it.' });
    }
  }
}

function edgesOf(state: JsonObject, place: Place): Edge[] {
  const edges: Edge[] = [];
  const add = (owner: JsonObject, field: string, at: Place): void => {
    const target = own(owner, field);
    if (typeof target === 'string') edges.push({ target, place: member(at, field) });
  };
  add(state, 'Next', place);
  for (const field of ['Choices', 'Catch']) {
    const entries = own(state, field);
    if (Array.isArray(entries)) entries.forEach((entry, index) => isObject(entry) && add(entry, 'Next', item(member(place, field), index)));
  }
  add(state, 'Default', place);
  return edges;
}

const few = (names: readonly string[]): string => names.slice(0, 8).join(', ') + (names.length > 8 ? `, and ${String(names.length - 8)} more` : '');
