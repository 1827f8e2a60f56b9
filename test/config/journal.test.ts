import { describe, expect, it } from 'vitest';
import { createFolder } from './loading.ts';

describe('the journal', () => {
  const GIB = 1_073_741_824;
  const kafka = {
    brokers: ['b:1'],
    clientId: 'millrace',
    connectionTimeoutMs: 10_000,
    requestTimeoutMs: 30_000,
    topics: ['millrace-journal'],
    groupId: 'millrace-journal',
    from: 'earliest',
    sessionTimeoutMs: 30_000,
    heartbeatIntervalMs: 3000,
    rebalanceTimeoutMs: 60_000,
    commitIntervalMs: 1000,
    minBytes: 1,
    maxBytes: 10_485_760,
    maxBytesPerPartition: 1_048_576,
    maxWaitMs: 500,
    readUncommitted: false,
  };
  const redis = { url: 'redis://r', streams: ['millrace-journal'], group: 'millrace-journal', from: '0', valueField: 'event', keyField: null, batchEvents: 256, blockMs: 1000, takeoverMs: 30_000, trim: 'acknowledged' };

  it.each([
    ['', { lmdb: { maxBytes: 4 * GIB } }],
    ['journal: {}', { lmdb: { maxBytes: 4 * GIB } }],
    [`journal: { maxBytes: ${GIB} }`, { lmdb: { maxBytes: GIB } }],
    ['journal: { lmdb: {} }', { lmdb: { maxBytes: 4 * GIB } }],
    [`journal: { lmdb: { maxBytes: ${GIB} } }`, { lmdb: { maxBytes: GIB } }],
    ['journal: { kafka: { brokers: b:1 } }', { kafka }],
    ['journal: { kafka: { brokers: b:1, topic: t, groupId: g, commitIntervalMs: 50 } }', { kafka: { ...kafka, topics: ['t'], groupId: 'g', commitIntervalMs: 50 } }],
    ['journal: { redis: { url: "redis://r" } }', { redis }],
    ['journal: { redis: { url: "redis://r", stream: s, group: g, blockMs: 5 } }', { redis: { ...redis, streams: ['s'], group: 'g', blockMs: 5 } }],
  ])('is %j', (yaml, expected) => {
    expect(createFolder().load(yaml).journal).toEqual(expected);
  });

  it.each([
    ['journal: { maxBytes: 1 }', '1:22 OUT_OF_RANGE /journal/maxBytes journal.maxBytes must be a whole number from 1048576 to 1099511627776, not 1.'],
    ['journal: { lmdb: {}, kafka: { brokers: b:1 } }', '1:22 CONFLICTING_KEYS /journal journal has lmdb and kafka: only one of maxBytes, lmdb, kafka and redis may be there. | Remove all but one.'],
    ['journal: { kafka: {} }', '1:12 MISSING_KEY /journal/kafka journal.kafka has no brokers. | Add it: brokers: ["kafka-1:9092","kafka-2:9092"]'],
    ['journal: { kafka: { brokers: b:1, topics: t } }', "1:35 UNKNOWN_KEY /journal/kafka/topics 'journal.kafka.topics' is not a key of the configuration. | Did you mean 'topic'?"],
    ['journal: lmdb', "1:10 WRONG_TYPE /journal journal must be a mapping, not 'lmdb'."],
  ])('is checked: %s', (yaml, expected) => {
    expect(createFolder().mistakes(yaml)).toEqual([expected]);
  });
});
