import { afterEach, expect, it } from 'vitest';
import { eventually } from '../lib/server-process.ts';
import { describeWith } from '../lib/services.ts';
import { startKafka, type KafkaServer } from '../services/kafka.mjs';
import { FEEDS, type Feed } from './feeds.ts';
import { Fleet } from './fleet.ts';
import { judge, ledgerNow } from './ledger.ts';
import { Load } from './load.ts';
import { report } from './report.ts';

const DOWN_MS = Number(process.env['MILLRACE_FAULTS_BROKER_DOWN_MS'] ?? 60_000);

let broker: KafkaServer | undefined;
let fleet: Fleet | undefined;
let feed: Feed | undefined;
afterEach(async () => {
  await fleet?.close();
  await broker?.remove();
  await feed?.close();
  fleet = undefined;
  feed = undefined;
  broker = undefined;
});

// Asks for the shared Kafka only to be skipped where none can be had; the one that is stopped is its own.
await describeWith(['kafka'], 'a Kafka broker that is away', () => {
  it('is waited for, and nothing is lost', async () => {
    broker = await startKafka();
    feed = await FEEDS.kafka({ brokers: broker.brokers, redisUrl: '' }, { order: 'key' });
    fleet = new Fleet({ config: feed.config });
    const { ledger } = fleet;
    for (let i = 0; i < 2; i++) await fleet.add();
    const load = new Load(persistent(feed), { keys: 61, ms: (i) => (i % 97 === 0 ? 300 : 0), chunk: 40 });
    await eventually(() => ledger.ended() > 2_000, 'there is load');
    await broker.stop();
    await new Promise((resolve) => setTimeout(resolve, DOWN_MS));
    const before = ledger.ended();
    await broker.start();
    const backAt = ledgerNow();
    await eventually(() => ledger.ended() > before, 'events are run again', 120_000);
    const recoveredMs = ledgerNow() - backAt;
    const resumed = load.sent.length;
    await eventually(() => load.sent.length > resumed + 1_000, 'the producer sends again', 120_000);
    await load.stop();
    await eventually(() => ledger.ended() === load.sent.length, 'everything has ended', 120_000);
    const verdict = judge(ledger.read(), load.sent);
    const ready = await Promise.all(fleet.members.map(({ server }) => server.ready()));
    report(`Kafka broker stopped for ${DOWN_MS / 1000} s`, verdict, recoveredMs, `${ready.length} of 2 processes are ready again; out of order ${verdict.outOfOrder.length}`);
    expect(verdict.missing).toEqual([]);
    for (const { server } of fleet.members) expect(server.child.exitCode).toBe(null);
  });
});

/** Sends again what kafkajs has given up on. */
const persistent = (feed: Feed): Feed => ({
  ...feed,
  async send(events) {
    for (;;) {
      try {
        return await feed.send(events);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  },
});
