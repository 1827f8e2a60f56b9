import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SourceConfig } from '../../src/config/settings.ts';
import { createFolder } from './loading.ts';

const KAFKA = 'kafka: { brokers: b:1, topics: t, groupId: g }';
const STREAM = 'redisStream: { url: redis://r, stream: s, group: g }';
const BULLMQ = 'bullmq: { url: redis://r, queue: q }';

/** The only source of a file, given its lines. */
function source(...lines: string[]): SourceConfig {
  const { load, put } = createFolder();
  put('s.json', '{"type": "object"}');
  return load(file(lines)).sources[0]!;
}

const file = (lines: readonly string[]): string => `sources:\n  s:\n${lines.map((line) => `    ${line}\n`).join('')}`;

/** Mistakes of a source; its first line is the third of the file, its first column the fifth. */
const mistakes = (...lines: string[]): string[] => createFolder().mistakes(file(lines));

const kafka = (...lines: string[]): unknown => (source(...lines, 'machine: a').kind as { kafka: unknown }).kafka;
const redisStream = (settings: string): unknown => (source(`redisStream: { url: redis://r, group: g, ${settings} }`, 'machine: a').kind as { redisStream: unknown }).redisStream;

describe('the kind of a source', () => {
  it.each([
    [['kafak: { topics: t }', 'machine: a'], ["3:5 UNKNOWN_KEY /sources/s/kafak 'sources.s.kafak' is not a key of the configuration. | Did you mean 'kafka'?"]],
    [['mqtt: { url: x }', 'machine: a'], ["3:5 UNKNOWN_KEY /sources/s/mqtt 'sources.s.mqtt' is not a key of the configuration. | The keys here are kafka, redisStream, bullmq."]],
    [['machine: a'], ['2:3 MISSING_KEY /sources/s sources.s has none of kafka, redisStream and bullmq: one of them has to be there.']],
    [['machine: a', 'ordr: key'], ["2:3 MISSING_KEY /sources/s sources.s has none of kafka, redisStream and bullmq: one of them has to be there.", "4:5 UNKNOWN_KEY /sources/s/ordr 'sources.s.ordr' is not a key of the configuration. | Did you mean 'order'?"]],
    [[KAFKA, BULLMQ, 'machine: a'], ['4:5 CONFLICTING_KEYS /sources/s sources.s has kafka and bullmq: only one of kafka, redisStream and bullmq may be there. | Remove all but one.']],
    [['kafka: 1', 'machine: a'], ['3:12 WRONG_TYPE /sources/s/kafka sources.s.kafka must be a mapping, not 1.']],
    [['kafka: {}', 'machine: a'], ['3:5 MISSING_KEY /sources/s/kafka sources.s.kafka has no brokers. | Add it: brokers: ["kafka-1:9092","kafka-2:9092"]', '3:5 MISSING_KEY /sources/s/kafka sources.s.kafka has no topics. | Add it: topics: ["readings"]', '3:5 MISSING_KEY /sources/s/kafka sources.s.kafka has no groupId. | Add it: groupId: millrace']],
    [['redisStream: { url: redis://r }', 'machine: a'], ['3:5 MISSING_KEY /sources/s/redisStream sources.s.redisStream has none of stream and streams: one of them has to be there.', '3:5 MISSING_KEY /sources/s/redisStream sources.s.redisStream has no group. | Add it: group: millrace']],
    [['bullmq: { url: redis://r }', 'machine: a'], ['3:5 MISSING_KEY /sources/s/bullmq sources.s.bullmq has no queue. | Add it: queue: jobs']],
    [[KAFKA], ['2:3 MISSING_KEY /sources/s sources.s has no machine. | Add it: machine: triage']],
    [['kafka: { brokers: b:1, topics: t, groupId: g, order: key }', 'machine: a'], ["3:51 UNKNOWN_KEY /sources/s/kafka/order 'sources.s.kafka.order' is not a key of the configuration. | Did you mean 'sources.s.order'?"]],
    [[KAFKA, 'groupId: g', 'machine: a'], ["4:5 UNKNOWN_KEY /sources/s/groupId 'sources.s.groupId' is not a key of the configuration. | Did you mean 'kafka.groupId'?"]],
    [['kafak: { topics: t }', 'machine: b'], ["3:5 UNKNOWN_KEY /sources/s/kafak 'sources.s.kafak' is not a key of the configuration. | Did you mean 'kafka'?", "4:14 UNKNOWN_NAME /sources/s/machine sources.s.machine names 'b', which is no state machine that is served. | Did you mean 'a'?"]],
  ])('is checked: %j', (lines, expected) => {
    expect(mistakes(...lines)).toEqual(expected);
  });

  it('has a name as a state machine has', () => {
    expect(createFolder().mistakes(`sources:\n  a b: { ${KAFKA}, machine: a }\n`)).toEqual(["2:3 INVALID_NAME /sources/a b 'a b' cannot be the name of a source. | Use 1 to 80 letters, digits, hyphens and underscores."]);
  });
});

