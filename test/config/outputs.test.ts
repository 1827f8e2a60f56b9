import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFolder } from './loading.ts';

const file = (output: string): string => `outputs:\n  o: { ${output} }\n`;
const KAFKA = { brokers: ['b:1'], clientId: 'millrace', connectionTimeoutMs: 10_000, requestTimeoutMs: 30_000 };

describe('an output', () => {
  it.each([
    ['kafka: { brokers: b:1, topic: t }', { kafka: { ...KAFKA, topic: 't', compression: 'none' } }],
    ['kafka: { brokers: b:1, topic: t, compression: zstd }', { kafka: { ...KAFKA, topic: 't', compression: 'zstd' } }],
    ['redisStream: { url: "redis://r", stream: s }', { redisStream: { url: 'redis://r', stream: 's' } }],
    ['redisStream: { url: "redis://r", stream: s, maxLength: 10 }', { redisStream: { url: 'redis://r', stream: 's', maxLength: 10 } }],
    ['bullmq: { url: "redis://r", queue: q }', { bullmq: { url: 'redis://r', queue: 'q', prefix: 'bull' } }],
    ['webhook: { url: "https://h/x?y" }', { webhook: { url: 'https://h/x?y', headers: {}, timeoutMs: 10_000 } }],
    ['webhook: { url: "http://h", headers: { Authorization: "Bearer ${TOKEN}", x-n: "${N}" }, timeoutMs: 5 }', { webhook: { url: 'http://h', headers: { Authorization: 'Bearer t', 'x-n': '1' }, timeoutMs: 5 } }],
    ['file: { path: /var/x.ndjson }', { file: { path: '/var/x.ndjson' } }],
  ])('is %s', (output, kind) => {
    const { load } = createFolder();
    expect(load(file(output), { env: { TOKEN: 't', N: '1' } }).outputs).toEqual([{ name: 'o', kind, when: {} }]);
  });

  it('has a path from the folder of the file', () => {
    const { at, load, put } = createFolder();
    put('deep/m.yaml', `machines: {}\n${file('file: { path: out/o.ndjson }')}`);
    expect(load('', { file: 'deep/m.yaml' }).outputs[0]!.kind).toEqual({ file: { path: join(at, 'deep/out/o.ndjson') } });
  });

  it('takes the outcomes that it says', () => {
    const { load } = createFolder();
    const when = (text: string): object => load(`redis: { url: redis://r }
sources: { s: { bullmq: { queue: q }, machine: a } }
schedules: { n: { machine: a, every: 1h } }
outputs: { o: { file: { path: x }, when: ${text} } }
`).outputs[0]!.when;
    expect(when('{}')).toEqual({});
    expect(when('{ machine: a, source: s, status: FAILED }')).toEqual({ machines: ['a'], sources: ['s'], status: ['FAILED'] });
    expect(when('{ machine: [a], source: [s, n], status: [SUCCEEDED, FAILED, TIMED_OUT, REJECTED, POISON] }')).toEqual({ machines: ['a'], sources: ['s', 'n'], status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'REJECTED', 'POISON'] });
  });

  it('takes dead letters of the sources that name it', () => {
    const { sources, outputs } = createFolder().load(`redis: { url: redis://r }
sources: { s: { bullmq: { queue: q }, machine: a, deadLetters: lost } }
outputs: { lost: { file: { path: x } } }
`);
    expect(sources[0]!.deadLetters).toEqual({ output: 'lost' });
    expect(outputs).toMatchObject([{ name: 'lost', when: {} }]);
  });

  const STATUSES = "'SUCCEEDED' or 'FAILED' or 'TIMED_OUT' or 'REJECTED' or 'POISON'";

  it.each([
    ['', ['2:3 MISSING_KEY /outputs/o outputs.o has none of kafka, redisStream, bullmq, webhook and file: one of them has to be there.']],
    ['flie: { path: x }', ["2:8 UNKNOWN_KEY /outputs/o/flie 'outputs.o.flie' is not a key of the configuration. | Did you mean 'file'?"]],
    ['when: { machine: b }', ['2:3 MISSING_KEY /outputs/o outputs.o has none of kafka, redisStream, bullmq, webhook and file: one of them has to be there.', "2:25 UNKNOWN_NAME /outputs/o/when/machine outputs.o.when.machine names 'b', which is no state machine that is served. | Did you mean 'a'?"]],
    ['file: { path: x }, webhook: { url: "http://h" }', ['2:27 CONFLICTING_KEYS /outputs/o outputs.o has file and webhook: only one of kafka, redisStream, bullmq, webhook and file may be there. | Remove all but one.']],
    ['file: { path: "" }', ['2:22 INVALID_VALUE /outputs/o/file/path outputs.o.file.path must be text, not empty text.']],
    ['file: {}', ['2:8 MISSING_KEY /outputs/o/file outputs.o.file has no path. | Add it: path: ./data/alerts.ndjson']],
    ['kafka: { brokers: b:1, topic: t, compression: brotli }', ["2:54 INVALID_VALUE /outputs/o/kafka/compression outputs.o.kafka.compression must be 'none' or 'gzip' or 'snappy' or 'lz4' or 'zstd', not 'brotli'."]],
    ['bullmq: { url: "redis://r", queue: "a:b" }', ["2:43 INVALID_VALUE /outputs/o/bullmq/queue outputs.o.bullmq.queue must not contain ':', which BullMQ refuses."]],
    ['webhook: { url: "ftp://secret" }', ['2:24 INVALID_VALUE /outputs/o/webhook/url outputs.o.webhook.url is not the URL of an HTTP server. | Write https://host/path, or http://.']],
    ['webhook: { url: "http://h", headers: { "a b": x, c: 1, d: "é\\n" } }', ['2:54 INVALID_NAME /outputs/o/webhook/headers/a b outputs.o.webhook.headers.a b cannot be the name of a header.', '2:60 WRONG_TYPE /outputs/o/webhook/headers/c outputs.o.webhook.headers.c must be text, not a number.', '2:66 INVALID_VALUE /outputs/o/webhook/headers/d outputs.o.webhook.headers.d has characters that a header cannot carry.']],
    ['file: { path: x }, when: { status: OK }', [`2:43 INVALID_VALUE /outputs/o/when/status outputs.o.when.status must be ${STATUSES} or a list, not 'OK'.`]],
    ['file: { path: x }, when: { status: [FAILD] }', [`2:44 INVALID_VALUE /outputs/o/when/status/0 outputs.o.when.status.0 must be ${STATUSES}, not 'FAILD'. | Did you mean 'FAILED'?`]],
    ['file: { path: x }, when: { status: [] }', [`2:43 INVALID_VALUE /outputs/o/when/status outputs.o.when.status must be ${STATUSES} or a list, not an empty list.`]],
    ['file: { path: x }, when: { machine: [a, b], source: s }', ["2:44 UNKNOWN_NAME /outputs/o/when/machine outputs.o.when.machine names 'b', which is no state machine that is served. | Did you mean 'a'?", "2:60 UNKNOWN_NAME /outputs/o/when/source outputs.o.when.source names 's', which is no source or schedule. | The configuration has no sources and schedules."]],
    ['file: { path: x }, status: FAILED', ["2:27 UNKNOWN_KEY /outputs/o/status 'outputs.o.status' is not a key of the configuration. | The keys here are kafka, redisStream, bullmq, webhook, file, when."]],
  ])('is checked: %s', (output, expected) => {
    expect(createFolder().mistakes(file(output))).toEqual(expected);
  });

  it('keeps dead letters out of webhooks', () => {
    const yaml = 'outputs: { hook: { webhook: { url: "https://example.org/" } } }\nredis: { url: redis://x }\nsources: { s: { bullmq: { queue: q }, machine: a, deadLetters: hook } }\n';
    expect(createFolder().mistakes(yaml)).toEqual([
      "3:64 INVALID_VALUE /sources/s/deadLetters sources.s.deadLetters names 'hook', a webhook: dead letters could not be read from it again. | Name an output that is a Kafka topic, a Redis stream, a BullMQ queue or a file.",
    ]);
  });

  it("cannot be named 'none'", () => {
    expect(createFolder().mistakes('outputs: { none: { file: { path: x } } }\n')).toEqual(["1:12 INVALID_NAME /outputs/none outputs.none cannot be the name of an output: 'deadLetters: none' drops dead letters. | Give it another name."]);
  });
});
