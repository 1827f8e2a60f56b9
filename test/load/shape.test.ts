import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constant, ramp, sequence, type Shape, sine, spike } from '../../src/load/shape.ts';

const SHAPES: Readonly<Record<string, Shape>> = {
  'constant 50': constant(50),
  'ramp up': ramp(10, 1000, 20),
  'ramp up from nothing': ramp(0, 400, 10),
  'ramp down': ramp(800, 20, 15),
  'ramp that changes nothing': ramp(70, 70, 5),
  spikes: spike(20, 900, 10, 2),
  'spikes out of nothing': spike(0, 900, 10, 2),
  'a wave': sine(300, 200, 12),
  'a wave that touches 0': sine(300, 300, 12),
  stages: sequence([{ shape: ramp(0, 100, 10), lasting: 10 }, { shape: constant(100), lasting: 5 }, { shape: ramp(100, 40, 10), lasting: Infinity }]),
};

describe.each(Object.entries(SHAPES))('%s', (_name, shape) => {
  it('is due as often as its rate adds up to', () => {
    // The midpoint rule over steps that meet every corner of the shapes.
    const step = 0.001;
    let sum = 0;
    for (let i = 0; i < 40 / step; i++) sum += shape.rateAt((i + 0.5) * step) * step;
    expect(shape.dueBy(40) / sum).toBeCloseTo(1, 5);
  });

  it('says when an event is due: the inverse of how many are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Math.floor(shape.dueBy(60)) - 1 }), (event) => {
        expect(Math.abs(shape.dueBy(shape.timeOf(event)) - event)).toBeLessThan(1e-4);
      }),
    );
  });

  it('never goes back in time', () => {
    let before = 0;
    for (let event = 0; event < shape.dueBy(30); event++) {
      const at = shape.timeOf(event);
      expect(at).toBeGreaterThanOrEqual(before - 1e-9);
      before = at;
    }
  });
});

describe('shapes by hand', () => {
  it('a ramp adds up to the mean of its ends', () => {
    expect(ramp(1000, 50_000, 60).dueBy(60)).toBe(1_530_000);
    expect(ramp(1000, 50_000, 60).dueBy(61)).toBe(1_580_000);
  });

  it('a spike has its peak in the middle of every period', () => {
    const shape = spike(10, 500, 10, 2);
    expect([0, 3.9, 4, 5.9, 6, 14, 16].map((at) => shape.rateAt(at))).toEqual([10, 10, 500, 500, 10, 500, 10]);
    expect([4, 6, 10, 20].map((at) => shape.dueBy(at))).toEqual([40, 1040, 1080, 2160]);
    expect(shape.timeOf(540)).toBe(5);
  });

  it('a wave comes back to its mean after every period', () => {
    expect(sine(100, 50, 8).dueBy(8)).toBeCloseTo(800, 9);
    expect(sine(100, 50, 8).rateAt(2)).toBeCloseTo(150, 9);
  });

  it('a sequence ends with its last stage', () => {
    const shape = sequence([{ shape: constant(10), lasting: 2 }, { shape: constant(100), lasting: 1 }]);
    expect([0, 1.9, 2, 2.9, 3, 9].map((at) => shape.rateAt(at))).toEqual([10, 10, 100, 100, 0, 0]);
    expect(shape.dueBy(9)).toBe(120);
    expect([shape.timeOf(19), shape.timeOf(20), shape.timeOf(119), shape.timeOf(120)]).toEqual([1.9, 2, 2.99, Infinity]);
  });
});