describe('a source', () => {
  it('has what the file says', () => {
    const { machine, name, kind: _, ...rest } = source(
      KAFKA,
      'machine: a',
      'filter: { $or: [{ x: [1] }, { y: [{ exists: false }] }] }',
      'schema: s.json',
      `input: "{% {'v': value} %}"`,
      'order: partition',
      'batch: { maxEvents: 10, maxWaitMs: 5, maxBytes: 1000 }',
      'maxInFlight: 7',
      'retry: { maxAttempts: 3, backoffMs: 0, maxBackoffMs: 10 }',
      'deadLetters: none',
      'tombstones: deadLetter',
      'deduplicate: { window: 10m, key: "{% value.id %}" }',
    );
    expect([name, machine]).toEqual(['s', 'a']);
    expect(rest).toEqual({
      filter: '{"$or":[{"x":[1]},{"y":[{"exists":false}]}]}',
      schema: '{"type": "object"}',
      input: " {'v': value} ",
      order: 'partition',
      batch: { maxEvents: 10, maxWaitMs: 5, maxBytes: 1000 },
      maxInFlight: 7,
      retry: { maxAttempts: 3, backoffMs: 0, maxBackoffMs: 10 },
      deadLetters: null,
      tombstones: 'deadLetter',
      deduplicate: { windowMs: 600_000, key: ' value.id ' },
    });
  });

  it('has the defaults of what it does not say', () => {
    expect(source(KAFKA, 'machine: a', 'batch: { maxEvents: 2 }', 'deduplicate: { windowMs: 1000 }')).toMatchObject({
      order: 'none',
      maxInFlight: 10_000,
      batch: { maxEvents: 2, maxWaitMs: 100, maxBytes: 262_144 },
      retry: { maxAttempts: 1, backoffMs: 500, maxBackoffMs: 30_000 },
      tombstones: 'skip',
      deduplicate: { windowMs: 1000 },
    });
    const plain = source(KAFKA, 'machine: a');
    for (const key of ['filter', 'schema', 'input', 'batch', 'deduplicate']) expect(plain).not.toHaveProperty(key);
  });

  it('has its defaults bounded by the limits of the process', () => {
    const { load } = createFolder();
    const { sources } = load(`limits: { maxInFlight: 50, payloadBytes: 1000 }\n${file([KAFKA, 'machine: a', 'batch: { maxEvents: 2 }'])}`);
    expect(sources[0]).toMatchObject({ maxInFlight: 50, batch: { maxBytes: 1000 } });
  });

  it('has dead letters in dataDir, wherever that is', () => {
    const { at, load } = createFolder();
    expect(load(`dataDir: d\n${file([KAFKA, 'machine: a'])}`).sources[0]!.deadLetters).toEqual({ file: join(at, 'd/dead-letters/s.ndjson') });
    expect(load(file([KAFKA, 'machine: a']), { overrides: { dataDir: '/var/x' } }).sources[0]!.deadLetters).toEqual({ file: '/var/x/dead-letters/s.ndjson' });
  });

  it('may have its schema written out, with data under any key', () => {
    expect(source(KAFKA, 'machine: a', 'schema: { type: object, properties: { __proto__: { type: string }, properties: {} } }').schema).toBe('{"type":"object","properties":{"__proto__":{"type":"string"},"properties":{}}}');
  });

  it.each([
    [['machine: b'], ["4:14 UNKNOWN_NAME /sources/s/machine sources.s.machine names 'b', which is no state machine that is served. | Did you mean 'a'?"]],
    [['machine: billing'], ["4:14 UNKNOWN_NAME /sources/s/machine sources.s.machine names 'billing', which is no state machine that is served. | The state machines are a."]],
    [['machine: a', 'filter: x'], ["5:13 WRONG_TYPE /sources/s/filter sources.s.filter must be a mapping, not 'x'."]],
    [['machine: a', 'filter: { y: [{ numeric: [">", .nan] }] }'], ['5:36 INVALID_PATTERN /sources/s/filter/y/0/numeric/1 sources.s.filter.y.0.numeric.1: Cannot compare number : NaN. | It is beyond the range of double precision.']],
    [['machine: a', 'schema: { const: .nan }'], ['5:13 INVALID_VALUE /sources/s/schema sources.s.schema holds a number that JSON does not have: .inf or .nan.']],
    [['machine: a', 'filter: { x: [], y: { z: [{ prefx: 1 }] }, "a/b": 1 }'], ['5:15 INVALID_PATTERN /sources/s/filter/x sources.s.filter.x: Empty arrays are not allowed. | To ask for a field that is not there: [{"exists": false}].', '5:33 INVALID_PATTERN /sources/s/filter/y/z/0/prefx sources.s.filter.y.z.0.prefx: Unrecognized match type prefx. | The match types are …', '5:48 INVALID_PATTERN /sources/s/filter/a~1b sources.s.filter.a/b: "a/b" must be an object or an array. | What a field may be is a list: [1].']],
    [['machine: a', 'filter: {}'], ['5:5 INVALID_PATTERN /sources/s/filter sources.s.filter: Empty objects are not allowed.']],
    [['machine: a', 'schema: nope.json'], ['5:13 MISSING_FILE /sources/s/schema sources.s.schema names nope.json, which does not exist. | It would be <at>/nope.json: paths are relative to the folder of the configuration file.']],
    [['machine: a', 'schema: [1]'], ['5:13 WRONG_TYPE /sources/s/schema sources.s.schema must be text or a mapping, not a list.']],
    [['machine: a', 'input: value'], [`5:12 INVALID_VALUE /sources/s/input sources.s.input must be a JSONata expression in {% %}, not 'value'. | Write input: "{% value %}", in quotes.`]],
    [['machine: a', 'input: "{% %}"'], ['5:12 INVALID_VALUE /sources/s/input sources.s.input is an empty expression. | Write input: "{% value %}", in quotes.']],
    [['machine: a', 'input: { a: 1 }'], ['5:12 WRONG_TYPE /sources/s/input sources.s.input must be text, not a mapping.']],
    [['machine: a', 'input: {% value %}'], ['5:13 YAML_SYNTAX  This is not valid YAML: plain value cannot start with directive indicator character %. | Put JSONata in quotes: input: "{% value %}".']],
    [['machine: a', 'order: kee'], ["5:12 INVALID_VALUE /sources/s/order sources.s.order must be 'none' or 'key' or 'partition', not 'kee'. | Did you mean 'key'?"]],
    [['machine: a', 'batch: {}'], ['5:5 MISSING_KEY /sources/s/batch sources.s.batch has no maxEvents. | Add it: maxEvents: 100']],
    [['machine: a', 'batch: { maxEvents: 10001, maxBytes: 0 }'], ['5:25 OUT_OF_RANGE /sources/s/batch/maxEvents sources.s.batch.maxEvents must be a whole number from 1 to 10000, not 10001.', '5:42 OUT_OF_RANGE /sources/s/batch/maxBytes sources.s.batch.maxBytes must be a whole number from 1 to 268435456, not 0.']],
    [['machine: a', 'batch: { maxEvents: 1, maxBytes: 262145 }'], ['5:38 OUT_OF_RANGE /sources/s/batch/maxBytes sources.s.batch.maxBytes (262145) is more than limits.payloadBytes (262144), which the input of one execution cannot exceed.']],
    [['machine: a', 'maxInFlight: 0'], ['5:18 OUT_OF_RANGE /sources/s/maxInFlight sources.s.maxInFlight must be a whole number from 1 to 10000000, not 0.']],
    [['machine: a', 'retry: { backoffMs: 40000 }'], ['5:25 OUT_OF_RANGE /sources/s/retry/backoffMs sources.s.retry.backoffMs (40000) is more than maxBackoffMs (30000).']],
    [['machine: a', 'retry: { maxBackoffMs: 100 }'], ['5:12 OUT_OF_RANGE /sources/s/retry/backoffMs sources.s.retry.backoffMs (500) is more than maxBackoffMs (100).']],
    [['machine: a', 'retry: { maxAttempts: x }'], ["5:27 WRONG_TYPE /sources/s/retry/maxAttempts sources.s.retry.maxAttempts must be a whole number from 1 to 1000, not 'x'."]],
    [['machine: a', 'deadLetters: lost'], ["5:18 UNKNOWN_NAME /sources/s/deadLetters sources.s.deadLetters names 'lost', which is no output. | The configuration has no outputs."]],
    [['machine: a', 'deadLetters:'], ['5:17 WRONG_TYPE /sources/s/deadLetters sources.s.deadLetters must be text, not empty.']],
    [['machine: a', 'tombstones: drop'], ["5:17 INVALID_VALUE /sources/s/tombstones sources.s.tombstones must be 'skip' or 'run' or 'deadLetter', not 'drop'."]],
    [['machine: a', 'deduplicate: {}'], ['5:5 MISSING_KEY /sources/s/deduplicate sources.s.deduplicate has none of window and windowMs: one of them has to be there.']],
    [['machine: a', 'deduplicate: { window: 1h, windowMs: 5000 }'], ['5:32 CONFLICTING_KEYS /sources/s/deduplicate sources.s.deduplicate has window and windowMs: only one of window and windowMs may be there. | Remove all but one.']],
    [['machine: a', 'deduplicate: { window: "10" }'], ["5:28 INVALID_VALUE /sources/s/deduplicate/window sources.s.deduplicate.window must be a duration, not '10'. | Write a whole number and a unit: 30s, 15m, 1h, 1d."]],
    [['machine: a', 'deduplicate: { window: 31d }'], ['5:28 OUT_OF_RANGE /sources/s/deduplicate/window sources.s.deduplicate.window must be from 1s to 30d, not 31d.']],
    [['machine: a', 'deduplicate: { window: 1h, key: id, redis: {} }'], ['5:37 INVALID_VALUE /sources/s/deduplicate/key sources.s.deduplicate.key must be a JSONata expression in {% %}, not \'id\'. | Write key: "{% id %}", in quotes.', '5:41 MISSING_KEY /sources/s/deduplicate/redis sources.s.deduplicate.redis has none of url, sentinels and cluster: one of them has to be there.']],
  ])('is checked: %j', (lines, expected) => {
    expect(mistakes(KAFKA, ...lines).map((line) => line.replace(/(?<=The match types are ).*/, '…'))).toEqual(expected);
  });

  it('has a filter that strict compatibility takes', () => {
    const { mistakes } = createFolder();
    const pattern = 'filter: { x: [{ numeric: [">", 6000000000] }] }';
    expect(mistakes(file([KAFKA, 'machine: a', pattern]))).toEqual([]);
    expect(mistakes(`compatibility: strict\n${file([KAFKA, 'machine: a', pattern])}`)).toHaveLength(1);
  });

  it('that is BullMQ has neither order nor batches', () => {
    expect(mistakes(BULLMQ, 'machine: a', 'order: key', 'batch: { maxEvents: 2 }')).toEqual([
      "5:12 INVALID_VALUE /sources/s/order sources.s.order cannot be 'key': a BullMQ queue has neither partitions nor keys, and gives its jobs to whoever asks. | Remove it; for order, use kafka or redisStream.",
      '6:12 INVALID_VALUE /sources/s/batch sources.s.batch cannot be with bullmq: each job has a result of its own, which one execution for many could not give. | Remove it; for batches, use kafka or redisStream.',
    ]);
    expect(source(BULLMQ, 'machine: a', 'order: none').order).toBe('none');
  });

  it('that is a Redis stream has order by key only where it has keys', () => {
    expect(mistakes(STREAM, 'machine: a', 'order: key')).toEqual(["5:12 MISSING_KEY /sources/s/order sources.s.order is 'key', and the source does not say which field holds the key. | Add key: customer, the name of the field, to redisStream."]);
    expect(source('redisStream: { url: redis://r, stream: s, group: g, key: k }', 'machine: a', 'order: key').order).toBe('key');
    expect(source(STREAM, 'machine: a', 'order: partition').order).toBe('partition');
  });

  it('is not served by a machine that is found but not there any more', () => {
    const { mistakes } = createFolder();
    expect(mistakes(`machines: {}\n${file([KAFKA, 'machine: a'])}`)).toEqual(["5:14 UNKNOWN_NAME /sources/s/machine sources.s.machine names 'a', which is no state machine that is served. | The configuration has no state machines."]);
  });
});

