import { describe, expect, it } from 'vitest';

import type { Json } from '../../../src/asl/types.ts';
import { faults, warnings } from './faults.ts';

const states = (definitions: { [key: string]: Json }, StartAt = 'A'): Json => ({ StartAt, States: definitions });
const pass = (Next: string): Json => ({ Type: 'Pass', Next });
const end: Json = { Type: 'Pass', End: true };

describe('transitions', () => {
  it.each<[string, Json, string[]]>([
    ['a missing start', states({ A: end }, 'X'), ["MISSING_TRANSITION_TARGET: Missing 'Next' target: X @ /StartAt", 'MISSING_TRANSITION_TARGET: State "A" is not reachable. @ /States/A']],
    ['a missing target and what it leaves unreachable', states({ A: pass('C'), B: end }), ["MISSING_TRANSITION_TARGET: Missing 'Next' target: C @ /States/A/Next", 'MISSING_TRANSITION_TARGET: State "B" is not reachable. @ /States/B']],
    ['a missing target and no end', states({ A: pass('NOPE') }), ["MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE @ /States/A/Next", 'MISSING_END_STATE: Workflow has no terminal state @ -']],
    ['a loop without end, and no word about the rest', states({ A: pass('B'), B: pass('A'), C: pass('A') }), ['MISSING_END_STATE: Workflow has no terminal state @ -']],
    ['a loop beside an end that nothing leads to', states({ A: pass('B'), B: pass('A'), C: end }), ['MISSING_TRANSITION_TARGET: State "C" is not reachable. @ /States/C']],
    ['an island', states({ A: end, B: pass('C'), C: pass('B') }), ['MISSING_TRANSITION_TARGET: State "B" is not reachable. @ /States/B', 'MISSING_TRANSITION_TARGET: State "C" is not reachable. @ /States/C']],
    ['missing targets of rules, Default and Catch', states({
      A: { Type: 'Choice', Choices: [{ Variable: '$.x', IsNull: true, Next: 'X' }], Default: 'Y' },
      T: { Type: 'Task', Resource: 'f', Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z' }], End: true },
    }, 'T'), [
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: X @ /States/A/Choices[0]/Next",
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: Y @ /States/A/Default",
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: Z @ /States/T/Catch[0]/Next",
      'MISSING_TRANSITION_TARGET: State "A" is not reachable. @ /States/A',
    ]],
    ['a way out of a branch', states({ A: { Type: 'Parallel', Branches: [{ StartAt: 'I', States: { I: pass('B') } }], Next: 'B' }, B: end }), ["MISSING_TRANSITION_TARGET: Missing 'Next' target: B @ /States/A/Branches[0]/States/I/Next"]],
    ['one name in two scopes', states({ A: { Type: 'Map', ItemProcessor: { StartAt: 'A', States: { A: end } }, End: true } }), ['DUPLICATE_STATE_NAME: Duplicate State name: A @ /States/A/ItemProcessor/States/A']],
    ['too long a name', states({ ['x'.repeat(81)]: end }, 'x'.repeat(81)), [expect.stringContaining('INVALID_STATE_NAME') as unknown as string]],
  ])('finds %s', (_, definition, expected) => {
    expect(faults(definition)).toEqual(expected);
  });

  it('refuses one name twice in the same object', () => {
    expect(faults('{"StartAt":"A","States":{"A":{"Type":"Pass","End":true},"A":{"Type":"Succeed"}}}')).toEqual(['DUPLICATE_STATE_NAME: Duplicate State name: A @ /States/A']);
    expect(warnings('{"StartAt":"A","States":{"A":{"Type":"Pass","End":true,"Result":{"x":1,"x":2}}}}')).toEqual(['DUPLICATE_KEY /States/A/Result/x']);
  });

  it('accepts loops with a way out, and states that lead to themselves', () => {
    const choice: Json = { Type: 'Choice', Choices: [{ Variable: '$.x', IsNull: true, Next: 'A' }], Default: 'C' };
    expect(faults(states({ A: pass('B'), B: choice, C: { Type: 'Fail' } }))).toEqual([]);
  });

  it('accepts 100 levels and refuses more', () => {
    const nested = (levels: number): Json => {
      let body: Json = states({ L: end }, 'L');
      for (let level = 0; level < levels; level += 1) body = states({ [`P${String(level)}`]: { Type: 'Parallel', Branches: [body], End: true } }, `P${String(level)}`);
      return body;
    };
    expect(faults(nested(100))).toEqual([]);
    expect(faults(nested(500))).toEqual([expect.stringMatching(/^TOO_DEEPLY_NESTED: Parallel and Map states are nested more than 100 levels deep\./)]);
    expect(faults(`{"StartAt":${'['.repeat(400_000)}${']'.repeat(400_000)}}`)).toEqual([expect.stringMatching(/^TOO_DEEPLY_NESTED/)]);
  });

  it('accepts 10,000 states and lists a bounded number of faults', () => {
    const many: { [key: string]: Json } = {};
    for (let index = 0; index < 10_000; index += 1) many[`S${String(index)}`] = pass(`S${String(index + 1)}`);
    many['S10000'] = end;
    expect(faults(states(many, 'S0'))).toEqual([]);
    expect(faults(JSON.stringify(states(Object.fromEntries(Object.keys(many).map((name) => [name, { Type: 'Pass', Foo: 1 }])), 'S0')))).toHaveLength(100);
  });

  it('refuses more than 1,048,576 bytes', () => {
    expect(faults(JSON.stringify({ Comment: 'x'.repeat(1_048_576) }))).toEqual([expect.stringMatching(/^DEFINITION_TOO_LONG/)]);
    expect(faults(JSON.stringify({ Comment: 'é'.repeat(600_000) }))).toEqual([expect.stringMatching(/^DEFINITION_TOO_LONG/)]);
  });
});
