import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, expect, it } from 'vitest';
import { eventually, freePort } from '../lib/server-process.ts';
import { describeWith } from '../lib/services.ts';
import { startRedis, type RedisServer } from '../services/redis.mjs';
import { FEEDS, type FaultEvent, type Feed, type FeedName } from './feeds.ts';
import { Fleet } from './fleet.ts';
import { ledgerNow } from './ledger.ts';
import { report } from './report.ts';

const EVENTS = 3_000;
const MOST_IN_FLIGHT = 500;

let fleet: Fleet | undefined;
let feed: Feed | undefined;
let server: Server | undefined;
let peer: RedisServer | undefined;
afterEach(async () => {
  await fleet?.close();
  await feed?.close();
  server?.closeAllConnections();
  server?.close();
  await peer?.remove();
  fleet = undefined;
  feed = undefined;
  server = undefined;
  peer = undefined;
});

/** How many events the broker takes for acknowledged. */
async function acknowledged(name: FeedName, source: Source, peers: { brokers: string[]; redisUrl: string }): Promise<number> {
  if (name === 'kafka') {
    const admin = new Kafka({ brokers: peers.brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const topics = await admin.fetchOffsets({ groupId: source.kafka!.groupId, topics: source.kafka!.topics });
    await admin.disconnect();
    return topics.flatMap(({ partitions }) => partitions).reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
  }
  const redis = new Redis(peers.redisUrl);
  const { stream, group } = source.redisStream!;
  const groups = (await redis.xinfo('GROUPS', stream)) as unknown[][];
  const fields = groups.find((one) => one[1] === group)!;
  const read = Number(fields[fields.indexOf('entries-read') + 1]);
  const [pending] = (await redis.xpending(stream, group)) as [number];
  await redis.quit();
  return read - pending;
}

interface Source {
  readonly kafka?: { readonly groupId: string; readonly topics: string[] };
  readonly redisStream?: { readonly stream: string; readonly group: string };
}

await describeWith(['kafka', 'redis'], 'an output that is down', ({ kafka, redis }) => {
  const peers = { brokers: kafka.brokers, redisUrl: redis.url };

  it.each([
    ['kafka', 'a webhook that answers 503'],
    ['redisStream', 'a webhook that answers 503'],
    ['kafka', 'a webhook that is not there'],
    ['kafka', 'a Redis that was killed'],
    ['redisStream', 'a Redis that was killed'],
  ] satisfies [FeedName, string][])('pauses %s, and gets everything once it is back: %s', async (name, which) => {
    feed = await FEEDS[name](peers, { maxInFlight: MOST_IN_FLIGHT });
    const output = which === 'a Redis that was killed' ? await killedRedis() : await webhook(which === 'a webhook that answers 503');
    fleet = new Fleet({ config: { ...feed.config, outputs: { results: output.config } } });
    const member = await fleet.add();
    await output.goAway();
    const sent: FaultEvent[] = Array.from({ length: EVENTS }, (_, i) => ({ key: `k${i % 50}`, n: Math.floor(i / 50) }));
    for (let i = 0; i < EVENTS; i += 300) await feed.send(sent.slice(i, i + 300));
    const { ledger } = fleet;
    await eventually(async () => (await fleet!.metric(member, 'millrace_source_paused')) === 1 && (await fleet!.metric(member, 'millrace_queued_events')) === 0, 'the source has paused');
    const ran = ledger.ended();
    expect(ran).toBeLessThanOrEqual(MOST_IN_FLIGHT);
    const source = (feed.config['sources'] as { events: Source }).events;
    expect(await acknowledged(name, source, peers)).toBe(0);
    const backAt = ledgerNow();
    await output.comeBack();
    const delivered = new Map<string, number>();
    await eventually(async () => {
      delivered.clear();
      for (const id of await output.delivered()) delivered.set(id, (delivered.get(id) ?? 0) + 1);
      return delivered.size >= EVENTS;
    }, 'the output has everything', 120_000);
    const recoveredMs = ledgerNow() - backAt;
    await eventually(async () => (await acknowledged(name, source, peers)) === EVENTS, 'everything is acknowledged');
    const missing = sent.map(({ key, n }) => `${key} ${n}`).filter((id) => !delivered.has(id));
    const duplicates = [...delivered.values()].reduce((sum, times) => sum + times - 1, 0);
    report(`output down, ${which}, ${name}`, { sent: EVENTS, missing, duplicates }, recoveredMs, `paused with ${ran} run of at most ${MOST_IN_FLIGHT}, 0 acknowledged`);
    expect(missing).toEqual([]);
  }, 300_000);
});

interface Peer {
  readonly config: Readonly<Record<string, unknown>>;
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
  delivered(): Promise<readonly string[]>;
}

const idOf = (body: string): string => {
  const { key, n } = JSON.parse(body) as FaultEvent;
  return `${key} ${n}`;
};

async function webhook(answers: boolean): Promise<Peer> {
  const port = await freePort();
  const taken: string[] = [];
  let works = false;
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      if (works) taken.push(idOf(body));
      response.writeHead(works ? 204 : 503).end();
    });
  });
  const listen = async (): Promise<void> => void (await once(server!.listen(port, '127.0.0.1'), 'listening'));
  if (answers) await listen();
  return {
    config: { webhook: { url: `http://127.0.0.1:${port}/` } },
    // It was not there to begin with.
    goAway: () => Promise.resolve(),
    async comeBack() {
      works = true;
      if (!answers) await listen();
    },
    delivered: () => Promise.resolve(taken),
  };
}

async function killedRedis(): Promise<Peer> {
  const redis = (peer = await startRedis({ aof: 'always' }));
  return {
    config: { redisStream: { url: redis.url, stream: 'results' } },
    goAway: () => redis.kill(),
    comeBack: () => redis.start(),
    async delivered() {
      const client = new Redis(redis.url, { maxRetriesPerRequest: 3 });
      const entries = await client.xrange('results', '-', '+');
      await client.quit();
      return entries.map(([, fields]) => idOf(fields[fields.indexOf('event') + 1]!));
    },
  };
}
