import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, expect, it } from 'vitest';
import { fillPacked } from '../../bench/lib/packed-fill.mjs';
import { eventually } from '../lib/server-process.ts';
import { describeWith } from '../lib/services.ts';
import { FEEDS, type Feed } from './feeds.ts';
import { Fleet } from './fleet.ts';
import { ledgerNow } from './ledger.ts';
import { memoryPlot, type Sample } from './memory-plot.ts';
import { report } from './report.ts';

const EVENTS = Number(process.env['MILLRACE_FAULTS_BACKLOG_EVENTS'] ?? 10_000_000);
const REPORT_DIR = process.env['MILLRACE_FAULTS_REPORT_DIR'] ?? tmpdir();
const CHUNK = 5_000;
const PARTITIONS = 6;
const SAMPLE_MS = 100;

let fleet: Fleet | undefined;
let feed: Feed | undefined;
afterEach(async () => {
  await fleet?.close();
  await feed?.close();
  fleet = undefined;
  feed = undefined;
});

const rssMb = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

// /proc is where the memory of another process can be read.
await describeWith(['kafka'], 'a backlog', ({ kafka }) => {
  it.skipIf(process.platform !== 'linux')(`of ${EVENTS} events is worked off in memory that does not grow with it`, { timeout: 1_800_000 }, async () => {
    feed = await FEEDS.kafka({ brokers: kafka.brokers, redisUrl: '' });
    const topic = (feed.config['sources'] as { events: { kafka: { topics: string[] } } }).events.kafka.topics[0]!;
    const eventOf = (i: number): string => `{"sensor":"s${i % 1000}","temperature":${i % 60}}`;
    await fillPacked(new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }), topic, EVENTS, { partitions: PARTITIONS, perBatch: CHUNK, eventOf });
    fleet = new Fleet({ config: feed.config, workers: 2 });
    const { folder } = fleet;
    writeFileSync(join(folder, 'record.asl.json'), JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Pass', End: true } } }));
    // It reads before it is ready.
    const member = await fleet.add({ wait: false });
    const pid = member.server.child.pid!;
    const samples: Sample[] = [];
    let acknowledged = 0;
    const begun = { atMs: 0, acknowledged: 0 };
    let sampling: NodeJS.Timeout | undefined;
    try {
      await eventually(
        async () => {
          await delay(SAMPLE_MS / 2);
          acknowledged = await fleet!.metric(member, 'millrace_source_acknowledged_total').catch(() => 0);
          if (sampling === undefined && acknowledged > 0) {
            const atMs = ledgerNow();
            Object.assign(begun, { atMs, acknowledged });
            sampling = setInterval(() => samples.push({ seconds: (ledgerNow() - atMs) / 1000, rssMb: rssMb(pid) }), SAMPLE_MS);
          }
          return acknowledged >= EVENTS;
        },
        'the backlog is worked off',
        1_500_000,
      );
    } finally {
      clearInterval(sampling);
    }
    const perSecond = (EVENTS - begun.acknowledged) / ((ledgerNow() - begun.atMs) / 1000);
    const succeeded = await fleet.metric(member, 'millrace_executions_ended_total');
    mkdirSync(REPORT_DIR, { recursive: true });
    writeFileSync(join(REPORT_DIR, 'backlog-memory.csv'), `seconds,rss_mb\n${samples.map(({ seconds, rssMb }) => `${seconds.toFixed(1)},${rssMb.toFixed(1)}\n`).join('')}`);
    writeFileSync(join(REPORT_DIR, 'backlog-memory.svg'), memoryPlot(samples, `Resident memory, a backlog of ${EVENTS.toLocaleString('en')} events`));
    const third = Math.floor(samples.length / 3);
    const values = samples.map(({ rssMb }) => rssMb);
    // In the first third the process warms up: code is compiled, buffers are made that are used again later.
    const second = mean(values.slice(third, 2 * third));
    const last = mean(values.slice(-third));
    report(`backlog, kafka`, { sent: EVENTS, missing: Array.from({ length: Math.max(0, EVENTS - succeeded) }, () => ''), duplicates: Math.max(0, succeeded - EVENTS) }, undefined, `${Math.round(perSecond)} events/s from the first commit on; resident memory ${second.toFixed(0)} MB in the second third, ${last.toFixed(0)} MB in the last, ${Math.max(...values).toFixed(0)} MB at the most`);
    expect(acknowledged).toBe(EVENTS);
    expect(succeeded).toBe(EVENTS);
    expect(third).toBeGreaterThan(0);
    expect(last).toBeLessThan(1.1 * second);
  });
});
