import { describe, expect, it } from 'vitest';
import { linesFeed, templateFeed } from '../../src/load/feed.ts';
import { PLACEHOLDERS } from '../../src/load/placeholders.ts';
import { createRandom } from '../../src/load/random.ts';
import { compileTemplate, TemplateMistake } from '../../src/load/template.ts';

const make = (source: string, { seed = 1, seq = 0, key = 'k', bytes }: { seed?: number; seq?: number; key?: string; bytes?: number } = {}): string =>
  compileTemplate(source, { hasKey: true, ...(bytes === undefined ? {} : { bytes }) })({ seq, key, nowMs: Date.UTC(2026, 0, 31, 12), random: createRandom(seed) });

describe('placeholders', () => {
  it('stand for the number, the key and the time of an event', () => {
    expect(make('{"n":{{seq}},"m":{{seq 100}},"k":"{{key}}","at":{{now}},"iso":"{{iso}}"}', { seq: 7 })).toBe('{"n":7,"m":107,"k":"k","at":1769860800000,"iso":"2026-01-31T12:00:00.000Z"}');
  });

  it('draw numbers within their limits, and reach both of them', () => {
    const random = createRandom(3);
    const template = compileTemplate('[{{int -2 2}},{{float 5 6 3}},{{bool}},"{{pick red "light blue"}}",{{int 0 9007199254740991}}]', { hasKey: false });
    const rows = Array.from({ length: 2000 }, (_, seq) => JSON.parse(template({ seq, key: '', nowMs: 0, random })) as [number, number, boolean, string, number]);
    expect(new Set(rows.map(([int]) => int))).toEqual(new Set([-2, -1, 0, 1, 2]));
    expect(rows.every(([, float]) => float >= 5 && float <= 6)).toBe(true);
    expect(new Set(rows.map(([, , bool]) => bool))).toEqual(new Set([true, false]));
    expect(new Set(rows.map(([, , , pick]) => pick))).toEqual(new Set(['red', 'light blue']));
    expect(new Set(rows.map(([, , , , large]) => large)).size).toBe(2000);
  });

  it('make UUIDs of version 4, and digits as many as asked for', () => {
    const random = createRandom(5);
    const template = compileTemplate('{{uuid}} {{hex 11}}', { hasKey: false });
    const made = Array.from({ length: 500 }, () => template({ seq: 0, key: '', nowMs: 0, random }));
    for (const text of made) expect(text).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12} [\da-f]{11}$/);
    expect(new Set(made).size).toBe(500);
  });

  it('have an example for each that compiles', () => {
    for (const [name, { usage }] of Object.entries(PLACEHOLDERS)) {
      expect(usage).toContain(`{{${name}`);
      expect(make(usage, name === 'pad' ? { bytes: 500 } : {})).not.toContain('{{');
    }
  });

  it('leave text alone that is in quotes', () => {
    expect(make('{"template":"{{"{{"}}x}}"}')).toBe('{"template":"{{x}}"}');
  });
});

describe('a template', () => {
  it('is filled up to the length in bytes, not in characters', () => {
    const text = make('{"name":"Zoë {{seq}}","pad":"{{pad}}"}', { bytes: 200, seq: 12 });
    expect(Buffer.byteLength(text)).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ name: 'Zoë 12' });
    expect(make('{"pad":"{{pad}}"}', { bytes: 5 })).toBe('{"pad":""}');
  });

  it('is one line, whatever the file looks like', () => {
    expect(make('\n{\n  "a": {{seq}},\r\n  "b": 2\n}\n')).toBe('{ "a": 0, "b": 2 }');
  });

  it.each([
    ['{"a":{{itn 1 2}}}', /\{\{itn 1 2\}\} at character 6 of the template is not known\. Is \{\{int\}\} meant\? There are seq, now/],
    ['{"a":{{constructor}}}', /is not known/],
    ['{"a":{{int 1}}}', /takes 2 numbers, and has 1\. Write \{\{int 1 6\}\}/],
    ['{"a":{{int 6 1}}}', /goes from 6 to 1, which is downwards/],
    ['{"a":{{int one 6}}}', /takes numbers, and 'one' is none/],
    ['{"a":{{float 0 1 99}}}', /takes 0 to 15 digits/],
    ['{"a":"{{pick}}"}', /takes the words to pick from/],
    ['{"a":{{seq}', /at character 6 of the template has no end/],
    ['{"a":{{ }}}', /is empty/],
    ['{"a":"{{pad}}"}', /needs a length/],
    ['{"a":"{{key}}"}', /needs --key/],
  ])('with a mistake says where it is and what there is: %s', (source, message) => {
    expect(() => compileTemplate(source, { hasKey: false })).toThrow(TemplateMistake);
    expect(() => compileTemplate(source, { hasKey: false })).toThrow(message);
  });

  it('says where the filling is missing, or is there twice', () => {
    expect(() => make('{"a":1}', { bytes: 100 })).toThrow(/put \{\{pad\}\} into the template/);
    expect(() => make('["{{pad}}","{{pad}}"]', { bytes: 100 })).toThrow(/is the second \{\{pad\}\}/);
  });
});

describe('a feed', () => {
  const run = (seed: number): { events: string[]; keys: string[] } => {
    const options = { hasKey: true };
    const feed = templateFeed(compileTemplate('{"id":"{{uuid}}","k":"{{key}}","v":{{float 0 1 9}}}', options), compileTemplate('device-{{int 1 5}}', { hasKey: false }), createRandom(seed));
    const [events, keys]: [string[], string[]] = [[], []];
    for (let i = 0; i < 300; i++) feed.next(events, keys);
    return { events, keys };
  };

  it('repeats with its seed, and only with that', () => {
    expect(run(42)).toEqual(run(42));
    expect(run(43).events).not.toEqual(run(42).events);
  });

  it('gives every event the key that stands in it', () => {
    const { events, keys } = run(1);
    expect(events.map((event) => (JSON.parse(event) as { k: string }).k)).toEqual(keys);
    expect(new Set(keys).size).toBe(5);
  });

  it('sends the lines of a file over and over, or once', () => {
    const drain = (once: boolean): string[] => {
      const feed = linesFeed(['1', '2', '3'], undefined, createRandom(1), once);
      const events: string[] = [];
      while (events.length < 8 && feed.next(events, []));
      return events;
    };
    expect(drain(true)).toEqual(['1', '2', '3']);
    expect(drain(false)).toEqual(['1', '2', '3', '1', '2', '3', '1', '2']);
  });
});