describe('a Kafka source', () => {
  it.each([
    ['from: latest', { from: 'latest' }],
    ['from: 2026-01-31T00:00:00Z', { from: { timestampMs: Date.UTC(2026, 0, 31) } }],
    ['from: 2026-01-31T02:00:00.5+02:00', { from: { timestampMs: Date.UTC(2026, 0, 31) + 500 } }],
    ['isolation: read_uncommitted', { readUncommitted: true }],
    ['sessionTimeoutMs: 10000', { sessionTimeoutMs: 10_000 }],
    ['clientId: c', { clientId: 'c' }],
  ])('has %s', (settings, expected) => {
    expect(kafka(`kafka: { brokers: b:1, topics: [t, u, t], groupId: g, ${settings} }`)).toMatchObject({ topics: ['t', 'u'], ...expected });
  });

  it.each([
    ['from: first', "3:59 INVALID_VALUE /sources/s/kafka/from sources.s.kafka.from must be 'earliest', 'latest' or a time, not 'first'. | Write a time with Z or an offset: 2026-01-31T00:00:00Z."],
    ['from: 2026-02-30T00:00:00Z', "3:59 INVALID_VALUE /sources/s/kafka/from sources.s.kafka.from must be 'earliest', 'latest' or a time, not '2026-02-30T00:00:00Z'. | Write a time with Z or an offset: 2026-01-31T00:00:00Z."],
    ['heartbeatIntervalMs: 15000', '3:74 OUT_OF_RANGE /sources/s/kafka/heartbeatIntervalMs sources.s.kafka.heartbeatIntervalMs (15000) is not less than half of sessionTimeoutMs (30000): one heartbeat lost would end the session.'],
    ['minBytes: 20000000', '3:63 OUT_OF_RANGE /sources/s/kafka/minBytes sources.s.kafka.minBytes (20000000) is more than maxBytes (10485760).'],
    ['maxBytesPerPartition: 20000000', '3:75 OUT_OF_RANGE /sources/s/kafka/maxBytesPerPartition sources.s.kafka.maxBytesPerPartition (20000000) is more than maxBytes (10485760).'],
    ['maxWaitMs: 30000', '3:64 OUT_OF_RANGE /sources/s/kafka/maxWaitMs sources.s.kafka.maxWaitMs (30000) is not less than requestTimeoutMs (30000): a fetch that waits would be taken for one without an answer.'],
    ['sessionTimeoutMs: 1', '3:71 OUT_OF_RANGE /sources/s/kafka/sessionTimeoutMs sources.s.kafka.sessionTimeoutMs must be a whole number from 1000 to 3600000, not 1.'],
    ['isolation: commited', "3:64 INVALID_VALUE /sources/s/kafka/isolation sources.s.kafka.isolation must be 'read_committed' or 'read_uncommitted', not 'commited'."],
  ])('is checked: %s', (settings, expected) => {
    expect(mistakes(`kafka: { brokers: b:1, topics: [t], groupId: g, ${settings} }`, 'machine: a')).toEqual([expected]);
  });

  it('has topics', () => {
    expect(mistakes('kafka: { brokers: b:1, topics: [], groupId: g }', 'machine: a')).toEqual(['3:36 INVALID_VALUE /sources/s/kafka/topics sources.s.kafka.topics must be text or a list, not an empty list.']);
    expect(mistakes('kafka: { brokers: b:1, topics: [t, 1, ""], groupId: g }', 'machine: a')).toEqual([
      '3:40 WRONG_TYPE /sources/s/kafka/topics/1 sources.s.kafka.topics.1 must be text, not 1.',
      '3:43 INVALID_VALUE /sources/s/kafka/topics/2 sources.s.kafka.topics.2 must be text, not empty text.',
    ]);
  });
});

