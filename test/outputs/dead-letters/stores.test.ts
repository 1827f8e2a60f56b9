import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import type { OutputKindSettings } from '../../../src/config/settings.ts';
import { openDeadLetterStore } from '../../../src/outputs/dead-letters/table.ts';
import { createOutput } from '../../../src/outputs/table.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { describeDeadLetterStore, type StoreRig } from '../../contract/dead-letter-store.ts';
import { describeWith, uniqueName } from '../../lib/services.ts';
import { createTopic } from '../../lib/topics.ts';

const rigOf = (kind: OutputKindSettings, name: string, remove?: () => Promise<void>): StoreRig => ({
  output: () => createOutput(kind, { name, log: silentLog }),
  open: (readOnly) => openDeadLetterStore(kind, { name, readOnly, log: silentLog })!,
  ...(remove === undefined ? {} : { remove }),
});

describeDeadLetterStore({
  kind: 'file',
  rig: () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-letters-'));
    return Promise.resolve(rigOf({ file: { path: join(folder, 'deep', 'lost.ndjson') } }, 'lost', () => Promise.resolve(rmSync(folder, { recursive: true }))));
  },
});

await describeWith(['redis'], 'in Redis', ({ redis: { url } }) => {
  describeDeadLetterStore({
    kind: 'redisStream',
    rig: () => {
      const stream = uniqueName('lost');
      return Promise.resolve(
        rigOf({ redisStream: { url, stream } }, 'lost', async () => {
          const client = new Redis(url);
          await client.del(stream);
          client.disconnect();
        }),
      );
    },
  });

  describeDeadLetterStore({
    kind: 'bullmq',
    rig: () => {
      const queue = uniqueName('lost');
      return Promise.resolve(
        rigOf({ bullmq: { url, queue, prefix: 'bull' } }, 'lost', async () => {
          const opened = new Queue(queue, { connection: { url } });
          await opened.obliterate({ force: true });
          await opened.close();
        }),
      );
    },
  });
});

await describeWith(['kafka'], 'in Kafka', ({ kafka: { brokers } }) => {
  describeDeadLetterStore({
    kind: 'kafka',
    rig: async () => rigOf({ kafka: { brokers, clientId: 'test', connectionTimeoutMs: 3000, requestTimeoutMs: 10_000, topic: await createTopic(brokers, 'lost', { partitions: 3 }), compression: 'none' } }, uniqueName('lost')),
  });
});
