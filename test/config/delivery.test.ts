import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { MillraceError } from '../../src/errors.ts';
import { createFolder } from './loading.ts';

const KAFKA = { clientId: 'millrace', connectionTimeoutMs: 10_000, requestTimeoutMs: 30_000 };
const READING = { sessionTimeoutMs: 30_000, heartbeatIntervalMs: 3000, rebalanceTimeoutMs: 60_000, commitIntervalMs: 1000, minBytes: 1, maxBytes: 10_485_760, maxBytesPerPartition: 1_048_576, maxWaitMs: 500 };
const STREAM = { valueField: 'event', keyField: null, batchEvents: 256, blockMs: 1000, takeoverMs: 30_000, trim: 'none' };
const RETRY = { maxAttempts: 1, backoffMs: 500, maxBackoffMs: 30_000 };

/** The example that README and documentation are built around. */
const EXAMPLE = `server: { host: 127.0.0.1, port: 8080 }
dataDir: ./data
compatibility: extended
functions: ./functions
workers: auto
limits: { maxInFlight: 100000, payloadBytes: 262144 }
machines:
  triage: ./triage.asl.json
  billing: { definition: ./billing.asl.json, timeoutSeconds: 120, maxInFlight: 5000, inputSchema: ./invoice.schema.json }
sources:
  readings:
    kafka: { brokers: ["\${KAFKA_BROKERS:-127.0.0.1:9092}"], topics: [readings], groupId: millrace, from: earliest }
    machine: triage
    filter: { temperature: [{ numeric: [">", 30] }] }
    order: key
    retry: { maxAttempts: 3, backoffMs: 500 }
    deadLetters: lost
  orders:  { redisStream: { url: redis://127.0.0.1:6379, stream: orders, group: millrace }, machine: billing }
  jobs:    { bullmq: { url: redis://127.0.0.1:6379, queue: jobs }, machine: billing }
outputs:
  alerts: { kafka: { brokers: [127.0.0.1:9092], topic: alerts }, when: { machine: triage, status: [SUCCEEDED] } }
  lost:   { file: { path: ./data/dead-letters.ndjson } }
schedules:
  nightly: { machine: billing, cron: "0 2 * * *", timeZone: Europe/Berlin, input: { run: nightly } }
redis: { url: redis://127.0.0.1:6379 }
`;

describe('a configuration with everything', () => {
  it('loads, with its defaults', () => {
    const { at, put, load } = createFolder();
    for (const file of ['triage.asl.json', 'billing.asl.json', 'invoice.schema.json', 'functions/f.mjs']) put(file);
    const { sources, outputs, schedules, redis, journal } = load(EXAMPLE, { env: { KAFKA_BROKERS: 'k1:9092, k2:9093' } });
    expect(sources).toEqual([
      {
        name: 'readings',
        kind: { kafka: { brokers: ['k1:9092', 'k2:9093'], ...KAFKA, topics: ['readings'], groupId: 'millrace', from: 'earliest', ...READING, readUncommitted: false } },
        machine: 'triage',
        filter: '{"temperature":[{"numeric":[">",30]}]}',
        order: 'key',
        maxInFlight: 10_000,
        retry: { ...RETRY, maxAttempts: 3 },
        deadLetters: { output: 'lost' },
        tombstones: 'skip',
      },
      {
        name: 'orders',
        kind: { redisStream: { url: 'redis://127.0.0.1:6379', streams: ['orders'], group: 'millrace', from: '0', ...STREAM } },
        machine: 'billing',
        order: 'none',
        maxInFlight: 10_000,
        retry: RETRY,
        deadLetters: { file: join(at, 'data/dead-letters/orders.ndjson') },
        tombstones: 'skip',
      },
      {
        name: 'jobs',
        kind: { bullmq: { url: 'redis://127.0.0.1:6379', queue: 'jobs', prefix: 'bull', lockDurationMs: 30_000 } },
        machine: 'billing',
        order: 'none',
        maxInFlight: 10_000,
        retry: RETRY,
        deadLetters: { file: join(at, 'data/dead-letters/jobs.ndjson') },
        tombstones: 'skip',
      },
    ]);
    expect(outputs).toEqual([
      { name: 'alerts', kind: { kafka: { brokers: ['127.0.0.1:9092'], ...KAFKA, topic: 'alerts', compression: 'none' } }, when: { machines: ['triage'], status: ['SUCCEEDED'] } },
      { name: 'lost', kind: { file: { path: join(at, 'data/dead-letters.ndjson') } }, when: {} },
    ]);
    expect(schedules).toEqual([{ name: 'nightly', machine: 'billing', cron: '0 2 * * *', timeZone: 'Europe/Berlin', input: '{"run":"nightly"}' }]);
    expect(redis).toEqual({ url: 'redis://127.0.0.1:6379' });
    expect(journal).toEqual({ lmdb: { maxBytes: 4_294_967_296 } });
  });

  it('of which any value is replaced by another still loads, or has mistakes with their places', () => {
    const { put, load } = createFolder();
    for (const name of ['triage.asl.json', 'billing.asl.json', 'invoice.schema.json', 'functions/f.mjs']) put(name);
    const whole = parse(EXAMPLE.replace('${KAFKA_BROKERS:-127.0.0.1:9092}', 'b:1')) as object;
    const others: readonly unknown[] = [null, ['x', 1], { x: [], constructor: 2 }];
    let refused = 0;
    for (const path of pathsOf(whole)) {
      for (const other of others) {
        const yaml = JSON.stringify(replaced(whole, path, other));
        try {
          load(yaml);
        } catch (error) {
          expect([yaml, error]).toEqual([yaml, expect.any(MillraceError)]);
          expect((error as MillraceError).diagnostics.every(({ line, column, message }) => line === 1 && column! > 0 && !/undefined|NaN|\[object/.test(message))).toBe(true);
          refused += 1;
        }
      }
    }
    expect(refused).toBeGreaterThan(150);
  });
});

function* pathsOf(value: unknown, path: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield [...path, key];
    yield* pathsOf(inner, [...path, key]);
  }
}

function replaced(value: unknown, [key, ...rest]: readonly string[], other: unknown): unknown {
  if (key === undefined) return other;
  const entries = Object.entries(value as object).map(([name, inner]) => [name, name === key ? replaced(inner, rest, other) : inner] as const);
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}