describe('a Redis stream source', () => {
  it.each([
    ['stream: s', { streams: ['s'], from: '0', valueField: 'event', keyField: null, trim: 'none' }],
    ['streams: [s, t]', { streams: ['s', 't'] }],
    ['stream: "s,t"', { streams: ['s,t'] }],
    ['stream: s, from: earliest', { from: '0' }],
    ['stream: s, from: latest', { from: '$' }],
    ['stream: s, from: 5-1', { from: '5-1' }],
    ['stream: s, value: "*", key: k', { valueField: null, keyField: 'k' }],
    ['stream: s, consumer: me, batchEvents: 5, blockMs: 10, takeoverMs: 5000', { consumer: 'me', batchEvents: 5, blockMs: 10, takeoverMs: 5000 }],
    ['stream: s, trim: acknowledged', { trim: 'acknowledged' }],
    ['stream: s, trim: { maxLength: 10 }', { trim: { maxLength: 10 } }],
  ])('has %s', (settings, expected) => {
    expect(redisStream(settings)).toMatchObject(expected);
  });

  it.each([
    ['from: first', "3:63 INVALID_VALUE /sources/s/redisStream/from sources.s.redisStream.from must be 'earliest', 'latest' or the id of an entry, not 'first'. | An id is a time in milliseconds and a number: 1767225600000-0."],
    ['streams: t', '3:57 CONFLICTING_KEYS /sources/s/redisStream sources.s.redisStream has stream and streams: only one of stream and streams may be there. | Remove all but one.'],
    ['trim: some', "3:63 INVALID_VALUE /sources/s/redisStream/trim sources.s.redisStream.trim must be 'none' or 'acknowledged' or a mapping, not 'some'."],
    ['trim: 5', "3:63 WRONG_TYPE /sources/s/redisStream/trim sources.s.redisStream.trim must be 'none' or 'acknowledged' or a mapping, not 5."],
    ['trim: { maxLength: 0 }', '3:76 OUT_OF_RANGE /sources/s/redisStream/trim/maxLength sources.s.redisStream.trim.maxLength must be a whole number from 1 to 1000000000, not 0.'],
    ['trim: {}', '3:57 MISSING_KEY /sources/s/redisStream/trim sources.s.redisStream.trim has no maxLength. | Add it: maxLength: 1000000'],
    ['trim: { maxLenght: 5, maxLength: 5 }', "3:65 UNKNOWN_KEY /sources/s/redisStream/trim/maxLenght 'sources.s.redisStream.trim.maxLenght' is not a key of the configuration. | Did you mean 'maxLength'?"],
  ])('is checked: %s', (settings, expected) => {
    expect(mistakes(`redisStream: { url: redis://r, stream: s, group: g, ${settings} }`, 'machine: a')).toEqual([expected]);
  });
});

