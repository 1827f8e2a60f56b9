import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { millrace, resultLines, ROOT } from '../cli/millrace.ts';

const FOLDER = 'examples/two-functions';

describe('examples/two-functions', () => {
  it('runs the function that the unit asks for and reports which one it was', async () => {
    const readings = readFileSync(join(ROOT, FOLDER, 'readings.ndjson'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { sensor: string; value: number; unit: string });
    const { code, stdout, stderr } = await millrace(['run', `${FOLDER}/convert.asl.json`, '--input', `${FOLDER}/readings.ndjson`]);
    const results = resultLines(stdout);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^8 executions: 7 succeeded, 1 failed, 0 timed out in /);
    expect(results.length).toBe(readings.length);
    for (const [i, { sensor, value, unit }] of readings.entries()) {
      if (unit === 'K') {
        expect(results[i]).toEqual({ index: i, name: `convert-${i}`, status: 'FAILED', error: 'Readings.UnknownUnit', cause: `${sensor} reports in K, which nothing converts.` });
        continue;
      }
      const ran = unit === 'C' ? 'from-celsius' : 'from-fahrenheit';
      const kelvin = unit === 'C' ? value + 273.15 : (value - 32) / 1.8 + 273.15;
      expect(results[i]?.output).toMatchObject({ sensor, ran });
      expect(results[i]?.output.kelvin as number).toBeCloseTo(kelvin, 2);
      expect(results[i]?.output.report as string).toMatch(new RegExp(`^${sensor}: .* K; ${ran} ran$`));
    }
  });

  it('prints what its README shows', async () => {
    const readme = readFileSync(join(ROOT, FOLDER, 'README.md'), 'utf8');
    const { stdout } = await millrace(['run', `${FOLDER}/convert.asl.json`, '--input', `${FOLDER}/readings.ndjson`]);
    expect(readme).toContain(stdout);
  });
});
