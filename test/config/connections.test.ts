import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config.ts';
import { createFolder } from './loading.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';

/** The connection of an output to Kafka, given its settings in a line. */
const kafkaFile = (settings: string): string => `outputs:\n  o:\n    kafka: { topic: t, ${settings} }\n`;

const kafka = (settings: string, env = {}): object => {
  const { load, put } = createFolder();
  put('tls/ca.pem', PEM);
  put('tls/key.pem', PEM.replaceAll('CERTIFICATE', 'PRIVATE KEY'));
  return (load(kafkaFile(settings), { env }).outputs[0]!.kind as { kafka: object }).kafka;
};

const kafkaMistakes = (settings: string): string[] => {
  const { mistakes, put } = createFolder();
  put('no.pem', 'x');
  put('a.pem', PEM);
  return mistakes(kafkaFile(settings));
};

const redis = (settings: string, env = {}): Config['redis'] => createFolder().load(`redis: { ${settings} }\n`, { env }).redis;
const redisMistakes = (settings: string, env = {}): string[] => createFolder().mistakes(`redis: { ${settings} }\n`, { env });

describe('a connection to Kafka', () => {
  it('has its defaults', () => {
    expect(kafka('brokers: b:1')).toEqual({ brokers: ['b:1'], clientId: 'millrace', connectionTimeoutMs: 10_000, requestTimeoutMs: 30_000, topic: 't', compression: 'none' });
  });

  it.each([
    ['brokers: [a:1, "b:2, c:3"]', ['a:1', 'b:2', 'c:3']],
    ['brokers: "a:1,a:1,"', ['a:1']],
    ['brokers: ["${KAFKA_BROKERS:-d:4}"]', ['k-1.example.org:9092', '[::1]:9093']],
    ['brokers: "${KAFKA_BROKERS}"', ['k-1.example.org:9092', '[::1]:9093']],
    ['brokers: "${NONE:-d:4}"', ['d:4']],
  ])('takes addresses one by one or with commas between them: %s', (settings, brokers) => {
    expect(kafka(settings, { KAFKA_BROKERS: 'k-1.example.org:9092,[::1]:9093' })).toMatchObject({ brokers });
  });

  it('has TLS and SASL, with files read and secrets as text', () => {
    const settings = 'brokers: b:1, tls: { ca: tls/ca.pem, cert: ./tls/ca.pem, key: tls/key.pem, servername: n, rejectUnauthorized: "${NO}" }, sasl: { mechanism: scram-sha-256, username: u, password: "${PASSWORD}" }';
    expect(kafka(settings, { NO: 'false', PASSWORD: '0123' })).toMatchObject({
      tls: { ca: PEM, cert: PEM, key: PEM.replaceAll('CERTIFICATE', 'PRIVATE KEY'), servername: 'n', rejectUnauthorized: false },
      sasl: { mechanism: 'scram-sha-256', username: 'u', password: '0123' },
    });
    expect(kafka('brokers: b:1, tls: true')).toMatchObject({ tls: { rejectUnauthorized: true } });
    expect(kafka('brokers: b:1, tls: {}')).toMatchObject({ tls: { rejectUnauthorized: true } });
    expect(kafka('brokers: b:1, tls: false')).not.toHaveProperty('tls');
    expect(kafka('brokers: b:1, tls: "${TLS}"', { TLS: 'true' })).toMatchObject({ tls: { rejectUnauthorized: true } });
  });

  it.each([
    ['brokers: b', "3:33 INVALID_VALUE /outputs/o/kafka/brokers outputs.o.kafka.brokers names 'b', which is not an address. | Write host:port, as in b:9092."],
    ['brokers: [b:1, "kafka://c:2"]', "3:33 INVALID_VALUE /outputs/o/kafka/brokers outputs.o.kafka.brokers names 'kafka://c:2', which is not an address. | Write host:port, as in example.org:9092."],
    ['brokers: b:65536', "3:33 INVALID_VALUE /outputs/o/kafka/brokers outputs.o.kafka.brokers names 'b:65536', which is not an address. | Write host:port, as in example.org:9092."],
    ['brokers: ","', '3:33 INVALID_VALUE /outputs/o/kafka/brokers outputs.o.kafka.brokers names no address.'],
    ['brokers: 1', '3:33 WRONG_TYPE /outputs/o/kafka/brokers outputs.o.kafka.brokers must be text or a list, not 1.'],
    ['brokers: b:1, tls: yes', "3:43 WRONG_TYPE /outputs/o/kafka/tls outputs.o.kafka.tls must be true or false or a mapping, not 'yes'."],
    ['brokers: b:1, tls: { ca: nope.pem }', '3:49 MISSING_FILE /outputs/o/kafka/tls/ca outputs.o.kafka.tls.ca names nope.pem, which does not exist. | It would be <at>/nope.pem: paths are relative to the folder of the configuration file.'],
    ['brokers: b:1, tls: { ca: no.pem }', '3:49 INVALID_VALUE /outputs/o/kafka/tls/ca outputs.o.kafka.tls.ca names no.pem, which is not PEM. | PEM is text that begins with -----BEGIN.'],
    ['brokers: b:1, tls: { cert: a.pem }', '3:51 MISSING_KEY /outputs/o/kafka/tls/cert outputs.o.kafka.tls.cert goes with key, which is not there.'],
    ['brokers: b:1, tls: { key: a.pem }', '3:50 MISSING_KEY /outputs/o/kafka/tls/key outputs.o.kafka.tls.key goes with cert, which is not there.'],
    ['brokers: b:1, sasl: { mechanism: PLAIN, username: u, password: p }', "3:57 INVALID_VALUE /outputs/o/kafka/sasl/mechanism outputs.o.kafka.sasl.mechanism must be 'plain' or 'scram-sha-256' or 'scram-sha-512', not 'PLAIN'. | Did you mean 'plain'?"],
    ['brokers: b:1, sasl: { mechanism: plain, username: u, password: 4711 }', '3:87 WRONG_TYPE /outputs/o/kafka/sasl/password outputs.o.kafka.sasl.password must be text, not a number.'],
    ['brokers: b:1, sasl: { mechanism: plain, username: u }', '3:38 MISSING_KEY /outputs/o/kafka/sasl outputs.o.kafka.sasl has no password. | Add it: password: ${KAFKA_PASSWORD}'],
    ['brokers: b:1, connectionTimeoutMs: 1', '3:59 OUT_OF_RANGE /outputs/o/kafka/connectionTimeoutMs outputs.o.kafka.connectionTimeoutMs must be a whole number from 100 to 3600000, not 1.'],
  ])('is checked: %s', (settings, expected) => {
    expect(kafkaMistakes(settings)).toEqual([expected]);
  });
});

