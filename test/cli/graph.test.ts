import { spawnSync } from 'node:child_process';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Json } from '../../src/asl/types.ts';
import { conditionText } from '../../src/cli/graph-condition.ts';
import { graph } from '../../src/cli/graph.ts';

const hasDot = spawnSync('dot', ['-V']).status === 0;
if (!hasDot) console.warn('Graphviz is not installed: DOT output is not given to it.');

/** Lets Graphviz read a graph; answers its complaints and what it read as JSON. */
function dot(text: string): { complaints: string; read: { objects?: { label?: string; cluster?: string; name: string }[]; edges?: { label?: string; style?: string }[] } } {
  const { stdout, stderr } = spawnSync('dot', ['-Tdot_json'], { input: text, encoding: 'utf8', maxBuffer: 1e8 });
  return { complaints: stderr, read: JSON.parse(stdout === '' ? '{}' : stdout) };
}

const triage: Json = {
  StartAt: 'Triage',
  States: {
    Triage: { Type: 'Choice', Choices: [{ Variable: '$.magnitude', NumericGreaterThan: 3, Next: 'Both' }, { Condition: '{% $x = "q" %}', Next: 'Each' }], Default: 'Done' },
    Both: {
      Type: 'Parallel', Catch: [{ ErrorEquals: ['E1', 'States.ALL'], Next: 'Failed' }], Next: 'Each',
      Branches: [
        { StartAt: 'Left', States: { Left: { Type: 'Task', Resource: 'arn:aws:lambda:us-east-1:1:function:notify', Retry: [{ ErrorEquals: ['Busy'], MaxAttempts: 2 }], End: true } } },
        { StartAt: 'Right', States: { Right: { Type: 'Pass', End: true } } },
      ],
    },
    Each: { Type: 'Map', MaxConcurrency: 5, ItemProcessor: { StartAt: 'One', States: { One: { Type: 'Succeed' } } }, Next: 'Gone' },
    Done: { Type: 'Succeed' },
    Failed: { Type: 'Fail', Error: 'Quake' },
  },
};

describe('DOT', () => {
  const text = graph(triage, 'dot');

  it('draws bodies as clusters, and labels', () => {
    expect(text.match(/subgraph cluster_/g)).toHaveLength(3);
    expect(text).toContain('label="Left\\nTask\\nnotify\\nRetry Busy ×2"');
    expect(text).toContain('label="Each\\nMap\\n5 at once"');
    expect(text).toContain('label="Both: Branch 2"');
    expect(text).toContain('[label="$.magnitude > 3"]');
    expect(text).toContain('[label="$x = \\"q\\""]');
    expect(text).toContain('[label="Default", style=bold]');
    expect(text).toContain('[label="Catch E1, States.ALL", style=dashed');
    expect(text).toContain('label="Gone\\n(missing)"');
  });

  it.skipIf(!hasDot)('is read by Graphviz without complaint', () => {
    const { complaints, read } = dot(text);
    expect(complaints).toBe('');
    expect(read.objects!.filter(({ name }) => name.startsWith('cluster_'))).toHaveLength(3);
    expect(read.edges!.filter(({ style }) => style === 'dashed')).toHaveLength(1);
  });

  it.skipIf(!hasDot)('keeps whatever a name holds', () => {
    for (const name of ['a "b" c', 'back\\slash\\n', '<b>x</b>', 'x]; y [', '{a|b}', 'ä → 😀', '#"&', '__proto__']) {
      const { complaints, read } = dot(graph(JSON.parse(`{"StartAt":${JSON.stringify(name)},"States":{${JSON.stringify(name)}:{"Type":"Succeed"}}}`), 'dot'));
      expect(complaints, name).toBe('');
      // What Graphviz read still has the line breaks and the backslashes as they are written.
      expect(read.objects!.map(({ label }) => label), name).toContain(`${name.replaceAll('\\', '\\\\').replaceAll('&', '&amp;')}\\nSucceed`);
    }
  });

  it.skipIf(!hasDot)('is read by Graphviz for any name and condition', () => {
    const states = fc.array(fc.string({ unit: 'binary', minLength: 1 }), { minLength: 1, maxLength: 20 }).map((names) => {
      const all = names.map((name) => `${JSON.stringify(name)}:{"Type":"Choice","Choices":[{"Condition":${JSON.stringify(`{% ${name} %}`)},"Next":${JSON.stringify(names.at(-1))}}]}`);
      return JSON.parse(`{"StartAt":${JSON.stringify(names[0])},"States":{${all.join(',')}}}`) as Json;
    });
    fc.assert(fc.property(states, (definition) => {
      expect(dot(graph(definition, 'dot')).complaints).toBe('');
    }), { numRuns: 20 });
  });
});

