import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileTemplate } from '../../../src/asl/template.ts';
import type { Json } from '../../../src/asl/types.ts';
import { frameOf } from '../jsonpath/frame.ts';

// Answers that AWS really gave, shared beside the repository and no part of it: ../shared/conformance/README.md says what they are.
const recordings = new URL('../../../../shared/conformance/data/cases.json', import.meta.url);
const present = existsSync(recordings);

interface Recording {
  id: string;
  area: string;
  definition: { States?: Record<string, { Type: string; Parameters?: Json }> };
  inputText: string;
  expect: { status: string; output?: Json };
  patterns?: Record<string, string>;
}

function load(): Recording[] {
  if (!present) return [];
  const all = JSON.parse(readFileSync(recordings, 'utf8')) as Recording[];
  return all.filter((each) => {
    const states = Object.values(each.definition.States ?? {});
    return each.area === 'intrinsic_functions' && states.length === 1 && states[0]?.Type === 'Pass' && states[0].Parameters !== undefined && each.expect.status === 'SUCCEEDED';
  });
}

describe.skipIf(!present)(`recorded intrinsic functions${present ? '' : ' (skipped: ../shared/conformance is not there)'}`, () => {
  it('are there', () => {
    expect(load().length).toBeGreaterThan(50);
  });

  it.each(load().map((each) => [each.id.replace(/^.*::/, ''), each] as const))('%s', (_id, { definition, inputText, expect: expected, patterns }) => {
    const input = JSON.parse(inputText) as Json;
    const [state] = Object.values(definition.States ?? {});
    const frame = frameOf({ context: { Execution: { Input: input }, StateMachine: { Name: 'a-machine' } } });
    const output = compileTemplate(state?.Parameters ?? null, 'Parameters').get(input, frame);
    if (Object.keys(patterns ?? {}).length > 0) expect(output).toBeTypeOf('object');
    else expect(output).toEqual(expected.output);
  });
});