describe('a connection to Redis', () => {
  it.each([
    ['url: redis://h', { url: 'redis://h' }],
    ['url: "${REDIS_URL}", tls: true', { url: 'rediss://u:p%40@h:1/2', tls: { rejectUnauthorized: true } }],
    ['sentinels: { addresses: "a:1,b:2", master: m }', { sentinels: { addresses: ['a:1', 'b:2'], master: 'm' } }],
    ['sentinels: { addresses: [a:1], master: m, username: u, password: "${NUMBER}", sentinelPassword: "${NUMBER}", db: 3 }', { sentinels: { addresses: ['a:1'], master: 'm', username: 'u', password: '1', sentinelPassword: '1', db: 3 } }],
    ['cluster: { addresses: [a:1, b:2] }', { cluster: { addresses: ['a:1', 'b:2'] } }],
    ['cluster: { addresses: [a:1], username: u, password: p }', { cluster: { addresses: ['a:1'], username: 'u', password: 'p' } }],
  ])('is %s', (settings, expected) => {
    expect(redis(settings, { REDIS_URL: 'rediss://u:p%40@h:1/2', NUMBER: '1' })).toEqual(expected);
  });

  const URLS = 'Write redis://host:6379, or rediss:// for TLS; redis://user:password@host:6379/0 with all that it can name. In a user or password, / ? # @ : and % are written as %2F %3F %23 %40 %3A and %25.';

  it.each([
    ['', ['1:1 MISSING_KEY /redis redis has none of url, sentinels and cluster: one of them has to be there.']],
    ['urls: redis://h', ["1:10 UNKNOWN_KEY /redis/urls 'redis.urls' is not a key of the configuration. | Did you mean 'url'?"]],
    ['url: redis://h, cluster: { addresses: a:1 }', ['1:26 CONFLICTING_KEYS /redis redis has url and cluster: only one of url, sentinels and cluster may be there. | Remove all but one.']],
    ['url: 1', ['1:15 WRONG_TYPE /redis/url redis.url must be text, not a number.']],
    ['url: ""', ['1:15 INVALID_VALUE /redis/url redis.url must be text, not empty text.']],
    ['url: localhost:6379', [`1:15 INVALID_VALUE /redis/url redis.url is not the URL of a Redis. | ${URLS}`]],
    ['url: "http://u:secret@h"', [`1:15 INVALID_VALUE /redis/url redis.url is not the URL of a Redis. | ${URLS}`]],
    ['url: redis://h/x', ['1:15 INVALID_VALUE /redis/url redis.url has a path that is not the number of a database. | Write redis://host:6379/0.']],
    ['sentinels: { addresses: h, db: -1 }', ['1:10 MISSING_KEY /redis/sentinels redis.sentinels has no master. | Add it: master: mymaster', "1:34 INVALID_VALUE /redis/sentinels/addresses redis.sentinels.addresses names 'h', which is not an address. | Write host:port, as in h:26379.", '1:41 OUT_OF_RANGE /redis/sentinels/db redis.sentinels.db must be a whole number from 0 to 65535, not -1.']],
    ['cluster: {}', ['1:10 MISSING_KEY /redis/cluster redis.cluster has no addresses. | Add it: addresses: ["redis-1:6379","redis-2:6379"]']],
  ])('is checked: %s', (settings, expected) => {
    expect(redisMistakes(settings)).toEqual(expected);
  });

  it('never shows a secret', () => {
    const told = redisMistakes('url: "${URL}", sentinels: { addresses: a:1, master: m, password: [secret] }', { URL: 'http://u:secret@h' }).join('\n');
    expect(told).toContain('/redis/url');
    expect(told).toContain('/redis/sentinels/password');
    expect(told).not.toContain('secret');
  });

  it('is that of the key redis, where there is no other', () => {
    const { load, mistakes } = createFolder();
    const parts = `sources:
  s: { redisStream: { stream: s, group: g }, machine: a, deduplicate: { window: 1h } }
  q: { bullmq: { queue: q }, machine: a, deduplicate: { window: 1h, redis: { url: "redis://own" } } }
  k: { bullmq: { queue: q, url: "redis://other" }, machine: a }
outputs:
  s: { redisStream: { stream: s } }
  q: { bullmq: { queue: q } }
journal: { redis: {} }
`;
    const { sources, outputs, journal } = load(`redis: { url: redis://h }\n${parts}`);
    const shared = { url: 'redis://h' };
    expect(sources).toMatchObject([{ kind: { redisStream: shared }, deduplicate: { redis: shared } }, { kind: { bullmq: shared }, deduplicate: { redis: { url: 'redis://own' } } }, { kind: { bullmq: { url: 'redis://other' } } }]);
    expect(outputs).toMatchObject([{ kind: { redisStream: shared } }, { kind: { bullmq: shared } }]);
    expect(journal).toMatchObject({ redis: shared });
    const hint = 'Add url: redis://127.0.0.1:6379 to it, or redis: { url: redis://127.0.0.1:6379 } to the configuration.';
    const none = (name: string): string => `${name} names no Redis: it has none of url, sentinels, cluster, and the configuration has no redis. | ${hint}`;
    expect(mistakes(parts)).toEqual([
      `2:8 MISSING_KEY /sources/s/redisStream ${none('sources.s.redisStream')}`,
      `3:8 MISSING_KEY /sources/q/bullmq ${none('sources.q.bullmq')}`,
      `6:8 MISSING_KEY /outputs/s/redisStream ${none('outputs.s.redisStream')}`,
      `7:8 MISSING_KEY /outputs/q/bullmq ${none('outputs.q.bullmq')}`,
      `8:12 MISSING_KEY /journal/redis ${none('journal.redis')}`,
    ]);
    expect(load('sources: { s: { bullmq: { queue: q, url: "redis://x" }, machine: a, deduplicate: { window: 1h } } }').sources[0]!.deduplicate).toEqual({ windowMs: 3_600_000 });
    expect(mistakes('redis: { url: redis://h }\noutputs: { q: { bullmq: { queue: q, tls: true } } }\n')).toEqual(['2:42 INVALID_VALUE /outputs/q/bullmq/tls outputs.q.bullmq.tls goes with a url, sentinels or a cluster beside it. | Put it beside the url of the key redis.']);
  });
});
