import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { LineWriter } from '../../src/cli/output.ts';
import { Results } from '../../src/cli/run-results.ts';
import type { End, Parcel } from '../../src/delivery/contract.ts';

function setUp(ordered: boolean) {
  let text = '';
  const writer = new LineWriter(new Writable({ decodeStrings: false, write: (chunk: string, _encoding, done) => {
    text += chunk;
    done();
  } }));
  const results = new Results(writer, { ordered, prefix: 'm' });
  const expectEvents = (firstIndex: number, count: number): Parcel =>
    ({ tag: results.expect(firstIndex, count, (index) => index + 1) }) as unknown as Parcel;
  const lines = (): Record<string, unknown>[] => {
    writer.flush();
    return text.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { results, expectEvents, lines, text: () => text };
}

const end = (fields: Partial<End>): End => ({ status: 'SUCCEEDED', startTimeMs: 0, stopTimeMs: 0, redeliveries: 0, ...fields });
const done = end({ output: '{"a":1.0}' });

describe('Results', () => {
  it('writes in the order of the input, whatever the order of the ends', () => {
    const { results, expectEvents, lines } = setUp(true);
    const [a, b, c] = [expectEvents(0, 2), expectEvents(2, 3), expectEvents(5, 1)];
    results.ended(c, 0, done);
    results.ended(b, 1, done);
    results.ended(a, 1, done);
    expect(lines()).toEqual([]);
    results.ended(a, 0, done);
    expect(lines().map(({ index }) => index)).toEqual([0, 1]);
    results.refuse(6, 9, 'PAYLOAD_TOO_LARGE', 'too large');
    results.ended(b, 0, done);
    results.ended(b, 2, done);
    expect(lines().map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(results.counts).toEqual({ succeeded: 6, failed: 0, timedOut: 0, rejected: 1 });
  });

  it('writes as they come when order is not asked for', () => {
    const { results, expectEvents, lines } = setUp(false);
    const [a, b] = [expectEvents(0, 2), expectEvents(2, 1)];
    results.ended(b, 0, done);
    results.ended(a, 1, done);
    results.ended(a, 0, done);
    expect(lines().map(({ index }) => index)).toEqual([2, 1, 0]);
  });

  it('splices the output in as it is, and has a form for each way to end', () => {
    const { results, expectEvents, lines, text } = setUp(true);
    const parcel = expectEvents(4, 6);
    results.ended(parcel, 0, done);
    results.ended(parcel, 1, end({ status: 'FAILED', error: 'A "b"', cause: 'c\nd' }));
    results.ended(parcel, 2, end({ status: 'FAILED' }));
    results.ended(parcel, 3, end({ status: 'TIMED_OUT', error: 'States.Timeout' }));
    results.ended(parcel, 4, end({ status: 'POISON', error: 'POISON', cause: 'died' }));
    results.ended(parcel, 5, end({ status: 'REJECTED', error: 'INVALID_JSON', cause: 'no' }));
    const found = lines();
    expect(text().split('\n')[0]).toBe('{"index":4,"name":"m-4","status":"SUCCEEDED","output":{"a":1.0}}');
    expect(found.slice(1)).toEqual([
      { index: 5, name: 'm-5', status: 'FAILED', error: 'A "b"', cause: 'c\nd' },
      { index: 6, name: 'm-6', status: 'FAILED' },
      { index: 7, name: 'm-7', status: 'TIMED_OUT', error: 'States.Timeout' },
      { index: 8, name: 'm-8', status: 'FAILED', error: 'POISON', cause: 'died' },
      { index: 9, line: 10, status: 'REJECTED', error: 'INVALID_JSON', cause: 'no' },
    ]);
    expect(results.counts).toEqual({ succeeded: 1, failed: 3, timedOut: 1, rejected: 1 });
  });

  it('has no room while too much waits for its turn, and again once the turn has come', () => {
    const { results, expectEvents } = setUp(true);
    const parcel = expectEvents(0, 200);
    const large = end({ output: JSON.stringify('x'.repeat(1024 * 1024)) });
    let held = 0;
    for (let i = 1; i < 200 && results.hasRoom(0); i += 1) {
      results.ended(parcel, i, large);
      held = i;
    }
    expect(held).toBeLessThan(100);
    expect(results.hasRoom(1)).toBe(false);
    results.ended(parcel, 0, done);
    expect(results.hasRoom(1)).toBe(true);
  });

  it('counts what is in flight with the size that results have had', () => {
    const { results, expectEvents } = setUp(true);
    results.ended(expectEvents(0, 1), 0, end({ output: JSON.stringify('x'.repeat(200_000)) }));
    expect(results.hasRoom(10)).toBe(true);
    expect(results.hasRoom(1000)).toBe(false);
  });

  it('writes what there is when nothing more will come', () => {
    const { results, expectEvents, lines } = setUp(true);
    const [a, b] = [expectEvents(0, 2), expectEvents(2, 2)];
    results.ended(a, 1, done);
    results.ended(b, 0, done);
    results.writeRest();
    expect(lines().map(({ index }) => index)).toEqual([1, 2]);
  });
});
