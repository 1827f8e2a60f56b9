import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const here = existsSync(new URL('../../../shared/conformance/run.mjs', import.meta.url));
const runner = fileURLToPath(new URL('run.mjs', import.meta.url));

function play(...args: string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [runner, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part: string) => (text += part));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, text })));
}

/**
 * The scores are those reached. What is missing cannot be reached by functions in JavaScript (recorded stack traces and
 * payload lengths are Python's), or asks for an answer to a name that the runner changes.
 */
describe.skipIf(!here)(`recorded answers of AWS${here ? '' : ' (skipped: ../shared/conformance is not there)'}`, () => {
  it.each([
    ['execution', '0.955'],
    ['validate', '0.94'],
    ['teststate', '1'],
  ])('%s reaches %s', async (suite, score) => {
    const { code, text } = await play('--suite', suite, '--min', score);
    expect(code, text).toBe(0);
  }, 120_000);
});
