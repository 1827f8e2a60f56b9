import { strict as assert } from 'node:assert';
import { fill, readBare, readWithEngine, withKafka } from '../lib/kafka.mjs';
import { byHand } from '../lib/machine.mjs';
import { contest, row } from '../lib/measure.mjs';

export const EVENTS = 500_000;
export const OURS = 'at least once for each event: committed below what has ended; an event that fails is tried again and goes to dead letters; the workflow may wait, and be kept in order by key';

/** A kafkajs consumer whose eachBatch has the logic by hand. */
export function run({ smoke = false, ...options }) {
  const events = smoke ? 8000 : EVENTS;
  return withKafka(async ({ kafka, brokers, createTopic }) => {
    const topic = await createTopic('peers');
    await fill(kafka, topic, events);
    let hot = 0;
    const { ours, bare } = await contest(
      {
        bare: () =>
          readBare(kafka, topic, events, (messages) => {
            for (const { value } of messages) if (byHand(JSON.parse(value.toString())).level === 'hot') hot++;
          }),
        ours: () => readWithEngine(brokers, topic, events),
      },
      { ...options, name: 'reads a topic' },
    );
    assert.ok(hot > 0);
    const guarantees = { ours: OURS, baseline: 'at least once for each batch: an error repeats all of the batch, and an event that always fails stops its partition; one thread' };
    return [row({ suite: 'peers', case: 'Kafka: read, decide, commit', unit: 'events/s', ours, baseline: bare, baselineName: 'kafkajs, by hand', guarantees })];
  });
}
