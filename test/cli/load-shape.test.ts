import { describe, expect, it } from 'vitest';
import { parseRate, parseShapes } from '../../src/cli/load-shape.ts';
import { parseThreshold, type Measured } from '../../src/cli/load-thresholds.ts';

describe('shapes as text', () => {
  it('are what they say', () => {
    expect(parseShapes(['constant:5k'], 10).dueBy(2)).toBe(10_000);
    expect(parseShapes(['ramp:0..100'], 10).dueBy(10)).toBe(500);
    expect(parseShapes(['spike:10..500,every=10s,lasting=2s'], Infinity).dueBy(10)).toBe(1080);
    expect(parseShapes(['sine:100,amplitude=50,period=8s'], 60).dueBy(8)).toBeCloseTo(800, 6);
  });

  it('follow one another; the last one goes on to the end', () => {
    const shape = parseShapes(['ramp:0..100,for=10s', 'constant:100,for=5s', 'ramp:100..0'], 25);
    expect([5, 10, 15, 20, 25].map((at) => shape.dueBy(at))).toEqual([125, 500, 1000, 1375, 1500]);
    expect(parseShapes(['constant:10,for=2s'], Infinity).dueBy(100)).toBe(20);
  });

  it.each([
    ['5000', /is no shape\. Shapes are constant:5000, ramp:/],
    ['line:5', /'line:5' is no shape/],
    ['constant:fast', /'fast' in the shape 'constant:fast' is no rate/],
    ['constant:0', /sends nothing/],
    ['ramp:5', /needs two rates/],
    ['ramp:1..2', /needs to know how long it takes/],
    ['spike:1..2,every=3s', /needs lasting/],
    ['spike:1..2,every=3s,lasting=3s', /last as long as the time between/],
    ['spike:1..2,every=3,lasting=1s', /every=3 .* is no duration/],
    ['sine:10,amplitude=20,period=1s', /a rate cannot be negative/],
    ['constant:5,period=3s', /does not take period/],
    ['constant:5,for', /is no option/],
  ])('with a mistake say what it is: %s', (text, message) => {
    expect(() => parseShapes([text], Infinity)).toThrow(message);
  });

  it('need an end where another one follows', () => {
    expect(() => parseShapes(['constant:5', 'constant:6'], 60)).toThrow(/needs an end/);
    expect(() => parseShapes(['constant:5,for=60s', 'constant:6'], 60)).toThrow(/would begin when --duration is over/);
  });
});

describe('rates', () => {
  it('may be in thousands and millions', () => {
    expect(['5', '0.5', '50k', '1.5M', ' 7 '].map(parseRate)).toEqual([5, 0.5, 50_000, 1_500_000, 7]);
    expect(['', 'k', '-1', '1e3', '5K'].map(parseRate)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });
});

describe('limits', () => {
  const measured: Measured = { latency: { p50: 1, p90: 2, p99: 50, p999: 90, max: 1500, mean: 3 }, counts: { sent: 1000, failed: 10, refused: 0, late: 5, unsent: 1000, unanswered: 0 }, rate: 900 };

  it.each([
    ['p99>50ms', false],
    ['p99 > 49.9ms', true],
    ['p99.9>89999us', true],
    ['max>1.5s', false],
    ['mean<4ms', true],
    ['failed>1%', false],
    ['failed>9', true],
    ['unsent>49%', true],
    ['unsent>50%', false],
    ['rate<901', true],
    ['rate<900', false],
  ])('%s: %s', (text, exceeded) => {
    expect(parseThreshold(text).exceeded(measured)).toBe(exceeded);
  });

  it('of a latency are passed where nothing was answered', () => {
    expect(parseThreshold('p50>1s').exceeded({ ...measured, latency: null })).toBe(true);
  });

  it.each(['p99>50', 'p98>5ms', 'failed>1ms', 'rate<5%', 'rate=5', '', 'failed'])('that are none are refused: %s', (text) => {
    expect(() => parseThreshold(text)).toThrow(/is not understood\. Write p99>50ms/);
  });
});
