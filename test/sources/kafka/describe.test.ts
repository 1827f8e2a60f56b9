import { array, assert, asyncProperty, dictionary, nat, option, record, string, uint8Array } from 'fast-check';
import { expect, it } from 'vitest';
import type { SourceEvents } from '../../../src/delivery/source.ts';
import { describeRecord } from '../../../src/sources/kafka/describe.ts';
import { readBatches } from '../../../src/sources/kafka/record-batch.ts';
import { RecordWalk } from '../../../src/sources/kafka/record-walk.ts';
import { openBatches } from '../../../src/sources/kafka/sections.ts';
import { encodeBatch } from './record-sets.ts';

it('finds key and headers of every event, also across the borders of batches that were joined', async () => {
  const bytes = uint8Array({ maxLength: 80 }).map((of) => Buffer.from(of));
  const name = string({ minLength: 1, maxLength: 5 });
  await assert(
    asyncProperty(
      array(array(record({ key: option(bytes), value: option(bytes), headers: dictionary(name, string({ maxLength: 8 }), { maxKeys: 2, noNullPrototype: true }) }), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 }),
      nat({ max: 1 }),
      async (batches, gzip) => {
        let next = 100;
        const parts: Buffer[] = [];
        for (const records of batches) {
          parts.push(await encodeBatch({ firstOffset: next, compression: gzip, records: records.map(({ key, value, headers }, i) => ({ offsetDelta: i, timestampDelta: i, key, value, headers: Object.fromEntries(Object.entries(headers).map(([header, text]) => [header, Buffer.from(text)])) })) }));
          next += records.length;
        }
        const walk = new RecordWalk(await openBatches(readBatches(Buffer.concat(parts)), 0), { from: 0, everything: false, maxEvents: 1000, maxBytes: 1 << 20 });
        const chunk = walk.next()!;
        expect(chunk.count).toBe(next - 100);
        const events = chunk as unknown as SourceEvents;
        for (const [i, { key, headers }] of batches.flat().entries()) {
          const described = describeRecord(events, i, { topic: 'readings', partition: 3, offset: chunk.firstOffset + i });
          expect(described.coordinate).toBe(`{"topic":"readings","partition":3,"offset":${100 + i}}`);
          expect(described.key === undefined ? null : Buffer.from(described.key).toString('hex')).toBe(key?.toString('hex') ?? null);
          expect(described.headers === undefined ? {} : JSON.parse(described.headers)).toEqual(headers);
        }
      },
    ),
    { numRuns: 60 },
  );
});
