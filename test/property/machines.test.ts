import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/asl/types.ts';
import { validateDefinition } from '../../src/asl/validate/validate.ts';
import { createEngine } from '../../src/engine.ts';
import { run } from '../lib/run.ts';
import { machine } from './machines.ts';
import { difference, engineTasks, expected } from './running.ts';
import { input } from './values.ts';

/** So many machines, the same on every computer; whoever asks for a time has it filled with machines that were not run before. */
const MACHINES = 500;
const asked = process.env['MILLRACE_FUZZ_SECONDS'] !== undefined;
const seconds = Number(process.env['MILLRACE_FUZZ_SECONDS'] ?? 0);

const show = (definition: Json, given: Json, what: string): string => `${what}\n  input ${JSON.stringify(given)}\n  machine ${JSON.stringify(definition)}`;

describe('random machines', () => {
  it('are valid', () => {
    fc.assert(fc.property(machine, (definition) => {
      expect(validateDefinition(definition).filter(({ severity }) => severity === 'ERROR'), JSON.stringify(definition)).toEqual([]);
    }), { numRuns: 200 });
  });

  it('end as a plain reading of the language says', async () => {
    const seen = { runs: 0, SUCCEEDED: 0, FAILED: 0, open: 0, tainted: 0 };
    const property = fc.asyncProperty(machine, fc.array(input, { minLength: 1, maxLength: 5 }), fc.constantFrom(262_144, 262_144, 1500, 300), async (definition, inputs, limit) => {
      for (const given of inputs) {
        if (Buffer.byteLength(JSON.stringify(given)) > limit) continue;
        const want = await expected(definition, given, limit);
        const got = await run(definition, given, { tasks: engineTasks, random: () => 0, payloadBytes: limit });
        seen.runs++;
        seen[want.status]++;
        if (want.open) seen.open++;
        if (want.tainted) seen.tainted++;
        const differs = difference(want, got);
        if (differs !== undefined) throw new Error(show(definition, given, `${differs}\n  limit ${limit}`));
      }
    });
    const amount = asked ? { numRuns: 1_000_000, interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false } : { numRuns: MACHINES };
    await fc.assert(property, { ...amount, ...(asked && process.env['MILLRACE_SEED'] === undefined ? { seed: Date.now() % 2 ** 31 } : {}) });
    if (asked) console.log(seen);
    expect(seen.SUCCEEDED).toBeGreaterThan(seen.runs / 8);
    expect(seen.FAILED).toBeGreaterThan(seen.runs / 20);
  }, (seconds + 300) * 1000);

  it('end so on the real pool, too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-property-'));
    const bodies = { echo: 'event', echoLater: 'Promise.resolve(event)', wrap: "({ n: 1, s: 'a', list: [event], result: event })", list: '[1, 2, { x: 3 }]', nothing: 'null' };
    for (const [name, body] of Object.entries(bodies)) writeFileSync(join(folder, `${name}.mjs`), `export const handler = (event) => ${body};\n`);
    const engine = await createEngine({ machines: {}, functions: folder, workers: 1, dataDir: null });
    try {
      // What functions raise has a stack trace for a cause, and a retry waits a second: such machines are for the test above.
      const tame = machine.filter((definition) => !/"(?:fail|flaky|picky|pickyLater)"|"Retry"/.test(JSON.stringify(definition)));
      await fc.assert(fc.asyncProperty(tame, fc.array(input, { minLength: 1, maxLength: 3 }), async (definition, inputs) => {
        await engine.install('machine', { definition: JSON.stringify(definition) });
        for (const given of inputs) {
          const want = await expected(definition, given, 262_144);
          const { status, output, error, cause } = await engine.startSync('machine', Buffer.from(JSON.stringify(given)), 'execution-7');
          const differs = difference(want, { status, error, cause, ...(output === undefined ? {} : { output: JSON.parse(output) as unknown }) });
          if (differs !== undefined) throw new Error(show(definition, given, differs));
        }
      }), { numRuns: 60 });
    } finally {
      await engine.close(1000);
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);
});
