import { describe, expect, it } from 'vitest';
import { runSuites } from '../../bench/lib/run.mjs';
import { Unavailable } from '../services/unavailable.mjs';
import { rowOf } from './rows.ts';

async function runWith(run: (options: { progress(text: string): void; skip(why: string): void }) => unknown, isTTY = false) {
  const [out, err, written]: [string[], string[], string[]] = [[], [], []];
  const suites = { first: { load: async () => ({ run }) }, second: { load: async () => ({ run: () => [rowOf([1, 2, 3])] }) } };
  const streams = { print: (line: string) => out.push(line), warn: (line: string) => err.push(line), stream: { isTTY, columns: 40, write: (text: string) => written.push(text) } };
  return { ...(await runSuites(suites, { rounds: 3, smoke: false }, streams)), out: out.join('\n'), err: err.join('\n'), written: written.join('') };
}

describe('runSuites', () => {
  it('prints rows as they come, with ratio, spread and baseline', async () => {
    const { rows, failed, out } = await runWith(async function* () {
      yield rowOf([1, 2, 3], { details: { 'a detail, ms': 12 } });
    });
    expect(failed).toEqual([]);
    expect(rows).toHaveLength(2);
    expect(out).toMatch(/engine\s+a case\s+2\.00 executions\/s ratio 2\.00 \(1\.00 to 3\.00\) to the platform, 1\.00/);
    expect(out).toContain('a detail, ms: 12.0');
  });

  it('says which services could not be had, and goes on', async () => {
    const { rows, skipped, failed, err } = await runWith(() => {
      throw new Unavailable('kafka', 'There is no Java.', 'Install one.');
    });
    expect(err).toContain('first: not run. There is no Java. Install one.');
    expect(skipped).toEqual([{ suite: 'first', why: 'There is no Java. Install one.' }]);
    expect(failed).toEqual([]);
    expect(rows).toHaveLength(1);
  });

  it('tells what failed, and runs the others', async () => {
    const { rows, failed, err } = await runWith(() => {
      throw new Error('outputs differ');
    });
    expect(failed).toEqual(['first']);
    expect(err).toContain('first: failed. Error: outputs differ');
    expect(rows).toHaveLength(1);
  });

  it('shows what is under way on a terminal, and writes nothing anywhere else', async () => {
    const busy = ({ progress }: { progress(text: string): void }) => {
      progress('round 2 of 5: ours, and a text that is longer than the line');
      return [];
    };
    const shown = (await runWith(busy, true)).written;
    expect(shown).toContain('first: round 2 of 5: ours');
    expect(shown).not.toContain('longer than the line');
    expect(shown.endsWith('\r\u001B[2K')).toBe(true);
    expect((await runWith(busy, false)).written).toBe('');
  });
});
