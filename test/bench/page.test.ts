import { describe, expect, it } from 'vitest';
import { pageOf } from '../../bench/report/page.mjs';
import { figuresOf } from '../../bench/lib/measure.mjs';
import { createLatency } from '../../bench/lib/latency.mjs';
import { resultsOf, rowOf } from './rows.ts';

const latency = createLatency();
for (let ms = 1; ms < 100; ms++) latency.record(ms);

const page = pageOf(
  resultsOf(
    [
      rowOf([0.7, 0.72, 0.71], { case: 'add a field, in memory', ours: figuresOf([0.7, 0.72, 0.71], { latencyMs: latency.summary()!, cpuMsPer1000: 3 }), baseline: figuresOf([1, 1, 1], { cpuMsPer1000: 2 }) }),
      rowOf([2], { suite: 'peers', case: '</script><img src=x>', guarantees: { ours: 'at least once', baseline: 'nothing' }, details: { 'so <b>many': 3 } }),
    ],
    { skipped: [{ suite: 'kafka', why: 'There is no Java.' }] },
  ),
);

describe('the page', () => {
  it('has everything in it and asks for nothing', () => {
    const outside = page.replace(/<script>[\s\S]*?<\/script>/g, '');
    expect(outside).not.toMatch(/<script[^>]+src=|<link[^>]+href="(?!data:)|@import|url\(/);
    expect(page).toContain('Chart.js v');
    expect(page).not.toContain('sourceMappingURL');
  });

  it('takes no text for markup', () => {
    expect(page).not.toContain('<img src=x>');
    expect(page).toContain('&lt;img src=x&gt;');
    expect(page).toContain('so &lt;b&gt;many');
    const scripts = [...page.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)];
    expect(scripts).toHaveLength(3);
    const charts = JSON.parse(scripts[0]![1]!) as { id: string; panels: { points?: { label: string[] }[] }[] }[];
    expect(charts.map(({ id }) => id)).toEqual(['ratios', 'latencies', 'processor']);
    expect(charts[0]!.panels[0]!.points!.at(-1)!.label).toEqual(['peers', '</script><img src=x>']);
  });

  it('shows machine facts, goals, guarantees and what was not run', () => {
    expect(page).toContain(process.version);
    expect(page).toMatch(/1 of 1 met, \d+ not run/);
    expect(page).toContain('at least once');
    expect(page).toContain('There is no Java.');
    expect(page).toContain('0.710');
  });

  it('warns of a smoke run', () => {
    expect(page).not.toContain('A smoke run');
    expect(pageOf(resultsOf([rowOf([1])], { settings: { rounds: 1, roundMs: 20, smoke: true, suites: [] } }))).toContain('A smoke run');
  });
});
