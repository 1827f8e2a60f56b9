import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseJson } from '../src/asl/numbers/parse-json.ts';
import { checkPattern, DEEPEST, MOST_COMBINATIONS } from '../src/filter/check.ts';
import { OPERATORS } from '../src/filter/operators/table.ts';
import { compilePattern } from '../src/filter/pattern.ts';

const doc = readFileSync(new URL('../docs/filters.md', import.meta.url), 'utf8');

/** The cells of the table under a heading, without its head. A bar in a cell is written \|. */
function rows(title: string): string[][] {
  const section = doc.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
  const lines = [...section.matchAll(/^\|(.*)\|$/gm)].map((match) => match[1]!.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll(String.raw`\|`, '|')));
  return lines.slice(2);
}

const codes = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);

describe('docs/filters.md', () => {
  const operators = rows('Operators');

  it('names every operator, and no other', () => {
    const names = new Set(operators.map(([name]) => codes(name!)[0]));
    expect(names).toEqual(new Set([undefined, '$or', ...Object.keys(OPERATORS)]));
  });

  const examples = [...operators.map((cells) => cells.slice(2)), ...rows('What a field holds').map((cells) => cells.slice(1))].map((cells) => cells.map(codes));

  it.each(examples)('%s matches %s and not %s', (patterns, matching, others) => {
    expect(patterns.length * matching.length * others.length).toBeGreaterThan(0);
    for (const pattern of patterns) {
      const matches = compilePattern(parseJson(pattern));
      expect(matching.filter((event) => !matches(parseJson(event)))).toEqual([]);
      expect(others.filter((event) => matches(parseJson(event)))).toEqual([]);
    }
  });

  it.each(rows('What is refused'))('%s: %s', (pattern, reason) => {
    expect(checkPattern(parseJson(codes(pattern!)[0]!)).map((fault) => fault.message)).toEqual([reason!.replaceAll(String.raw`\``, '`')]);
  });

  it('begins with an example in YAML that matches what it says', () => {
    const { filter } = parse(/```yaml\n([^]*?)```/.exec(doc)![1]!) as { filter: unknown };
    const matches = compilePattern(filter);
    expect(matches({ type: 'reading', sensor: { site: 'eu-1', id: 7 }, celsius: 31 })).toBe(true);
    expect(matches({ type: 'reading', sensor: { site: 'eu-1', id: 7 }, celsius: 'overheated' })).toBe(true);
    expect(matches({ type: 'reading', sensor: { site: 'eu-1' }, celsius: 31 })).toBe(false);
  });

  it('gives the limits as they are', () => {
    expect(rows('Limits').map(([, value]) => Number(value))).toEqual([MOST_COMBINATIONS, DEEPEST]);
  });
});
