import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { millrace, resultLines, ROOT, type Finished, type ResultLine } from '../cli/millrace.ts';

interface Feature {
  readonly id: string;
  readonly properties: { readonly type: string; readonly mag: number; readonly place: string; readonly tsunami: number; readonly sources: string };
  readonly geometry: { readonly coordinates: readonly [number, number, number] };
}

let folder: string;
let finished: Finished;
let results: ResultLine[];
/** The raw records of the package, not the file that the example makes of them. */
const features = (JSON.parse(readFileSync(join(ROOT, 'node_modules/vega-datasets/data/earthquakes.json'), 'utf8')) as { features: Feature[] }).features;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-earthquakes-'));
  const [events, out] = [join(folder, 'events.ndjson'), join(folder, 'out.ndjson')];
  execFileSync(process.execPath, ['examples/earthquakes/make-events.mjs', events], { cwd: ROOT, stdio: 'ignore' });
  finished = await millrace(['run', 'examples/earthquakes/triage.asl.json', '--input', events, '--output', out]);
  results = resultLines(readFileSync(out, 'utf8'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The triage once more, in plain JavaScript. */
function classOf({ properties, geometry }: Feature): string {
  if (properties.type !== 'earthquake') return 'not-an-earthquake';
  if (properties.mag >= 6) return 'strong';
  if (properties.mag >= 4.5) return geometry.coordinates[2] < 70 ? 'moderate-shallow' : 'moderate-deep';
  return properties.mag >= 3 ? 'light' : 'minor';
}

const tally = (classes: readonly string[]): Record<string, number> => Object.fromEntries([...new Set(classes)].toSorted().map((name) => [name, classes.filter((other) => other === name).length]));

describe('examples/earthquakes', () => {
  it('handles all 1,707 events', () => {
    expect(finished.code).toBe(0);
    expect(finished.stderr).toMatch(/^1707 executions: 1707 succeeded, 0 failed, 0 timed out in /);
    expect(results.map(({ index, output }) => [index, output.id as string])).toEqual(features.map(({ id }, i) => [i, id]));
  });

  it('puts as many in each class as a count over the raw records does', () => {
    expect(tally(results.map(({ output }) => output.class as string))).toEqual(tally(features.map(classOf)));
    expect(results.map(({ output }) => output.class as string)).toEqual(features.map(classOf));
  });

  it('alerts the desks of what is strong or shallow, again where the line was busy', () => {
    const alerts = results.flatMap(({ output }) => (output.alerts ?? []) as { desk: string; reached: boolean; attempts: number }[]);
    const expected = features
      .filter((feature) => ['strong', 'moderate-shallow'].includes(classOf(feature)))
      .flatMap(({ id, properties: { place, tsunami, mag } }) => {
        const region = place.split(',').at(-1)!.trim();
        const desks = [region, ...(tsunami === 1 ? ['tsunami'] : []), ...(mag >= 6 ? ['world'] : [])];
        return desks.map((desk) => ({ desk, attempts: [...(id + desk)].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 5 === 0 ? 2 : 1 }));
      });
    expect(alerts.map(({ desk, attempts }) => ({ desk, attempts }))).toEqual(expected);
    expect(alerts.every(({ reached }) => reached)).toBe(true);
    expect(expected.some(({ attempts }) => attempts === 2)).toBe(true);
  });

  it('says whether more than one network saw an earthquake', () => {
    const networks = new Map(features.map(({ id, properties }) => [id, properties.sources.split(',').filter(Boolean).length]));
    const answered = results.filter(({ output }) => output.alerts !== undefined);
    expect(answered.length).toBeGreaterThan(0);
    for (const { output } of answered) expect([output.id, output.corroborated]).toEqual([output.id, networks.get(output.id as string)! > 1]);
  });
});
