// A process that keeps up a load on three sources: every TICK_MS a batch to Kafka, one to a Redis stream, and some single starts
// over HTTP, at the rate that its parent says. It counts what was accepted: acknowledged by the broker, answered by Redis, 202.
import { Agent, request } from 'node:http';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import { createPackedProducer } from './lib/packed-fill.mjs';
import { eventOf } from './lib/soak-machine.mjs';

const TICK_MS = 10;
const SHARES = { kafka: 0.9, redis: 0.09, http: 0.01 };
const PARTITIONS = 4;
/** A source that is so many ticks behind gets nothing until it has caught up: the load is what it takes. */
const BEHIND = 200;
const MOST_REQUESTS = 256;

const { brokers, topic, redisUrl, stream, httpUrl } = JSON.parse(process.argv[2]);
const producer = await createPackedProducer(new Kafka({ clientId: 'bench-soak', brokers, logLevel: logLevel.ERROR }), topic);
const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
await redis.ping();
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

const accepted = { kafka: 0, redis: 0, http: 0 };
const refused = { http: 0 };
const under = { kafka: 0, redis: 0, http: 0 };
const made = { kafka: 0, redis: 0, http: 0 };
const owed = { kafka: 0, redis: 0, http: 0 };
let rate = 0;
let tick = 0;

const take = (source, count) => Array.from({ length: count }, () => eventOf(made[source]++));

async function counted(source, count, sent) {
  under[source] += 1;
  try {
    await sent;
    accepted[source] += count;
  } finally {
    under[source] -= 1;
  }
}

const start = (body) =>
  new Promise((resolve, reject) => {
    const sent = request(httpUrl, { agent, method: 'POST', headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject).end(body);
  });

async function startOne(body) {
  under.http += 1;
  const status = await start(body);
  under.http -= 1;
  if (status === 202) accepted.http += 1;
  else refused.http += 1;
}

const senders = {
  kafka: (count) => counted('kafka', count, producer.send(tick % PARTITIONS, take('kafka', count))),
  redis(count) {
    const pipeline = redis.pipeline();
    for (const event of take('redis', count)) pipeline.xadd(stream, '*', 'event', event);
    return counted('redis', count, pipeline.exec());
  },
  http: (count) => Promise.all(take('http', count).map(startOne)),
};

function turn() {
  tick += 1;
  for (const [source, share] of Object.entries(SHARES)) {
    owed[source] += (rate * share * TICK_MS) / 1000;
    const count = Math.floor(owed[source]);
    const behind = source === 'http' ? under.http > MOST_REQUESTS : under[source] > BEHIND;
    if (count === 0 || behind) continue;
    owed[source] -= count;
    senders[source](count).catch(fail);
  }
}

function fail(error) {
  process.send({ failure: `${error.stack}` }, () => process.exit(1));
}

/** What a late tick has missed is made up for, one after the other. */
let due = performance.now();
const timer = setInterval(() => {
  for (const now = performance.now(); due <= now; due += TICK_MS) turn();
}, TICK_MS);

process.on('message', async (message) => {
  if (message.rate !== undefined) {
    rate = message.rate;
    Object.assign(owed, { kafka: 0, redis: 0, http: 0 });
    due = performance.now();
  }
  if (message.stop) {
    clearInterval(timer);
    while (Object.values(under).some((count) => count > 0)) {
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
    process.send({ stopped: true, accepted, refused, made }, () => process.exit(0));
  }
});
process.on('disconnect', () => process.exit(0));
setInterval(() => process.send({ accepted, refused }), 250).unref();
process.send({ ready: true });
