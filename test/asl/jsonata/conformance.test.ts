import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileJsonata, JsonataError } from '../../../src/asl/jsonata/expression.ts';

/** Reads the recorded cases of ../shared/conformance, which is not part of this repository; without it these tests are skipped. */
const file = new URL('../../../../shared/conformance/data/jsonata.json', import.meta.url);

interface Case {
  id: string;
  expr: string;
  data?: unknown;
  dataset?: string | null;
  bindings?: Record<string, unknown>;
  result?: unknown;
  undefinedResult?: boolean;
  unordered?: boolean;
  code?: string;
  error?: { code: string; message?: string; value?: unknown; token?: string };
  token?: string;
}

const present = existsSync(file);
const { cases, datasets } = present
  ? (JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[]; datasets: Record<string, unknown> })
  : { cases: [], datasets: {} };

const dataOf = (given: Case): unknown => (typeof given.dataset === 'string' ? datasets[given.dataset] : given.data);

/** Orders arrays of any depth, for the cases whose order is not defined. */
const unordered = (value: unknown): unknown =>
  Array.isArray(value) ? value.map((item) => JSON.stringify(item)).sort() : value;

async function outcome(given: Case): Promise<{ value?: unknown; error?: JsonataError }> {
  try {
    // Only a case that is recorded as running out of time may do so, however busy the machine is.
    const endless = (given.error ?? given).code === 'U1001';
    const expression = compileJsonata(given.expr, { evalFunction: true, timeLimitMs: endless ? 1_000 : 25_000 });
    return { value: await expression.evaluate(dataOf(given), given.bindings ?? {}) };
  } catch (error) {
    if (error instanceof JsonataError) return { error };
    throw error;
  }
}

describe.skipIf(!present)('the recorded JSONata cases (../shared/conformance)', () => {
  it.each(cases.map((given) => [given.id, given] as const))('%s', async (_id, given) => {
    const { value, error } = await outcome(given);
    const expected = given.error ?? (given.code === undefined ? undefined : { code: given.code });
    if (expected !== undefined) {
      expect(error?.code, JSON.stringify(value)).toBe(expected.code);
      if ('message' in expected) expect(error?.message).toBe(expected.message);
      if ('token' in expected) expect(error?.token).toBe(expected.token);
      if (given.token !== undefined) expect(error?.token).toBe(given.token);
      return;
    }
    expect(error?.toString()).toBeUndefined();
    if (given.undefinedResult === true) expect(value).toBeUndefined();
    else if (given.unordered === true) expect(unordered(value)).toEqual(unordered(given.result));
    else expect(value).toEqual(given.result);
  });

  it('takes the compiled path for most of them', () => {
    const paths = cases.map((given) => {
      try {
        return compileJsonata(given.expr).path;
      } catch {
        return undefined;
      }
    });
    const parsed = paths.filter((path) => path !== undefined);
    const compiled = parsed.filter((path) => path === 'compiled').length;
    console.log(`jsonata: ${compiled} of ${parsed.length} expressions that parse are compiled (${((100 * compiled) / parsed.length).toFixed(1)} %)`);
    expect(compiled / parsed.length).toBeGreaterThan(0.9);
  });
});
