import { array, assert, boolean, constantFrom, integer, nat, property, record, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMetadata, MOST_METADATA, restoreMetadata } from '../../../src/sources/kafka/commit-metadata.ts';
import { Ledger } from '../../../src/sources/kafka/ledger.ts';

/** The same, one offset after the other. */
class Model {
  readonly settled = new Set<number>();
  watermark: number;

  constructor(start: number) {
    this.watermark = start;
  }

  settle(from: number, to: number): void {
    for (let offset = from; offset < to; offset++) this.settled.add(offset);
    while (this.settled.has(this.watermark)) this.watermark++;
  }

  beyond(): number[] {
    return [...this.settled].filter((offset) => offset > this.watermark).toSorted((a, b) => a - b);
  }
}

function beyond(ledger: Ledger): number[] {
  const offsets: number[] = [];
  ledger.eachBeyond((from, to) => {
    for (let offset = from; offset < to; offset++) offsets.push(offset);
    return true;
  });
  return offsets;
}

/** Ranges in any order, near to one another and far apart, across the borders of words and pages. */
const ranges = array(record({ from: integer({ min: -100, max: 3000 }), length: nat({ max: 200 }) }), { maxLength: 60 });
const starts = constantFrom(0, 1, 31, 65_000, 2 ** 32 - 700, 2 ** 40 + 65_536 - 900);

describe('a ledger', () => {
  it('agrees with one that counts offset by offset', () => {
    assert(
      property(starts, ranges, (start, settled) => {
        const ledger = new Ledger(start);
        const model = new Model(start);
        for (const { from, length } of settled) {
          const [first, end] = [Math.max(0, start + from), Math.max(0, start + from + length)];
          ledger.settle(first, end);
          model.settle(Math.max(first, start), end);
          expect(ledger.watermark).toBe(model.watermark);
        }
        expect(beyond(ledger)).toEqual(model.beyond());
        for (let offset = start; offset < start + 3300; offset++) {
          if (ledger.isSettled(offset) !== model.settled.has(offset)) expect.fail(`offset ${offset} after ${JSON.stringify(settled)}`);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('passes everything once it is settled, in whatever order batches of it end', () => {
    assert(
      property(array(nat({ max: 40_000 }), { minLength: 1, maxLength: 20 }), array(nat()), (lengths, order) => {
        let next = 7;
        const parts = lengths.map((length) => ({ from: next, to: (next += length + 1) }));
        const shuffled = parts.map((part, i) => ({ part, key: order[i % (order.length || 1)] ?? 0 })).toSorted((a, b) => a.key - b.key);
        const ledger = new Ledger(7);
        for (const { part } of shuffled) ledger.settle(part.from, part.to);
        expect(ledger.watermark).toBe(next);
        expect(beyond(ledger)).toEqual([]);
      }),
    );
  });

  it('holds the watermark for one offset while millions after it are settled', () => {
    const ledger = new Ledger(1000);
    for (let from = 1001; from < 30_000_000; from += 5000) ledger.settle(from, from + 5000);
    expect(ledger.watermark).toBe(1000);
    ledger.settle(1000, 1001);
    expect(ledger.watermark).toBe(ledger.end);
    expect(ledger.end).toBeGreaterThanOrEqual(30_000_000);
  });
});

describe('the metadata of a commit', () => {
  const restored = (metadata: string, offset: number): Ledger => {
    const ledger = new Ledger(offset);
    restoreMetadata(ledger, offset, metadata);
    return ledger;
  };

  it('gives back what is settled beyond the watermark, from its near end on', () => {
    assert(
      property(starts, ranges, constantFrom(60, 200, MOST_METADATA), (start, settled, most) => {
        const ledger = new Ledger(start);
        for (const { from, length } of settled) ledger.settle(start + from, start + from + length);
        const metadata = encodeMetadata(ledger, most);
        expect(metadata.length).toBeLessThanOrEqual(most);
        const [before, after] = [beyond(ledger), beyond(restored(metadata, ledger.watermark))];
        expect(after).toEqual(before.slice(0, after.length));
        if (most === MOST_METADATA) expect(after).toEqual(before);
      }),
      { numRuns: 300 },
    );
  });

  it('reaches as far as either form does, within what a broker takes', () => {
    const every = (step: number, to: number): Ledger => {
      const ledger = new Ledger(0);
      for (let offset = 1; offset < to; offset += step) ledger.settle(offset, offset + 1);
      return ledger;
    };
    for (const [step, atLeast] of [[2, 12_000], [300, 900]] as const) {
      const ledger = every(step, 1_000_000);
      const metadata = encodeMetadata(ledger);
      expect(metadata.length).toBeLessThanOrEqual(MOST_METADATA);
      const after = beyond(restored(metadata, 0));
      expect(after.length).toBeGreaterThan(atLeast);
      expect(after).toEqual(beyond(ledger).slice(0, after.length));
    }
  });

  it('is nothing when nothing is settled beyond the watermark', () => {
    const ledger = new Ledger(5);
    ledger.settle(5, 50);
    expect(encodeMetadata(ledger)).toBe('');
  });

  it('is read as nothing when somebody else has written it', () => {
    assert(
      property(string(), boolean(), (text, ours) => {
        const ledger = restored(ours ? `millrace2${text}` : text, 3);
        expect(ledger.watermark).toBe(3);
        expect(beyond(ledger)).toEqual([]);
      }),
    );
    restoreMetadata(new Ledger(3), 3, null);
  });

  it('holds as far as it goes when its end is missing', () => {
    const ledger = new Ledger(0);
    for (let offset = 1000; offset < 100_000; offset += 1000) ledger.settle(offset, offset + 500);
    const metadata = encodeMetadata(ledger);
    for (let length = 0; length < metadata.length; length++) {
      const after = beyond(restored(metadata.slice(0, length), 0));
      if (after.some((offset) => !ledger.isSettled(offset))) expect.fail(`cut to ${length}`);
    }
  });
});
