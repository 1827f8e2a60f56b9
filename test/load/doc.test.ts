import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseShapes } from '../../src/cli/load-shape.ts';
import { parseThreshold } from '../../src/cli/load-thresholds.ts';
import { PLACEHOLDERS } from '../../src/load/placeholders.ts';
import { createRandom } from '../../src/load/random.ts';
import { compileTemplate } from '../../src/load/template.ts';
import { millrace } from '../cli/millrace.ts';

const page = readFileSync(new URL('../../docs/load.md', import.meta.url), 'utf8');

describe('docs/load.md', () => {
  it('names every placeholder, and no other', () => {
    const named = new Set([...page.matchAll(/`\{\{(\w+)/g)].map((match) => match[1]!));
    expect([...named].toSorted()).toEqual(Object.keys(PLACEHOLDERS).toSorted());
  });

  it('has events that are JSON, shapes and limits that are understood', () => {
    const events = [...page.matchAll(/--event '([^']+)'/g)].map((match) => match[1]!);
    expect(events.length).toBeGreaterThan(1);
    for (const event of events) expect(() => JSON.parse(compileTemplate(event, { hasKey: true })({ seq: 0, nowMs: 0, key: 'k', random: createRandom(1) })) as unknown).not.toThrow();
    const shapes = [...page.matchAll(/--shape ([a-z]+:[^\s`]+)/g)].map((match) => match[1]!);
    expect(shapes.length).toBeGreaterThan(5);
    for (const shape of shapes) expect(parseShapes([shape], 3600).dueBy(60)).toBeGreaterThan(0);
    const limits = [...page.matchAll(/--fail-if '([^']+)'/g)].map((match) => match[1]!);
    expect(limits.length).toBeGreaterThan(3);
    for (const limit of limits) expect(parseThreshold(limit).text).toBe(limit);
  });

  it('names options that there are', async () => {
    const help = (await Promise.all(['http', 'kafka', 'redis', 'bullmq'].map(async (target) => (await millrace(['load', target, '--help'])).stdout))).join('');
    for (const option of new Set([...page.matchAll(/--[a-z][a-z-]+/g)].map(([option]) => option))) expect([option, help.includes(`${option} `)]).toEqual([option, true]);
  });
});
