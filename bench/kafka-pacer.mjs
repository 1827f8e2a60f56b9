// A process that produces events to a topic at a set rate, whatever becomes of them: every TICK_MS a batch for the next
// partition. Each event's `at` is the time at which it was meant to be produced, in milliseconds of the system's monotonic clock.
import { Kafka, logLevel } from 'kafkajs';
import { TICK_MS, eventAt, monotonicMs, perTick } from './lib/kafka-pace.mjs';
import { createPackedProducer } from './lib/packed-fill.mjs';

const { brokers, topic, partitions, rate, ticks } = JSON.parse(process.argv[2]);
const producer = await createPackedProducer(new Kafka({ clientId: 'bench-pacer', brokers, logLevel: logLevel.ERROR }), topic);
const each = perTick(rate);
let worstMs = 0;

const produce = (tick, at) => producer.send(tick % partitions, Array.from({ length: each }, (_, i) => eventAt(tick * each + i, at)));

process.once('message', async () => {
  const begin = monotonicMs() + 20;
  process.send({ begin });
  const sends = [];
  for (let tick = 0; tick < ticks; tick++) {
    const at = begin + tick * TICK_MS;
    for (let left = at - monotonicMs(); left > 0; left = at - monotonicMs()) {
      // A timer may be a millisecond late: the last of them is waited for turn by turn.
      await new Promise((resolve) => (left > 1.5 ? setTimeout(resolve, left - 1.5) : setImmediate(resolve)));
    }
    worstMs = Math.max(worstMs, monotonicMs() - at);
    sends.push(produce(tick, at));
  }
  await Promise.all(sends);
  await producer.close();
  process.send({ done: true, worstMs }, () => process.exit(0));
});
process.send({ ready: true });