describe('Mermaid', () => {
  const text = graph(triage, 'mermaid');

  it('draws bodies as subgraphs, and labels', () => {
    expect(text.startsWith('flowchart TD\n')).toBe(true);
    expect(text.match(/^\s*subgraph /gm)).toHaveLength(3);
    expect(text.match(/^\s*end$/gm)).toHaveLength(3);
    expect(text).toContain('-->|"$.magnitude #62; 3"|');
    expect(text).toContain('-->|"$x = #34;q#34;"|');
    expect(text).toContain('==>|"Default"|');
    expect(text).toContain('-.->|"Catch E1, States.ALL"|');
    expect(text).toContain('["Left<br/>Task<br/>notify<br/>Retry Busy ×2"]');
  });

  it('leaves nothing of a name that could be syntax', () => {
    const name = '"]; end & <script>`x`</script> {a|b} #quot; \\n\n%%';
    const drawn = graph({ StartAt: name, States: { [name]: { Type: 'Pass', End: true } } }, 'mermaid');
    const line = drawn.split('\n').find((each) => each.includes('<br/>Pass'))!;
    const label = /\["(.*)"\]$/.exec(line)![1]!;
    expect(label.replace('<br/>Pass', '').replaceAll(/#\d+;/g, '')).not.toMatch(/["#&;<>`\\[\]{}()|\n]/);
  });
});

describe('what is drawn of broken definitions', () => {
  it.each<Json>([null, 1, 'x', [], {}, { States: [] }, { StartAt: 1, States: { A: 1, B: { Type: 3, Choices: [1, {}], Catch: {}, Branches: [1, null] } } }])('takes %j', (definition) => {
    expect(graph(definition, 'dot')).toMatch(/^digraph machine \{\n/);
    expect(graph(definition, 'mermaid')).toMatch(/^flowchart TD\n/);
  });
});

describe('conditions', () => {
  it.each<[Json, string]>([
    [{ Variable: '$.a', StringEquals: 'x' }, '$.a = "x"'],
    [{ Variable: '$.a', NumericLessThanEqualsPath: '$.b' }, '$.a <= $.b'],
    [{ Variable: '$.a', StringMatches: 'x*' }, '$.a matches "x*"'],
    [{ Variable: '$.a', IsPresent: true }, '$.a is present'],
    [{ Variable: '$.a', IsNumeric: false }, '$.a is not a number'],
    [{ Not: { Variable: '$.a', IsNull: true } }, 'not ($.a is null)'],
    [{ And: [{ Variable: '$.x', NumericGreaterThan: 3 }, { Or: [{ Variable: '$.y', BooleanEquals: true }, { Not: { Variable: '$.z', TimestampLessThan: '2030-01-01T00:00:00Z' } }] }] }, '$.x > 3 and ($.y = true or not ($.z < "2030-01-01T00:00:00Z"))'],
    [{ Condition: '{% $states.input.x > 3 %}' }, '$states.input.x > 3'],
    [{}, '?'],
  ])('says %j in words', (rule, text) => {
    expect(conditionText(rule as Record<string, Json>)).toBe(text);
  });

  it('cuts what is too long or too deep', () => {
    let rule: { [key: string]: Json } = { Variable: '$.x', IsNull: true };
    for (let depth = 0; depth < 400; depth += 1) rule = { Not: rule };
    expect(conditionText(rule)).toContain('…');
    expect(conditionText({ Condition: `{% ${'x'.repeat(500)} %}` })).toHaveLength(120);
  });
});
