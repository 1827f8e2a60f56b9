import { Kafka, logLevel } from 'kafkajs';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../lib/server-process.ts';
import { describeWith } from '../lib/services.ts';
import { FEEDS, type FaultEvent, type Feed } from './feeds.ts';
import { Fleet } from './fleet.ts';
import { judge, ledgerNow } from './ledger.ts';
import { report } from './report.ts';

const EVENTS = Number(process.env['MILLRACE_FAULTS_ORDER_EVENTS'] ?? 1_000_000);
const PARTITIONS = 6;
const KEYS = 1_000;
const CHUNK = 10_000;

let fleet: Fleet | undefined;
let feed: Feed | undefined;
afterEach(async () => {
  await fleet?.close();
  await feed?.close();
  fleet = undefined;
  feed = undefined;
});

await describeWith(['kafka'], 'order', ({ kafka }) => {
  it.each(['key', 'partition'])(`by %s is kept over ${EVENTS} events, by two processes with two workers each`, async (order) => {
    feed = await FEEDS.kafka({ brokers: kafka.brokers, redisUrl: '' }, { order });
    fleet = new Fleet({ config: feed.config, workers: 2, buffered: true });
    const { ledger } = fleet;
    for (let i = 0; i < 2; i++) await fleet.add();
    const topic = (feed.config['sources'] as { events: { kafka: { topics: string[] } } }).events.kafka.topics[0]!;
    const producer = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    // Of a partition, where the order of partitions is proved, the number is the key; every hundredth execution parks.
    const keys = order === 'key' ? KEYS : PARTITIONS;
    const event = (i: number): FaultEvent => ({ key: `${order[0]}${i % keys}`, n: Math.floor(i / keys), ms: i % (order === 'key' ? 97 : 9_973) === 0 ? 2 : 0 });
    const startedAt = ledgerNow();
    for (let i = 0; i < EVENTS; i += CHUNK) {
      const events = Array.from({ length: Math.min(CHUNK, EVENTS - i) }, (_, j) => event(i + j));
      await producer.send({ topic, messages: events.map((one) => ({ key: one.key, value: JSON.stringify(one), partition: Number(one.key.slice(1)) % PARTITIONS })) });
    }
    await producer.disconnect();
    await eventually(() => ledger.ended() === EVENTS, 'everything has ended', 600_000);
    const tookMs = ledgerNow() - startedAt;
    const verdict = judge(ledger.read(), all(EVENTS, event));
    report(`order ${order}, Kafka, ${PARTITIONS} partitions${order === 'key' ? `, ${KEYS} keys` : ''}`, verdict, undefined, `out of order ${verdict.outOfOrder.length}; ${Math.round(EVENTS / (tookMs / 1000))} events/s, sending included`);
    expect(verdict.missing).toEqual([]);
    expect(verdict.outOfOrder).toEqual([]);
  });
});

function* all(count: number, event: (i: number) => FaultEvent): Iterable<FaultEvent> {
  for (let i = 0; i < count; i++) yield event(i);
}