describe('a BullMQ source', () => {
  it('has what the file says', () => {
    expect(source('bullmq: { url: redis://r, queue: q, prefix: p, lockDurationMs: 5000, rateLimit: { max: 5, durationMs: 1000 } }', 'machine: a').kind).toEqual({ bullmq: { url: 'redis://r', queue: 'q', prefix: 'p', lockDurationMs: 5000, rateLimit: { max: 5, durationMs: 1000 } } });
    expect(source('bullmq: { cluster: { addresses: r:1 }, queue: q, prefix: "{p}" }', 'machine: a').kind).toEqual({ bullmq: { cluster: { addresses: ['r:1'] }, queue: 'q', prefix: '{p}', lockDurationMs: 30_000 } });
  });

  it.each([
    ['url: redis://r, queue: a:b', "3:38 INVALID_VALUE /sources/s/bullmq/queue sources.s.bullmq.queue must not contain ':', which BullMQ refuses."],
    ['cluster: { addresses: r:1 }, queue: q', '3:13 INVALID_VALUE /sources/s/bullmq/prefix sources.s.bullmq.prefix (bull) has no braces: in a Redis Cluster the keys of a queue are in one slot only if a part in braces says so. | Write prefix: "{bull}", and the same wherever the queue is used.'],
    ['url: redis://r, queue: q, rateLimit: { max: 1 }', '3:41 MISSING_KEY /sources/s/bullmq/rateLimit sources.s.bullmq.rateLimit has no durationMs. | Add it: durationMs: 1000'],
  ])('is checked: %s', (settings, expected) => {
    expect(mistakes(`bullmq: { ${settings} }`, 'machine: a')).toEqual([expected]);
  });
});

