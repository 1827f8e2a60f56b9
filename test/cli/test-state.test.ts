import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { millrace } from './millrace.ts';

let folder: string;
const file = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-test-state-'));
  const machine = {
    StartAt: 'Price',
    States: {
      Price: { Type: 'Task', Resource: 'price', ResultPath: '$.price', Retry: [{ ErrorEquals: ['Busy'], MaxAttempts: 2 }], Catch: [{ ErrorEquals: ['Gone'], Next: 'Given up' }], Next: 'Done' },
      Done: { Type: 'Succeed' },
      'Given up': { Type: 'Fail', Error: 'Gone' },
    },
  };
  writeFileSync(file('shop.asl.json'), JSON.stringify(machine));
  writeFileSync(file('pass.json'), '{"Type":"Pass","QueryLanguage":"JSONata","Output":"{% $greeting & $states.input.name %}","End":true}');
  writeFileSync(file('input.json'), '{"item": 3}');
  writeFileSync(file('broken.asl.json'), '{"StartAt":"A","States":{"A":{"Type":"Nap","End":true}}}');
  writeFileSync(file('price.mjs'), 'export const handler = ({ item }) => item * 10;');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const price = (...more: string[]) => millrace(['test-state', file('shop.asl.json'), '--state', 'Price', '--functions', folder, ...more]);

describe('millrace test-state', () => {
  it('runs one state of a machine with its function', async () => {
    const { code, stdout, stderr } = await price('--input', file('input.json'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({ status: 'SUCCEEDED', nextState: 'Done', output: { item: 3, price: 30 } });
  });

  it('takes input from standard input, and shows more at a higher level', async () => {
    const { stdout } = await millrace(['test-state', file('shop.asl.json'), '-s', 'Price', '-f', folder, '-i', '-', '--level', 'debug'], { stdin: '{"item":1}' });
    expect(JSON.parse(stdout)).toMatchObject({ output: { price: 10 }, inspectionData: { input: { item: 1 }, result: 10 } });
  });

  it('mocks results and errors', async () => {
    expect(JSON.parse((await price('--mock-result', '7')).stdout)).toMatchObject({ output: { price: 7 } });
    const caught = await price('--mock-error', 'Gone:sold: out');
    expect(caught.code).toBe(0);
    expect(JSON.parse(caught.stdout)).toMatchObject({ status: 'CAUGHT_ERROR', error: 'Gone', cause: 'sold: out', nextState: 'Given up' });
    const retried = await price('--mock-error', 'Busy');
    expect(retried.code).toBe(1);
    expect(JSON.parse(retried.stdout)).toEqual({ status: 'RETRIABLE', error: 'Busy' });
    expect(JSON.parse((await price('--mock-error', 'Busy', '--retry-count', '2')).stdout)).toEqual({ status: 'FAILED', error: 'Busy' });
  });

  it('runs a state that is alone in its file', async () => {
    const { stdout } = await millrace(['test-state', file('pass.json'), '--input', '{"name":"you"}', '--variables', '{"greeting":"Hello, "}']);
    expect(JSON.parse(stdout)).toEqual({ status: 'SUCCEEDED', output: 'Hello, you' });
  });

  it.each([
    [['shop.asl.json'], 2, /--state/],
    [['shop.asl.json', '--state', 'Nope'], 2, /Nope/],
    [['missing.json'], 2, /missing\.json/],
    [['pass.json', '--input', 'missing-input.json'], 2, /missing-input\.json/],
    [['pass.json', '--input', '{'], 2, /Input/],
    [['pass.json', '--mock-result', '1'], 2, /mock/],
    [['broken.asl.json', '--state', 'A'], 3, /broken\.asl\.json:1:\d+ error SCHEMA_VALIDATION_FAILED/],
  ])('says what is wrong: %j', async ([name, ...more], exitCode, message) => {
    const { code, stdout, stderr } = await millrace(['test-state', file(name!), ...more]);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
