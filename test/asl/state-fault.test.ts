import { expect, it } from 'vitest';
import { printedJson, stateFault } from '../../src/asl/state-fault.ts';
import { frameOf, nestedArrays } from './jsonpath/frame.ts';

it('names the state that was running', () => {
  expect(stateFault(frameOf({ name: 'Pay' }), 'States.Runtime', 'It broke.')).toMatchObject({
    error: 'States.Runtime',
    cause: "An error occurred while executing the state 'Pay' (entered at the event id #0). It broke.",
    terminal: true,
  });
});

it('names the state around a body that has not begun', () => {
  const item = frameOf({ state: -1, name: 'Inner', parent: frameOf({ name: 'EachItem' }) });
  expect(stateFault(item, 'States.Runtime', 'It broke.').cause).toContain("the state 'EachItem'");
});

it('prints data for a cause, however deep', () => {
  expect(printedJson({ a: [1, 'x'] })).toBe('{"a":[1,"x"]}');
  expect(printedJson(nestedArrays(100_000))).toBe('…');
});
