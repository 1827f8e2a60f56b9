import { startKafka } from '../../test/services/kafka.mjs';

let kafka;

/**
 * The brokers that the suites share: those that KAFKA_BROKERS names, or one that is started at the first question.
 *
 * @throws Unavailable when there is none and none can be started here
 */
export async function brokers() {
  if (process.env.KAFKA_BROKERS !== undefined) return process.env.KAFKA_BROKERS.split(',');
  kafka ??= startKafka({ heapMb: 1024 });
  return (await kafka).brokers;
}

/** Ends what was started. */
export async function closeServices() {
  await (await kafka?.catch(() => undefined))?.remove();
  kafka = undefined;
}