describe('two sources', () => {
  const two = (one: string, other: string, before = ''): string[] => createFolder().mistakes(`${before}sources:\n  one: { ${one}, machine: a }\n  two: { ${other}, machine: a }\n`);

  it('do not take events away from each other', () => {
    expect(two('kafka: { brokers: "b:1,c:1", topics: t, groupId: g }', 'kafka: { brokers: [c:1], topics: u, groupId: g }')).toEqual([
      "3:55 INVALID_VALUE /sources/two/kafka/groupId sources.two.kafka.groupId is 'g', and so is that of sources.one.kafka: each event would go to one of the two, and nobody can say to which. | Give it a group of its own.",
    ]);
    expect(two(STREAM, 'redisStream: { url: redis://r, streams: [x, s], group: g }')).toEqual([
      "3:65 INVALID_VALUE /sources/two/redisStream/group sources.two.redisStream.group is 'g', and so is that of sources.one.redisStream: each event would go to one of the two, and nobody can say to which. | Give it a group of its own.",
    ]);
    expect(two(BULLMQ, BULLMQ)).toEqual([
      "3:43 INVALID_VALUE /sources/two/bullmq/queue sources.two.bullmq.queue is 'q', and so is that of sources.one.bullmq: each event would go to one of the two, and nobody can say to which. | Let one source have the queue.",
    ]);
    expect(two(KAFKA, BULLMQ, 'journal: { kafka: { brokers: b:1, groupId: g } }\n')).toEqual([
      "3:53 INVALID_VALUE /sources/one/kafka/groupId sources.one.kafka.groupId is 'g', and so is that of journal.kafka: each event would go to one of the two, and nobody can say to which. | Give it a group of its own.",
    ]);
  });

  it('may read the same for groups of their own, and the same names elsewhere', () => {
    expect(two(KAFKA, 'kafka: { brokers: b:1, topics: t, groupId: h }')).toEqual([]);
    expect(two(KAFKA, 'kafka: { brokers: c:1, topics: t, groupId: g }')).toEqual([]);
    expect(two(STREAM, 'redisStream: { url: redis://r, stream: t, group: g }')).toEqual([]);
    expect(two(STREAM, 'redisStream: { url: redis://other, stream: s, group: g }')).toEqual([]);
    expect(two(BULLMQ, 'bullmq: { url: redis://r, queue: q, prefix: p }')).toEqual([]);
  });
});
