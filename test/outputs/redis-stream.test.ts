import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import type { Output } from '../../src/delivery/outcome.ts';
import { resultRecord } from '../../src/delivery/record.ts';
import { createOutput } from '../../src/outputs/table.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { describeOutput, type OutputRig, type Taken } from '../contract/output.ts';
import { outcomeOf } from '../delivery/outcome-kit.ts';
import { describeWith, uniqueName } from '../lib/services.ts';
import { startRedis } from '../services/redis.mjs';

/** The entries of a stream, each as its fields and values in turn. */
async function entriesOf(url: string, stream: string): Promise<string[][]> {
  const client = new Redis(url, { replyMapping: 'legacy' } as object);
  try {
    return (await client.xrange(stream, '-', '+')).map(([, fields]) => fields);
  } finally {
    client.disconnect();
  }
}

function takenOf(fields: readonly string[]): Taken {
  const pairs = Array.from({ length: fields.length / 2 }, (_, i) => [fields[2 * i]!, fields[2 * i + 1]!] as const);
  const { event, key = null, ...headers } = Object.fromEntries(pairs) as Record<string, string>;
  return { id: headers['millrace-execution']!, key, value: event!, headers };
}

const streamOutput = (url: string, stream: string, more: { maxLength?: number } = {}): Promise<Output> =>
  createOutput({ redisStream: { url, stream, ...more } }, { name: 'results', log: silentLog });

await describeWith(['redis'], 'Redis streams', ({ redis: shared }) => {
  describeOutput({
    kind: 'redisStream',
    carriesKeys: true,
    carriesHeaders: true,
    rig: async ({ own }): Promise<OutputRig> => {
      const server = own ? await startRedis({ aof: 'always' }) : undefined;
      const url = server?.url ?? shared.url;
      const stream = uniqueName('results');
      const create = (): Promise<Output> => streamOutput(url, stream);
      return {
        output: await create(),
        create,
        taken: async () => (await entriesOf(url, stream)).map(takenOf),
        stop: async () => server?.kill(),
        start: async () => server?.start(),
        remove: async () => {
          await server?.remove();
          if (server !== undefined) return;
          const client = new Redis(url);
          await client.del(stream);
          client.disconnect();
        },
      };
    },
  });

  it('holds the stream to a length, about', async () => {
    const stream = uniqueName('trimmed');
    const output = await streamOutput(shared.url, stream, { maxLength: 200 });
    const records = Array.from({ length: 1000 }, (_, i) => resultRecord(outcomeOf(`r-${i}`)));
    await output.write(records);
    await output.write(records);
    await output.close();
    const entries = await entriesOf(shared.url, stream);
    expect(entries.length).toBeGreaterThanOrEqual(200);
    expect(entries.length).toBeLessThan(500);
    expect(takenOf(entries.at(-1)!).id).toBe('r-999');
    const client = new Redis(shared.url);
    await client.del(stream);
    client.disconnect();
  });

  it('says what Redis has against the key', async () => {
    const stream = uniqueName('text');
    const client = new Redis(shared.url);
    await client.set(stream, 'no stream');
    const output = await streamOutput(shared.url, stream);
    await expect(output.write([resultRecord(outcomeOf('a'))])).rejects.toThrow(/WRONGTYPE/);
    expect(output.trouble).toMatch(/WRONGTYPE/);
    await client.del(stream);
    await output.write([resultRecord(outcomeOf('a'))]);
    expect(output.trouble).toBeUndefined();
    await output.close();
    await client.del(stream);
    client.disconnect();
  });
});
