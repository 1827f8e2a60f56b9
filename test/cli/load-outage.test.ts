import { expect, it } from 'vitest';
import { describeWith, uniqueName } from '../lib/services.ts';
import { createTopic } from '../lib/topics.ts';
import { startKafka } from '../services/kafka.mjs';
import { startRedis } from '../services/redis.mjs';
import { throughAnOutage } from './load-kit.ts';

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
  }, 300_000);
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
