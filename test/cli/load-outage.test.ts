import { expect, it } from 'vitest';
import { describeWith, uniqueName } from '../lib/services.ts';
import { createTopic } from '../lib/topics.ts';
import { startKafka } from '../services/kafka.mjs';
import { startRedis } from '../services/redis.mjs';
import type { Summary } from './load-kit.ts';
import { startMillrace, until } from './millrace.ts';

/** Kills what is sent to while events are sent, starts it again, and answers what came of it once events are taken again. */
async function throughAnOutage(args: readonly string[], server: { kill(): Promise<void>; start(): Promise<void> }): Promise<Summary> {
  const load = startMillrace(['load', ...args, '--rate', '200', '--timeout', '5s', '--json', '--plain']);
  // The lines of progress say how many were taken.
  const taken = (): number => Number(/([\d,]+) ok/.exec(load.stderr().trimEnd().split('\n').at(-1) ?? '')?.[1]?.replaceAll(',', '') ?? 0);
  const failures = (): number => Number(/([\d,]+) failed/.exec(load.stderr().trimEnd().split('\n').at(-1) ?? '')?.[1]?.replaceAll(',', '') ?? 0);
  await until(() => taken() > 0, 'events are taken');
  await server.kill();
  await until(() => failures() > 0, 'events fail');
  await server.start();
  const before = taken();
  await until(() => taken() > before + 200, 'events are taken again');
  load.child.kill('SIGINT');
  return JSON.parse((await load.finished).stdout) as Summary;
}

await describeWith(['kafka'], 'millrace load kafka', () => {
  it('goes on when the broker dies, and when it is back', async () => {
    const broker = await startKafka({ heapMb: 256 });
    try {
      const topic = await createTopic(broker.brokers, 'load-outage');
      const { ok, failed, errors } = await throughAnOutage(['kafka', '--brokers', broker.brokers.join(','), '--topic', topic], broker);
      expect(ok).toBeGreaterThan(200);
      expect(failed).toBeGreaterThan(0);
      expect(Object.keys(errors).length).toBeLessThan(6);
    } finally {
      await broker.remove();
    }
  });
});

await describeWith(['redis'], 'millrace load redis', () => {
  it('goes on when Redis dies, and when it is back', async () => {
    const redis = await startRedis({ aof: false });
    try {
      const { ok, failed, errors } = await throughAnOutage(['redis', '--url', redis.url, '--stream', uniqueName('load')], redis);
      expect(ok).toBeGreaterThan(200);
      expect(failed).toBeGreaterThan(0);
      expect(Object.keys(errors)).toEqual(['connection lost']);
    } finally {
      await redis.remove();
    }
  });
});
