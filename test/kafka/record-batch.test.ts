import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/kafka/crc32c.ts';
import { murmur2, partitionOf } from '../../src/kafka/murmur2.ts';
import { installPackedProduce } from '../../src/kafka/packed-produce.ts';
import { RecordWriter, sealBatch } from '../../src/kafka/record-batch.ts';

const require = createRequire(import.meta.url);
const Decoder = require('kafkajs/src/protocol/decoder');
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder');
const theirCrc32c = require('kafkajs/src/protocol/recordBatch/crc32C');
const theirMurmur2 = require('kafkajs/src/producer/partitioners/default/murmur2');

const random = (length: number): Buffer => Buffer.from(Array.from({ length }, () => Math.floor(Math.random() * 256)));

describe('crc32c', () => {
  it('is what RFC 3720 says', () => {
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  it('is what kafkajs says, of any length and from any place', () => {
    for (let length = 0; length < 200; length++) {
      const bytes = random(length);
      expect(crc32c(bytes)).toBe(theirCrc32c(bytes) >>> 0);
      expect(crc32c(Buffer.concat([random(13), bytes]), 13)).toBe(crc32c(bytes));
    }
  });
});

describe('murmur2', () => {
  it('is what kafkajs says, of any length', () => {
    for (let i = 0; i < 400; i++) {
      const bytes = random(i % 40);
      expect([bytes, murmur2(bytes)]).toEqual([bytes, theirMurmur2(bytes)]);
    }
  });

  it('is what the Java client says', () => {
    // The values of org.apache.kafka.common.utils.UtilsTest.
    const cases: Record<string, number> = { '21': -973932308, foobar: -790332482, 'a-little-bit-long-string': -985981536, 'a-little-bit-longer-string': -1486304829, 'lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8': -58897971, abc: 479470107 };
    for (const [text, hash] of Object.entries(cases)) expect([text, murmur2(Buffer.from(text))]).toEqual([text, hash]);
  });

  it('never picks a partition that is not there', () => {
    for (let i = 0; i < 500; i++) {
      const partition = partitionOf(random(i % 20), 7);
      expect(partition >= 0 && partition < 7).toBe(true);
    }
  });
});

describe('a record batch', () => {
  it('is read by kafkajs as it was written, whatever is in it', async () => {
    const records = Array.from({ length: 300 }, (_, i) => ({
      key: i % 5 === 0 ? null : random(i % 5 === 1 ? 0 : (i * 37) % 300),
      value: random(i % 7 === 0 ? 0 : (i * 101) % 20_000),
      headers: Object.fromEntries([
        ['same', 'always'],
        ['changing', String(i)],
        ['beyond ASCII ü', `🌍${'ß'.repeat(i)}`],
        ...(i % 3 === 0 ? [] : [['empty', '']]),
        ...(i % 11 === 0 ? [['long', 'y'.repeat(10_000)]] : []),
        [`own-${i}`, 'x'],
      ]) as Record<string, string>,
    }));
    const writer = new RecordWriter();
    for (const { key, value, headers } of records) writer.add(key, value, headers);
    const timeMs = Date.now();
    const batch = sealBatch(writer.bytes, { count: writer.count, compression: 0, timeMs, producerId: 2n ** 40n + 7n, producerEpoch: 3, baseSequence: 12_345 });
    const read = await decodeBatch(new Decoder(batch));
    expect(read).toMatchObject({ firstOffset: '0', lastOffsetDelta: 299, producerEpoch: 3, inTransaction: false });
    expect(String(read.producerId)).toBe(String(2n ** 40n + 7n));
    expect(String(read.firstTimestamp)).toBe(String(timeMs));
    expect(String(read.maxTimestamp)).toBe(String(timeMs));
    expect(batch.readInt8(16)).toBe(2);
    expect(batch.readInt32BE(53)).toBe(12_345);
    expect(batch.readUInt32BE(17)).toBe(theirCrc32c(batch.subarray(21)) >>> 0);
    expect(read.records).toHaveLength(300);
    for (const [i, { key, value, headers }] of records.entries()) {
      const record = read.records[i];
      expect(key === null ? record.key === null : key.equals(record.key as Buffer)).toBe(true);
      expect(value.equals(record.value as Buffer)).toBe(true);
      expect(Object.fromEntries(Object.entries(record.headers).map(([name, bytes]) => [name, String(bytes)]))).toEqual(headers);
      expect(String(record.offset)).toBe(String(i));
    }
  });
});

describe('packed produce requests', () => {
  it('find kafkajs as it was when they were written', () => {
    expect(installPackedProduce()).toBe(true);
  });
});
