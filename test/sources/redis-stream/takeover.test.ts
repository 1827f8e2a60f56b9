import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { describeWith, uniqueName } from '../../lib/services.ts';
import { until } from '../../lib/until.ts';
import { connect, consumersOf, createRig, fill, later, numbers, pendingOf } from './rig.ts';

const takeoverMs = 1000;

/** Another process that takes entries and acknowledges none. */
async function greedyProcess(url: string, stream: string, consumer: string): Promise<ChildProcess> {
  const code = `
    const { Redis } = require('ioredis');
    const redis = new Redis(${JSON.stringify(url)});
    redis.xreadgroup('GROUP', 'millrace', ${JSON.stringify(consumer)}, 'COUNT', 5, 'BLOCK', 0, 'STREAMS', ${JSON.stringify(stream)}, '>').then(() => process.send('taken'));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  later(async () => child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}

await describeWith(['redis'], 'takeover of pending entries', ({ redis: { url } }) => {
  it('runs what a killed process held, under the same names, and removes its name later', async () => {
    const client = await connect({ url });
    const stream = uniqueName('orders');
    await client.xgroup('CREATE', stream, 'millrace', '0', 'MKSTREAM');
    const ids = await fill(client, stream, 5);
    const child = await greedyProcess(url, stream, 'greedy');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await fill(client, stream, 5, 5);

    const rig = createRig({ url, streams: [stream], takeoverMs, line: { auto: true } });
    await rig.source.start();
    await until(() => rig.offered.length === 10, 'all entries');
    expect(rig.values().toSorted()).toEqual(numbers(10));
    expect(rig.offered.filter(({ value }) => Number(value) < 5).map(({ name }) => name)).toEqual(ids.map((id) => `${stream}-${id}`));
    expect(rig.counts.recovered).toContain('takeover');
    await until(async () => (await pendingOf(client, stream)) === 0, 'nothing pending');
    await until(async () => !(await consumersOf(client, stream)).has('greedy'), 'the removal of the name', 60_000);
  }, 90_000);

  it('never robs a live process of executions that take long, however many there are', async () => {
    const client = await connect({ url });
    const stream = uniqueName('orders');
    const owner = createRig({ url, streams: [stream], takeoverMs, consumer: 'owner' });
    const count = 1200;
    await fill(client, stream, count);
    await owner.source.start();
    await until(() => owner.offered.length === count, 'all entries');
    const other = createRig({ url, streams: [stream], takeoverMs, consumer: 'other', blockMs: 50, line: { auto: true } });
    await other.source.start();
    // It looks for entries to take over every half of takeoverMs.
    const until5 = performance.now() + 5 * takeoverMs;
    let oldest = 0;
    await until(async () => {
      const [[, , idleMs] = []] = (await client.xpending(stream, 'millrace', '-', '+', 1)) as [string, string, number][];
      oldest = Math.max(oldest, idleMs ?? 0);
      return performance.now() > until5;
    }, 'five times takeoverMs');
    expect(other.offered).toEqual([]);
    expect((await consumersOf(client, stream)).get('owner')).toBe(count);
    expect(oldest).toBeGreaterThan(0);
    owner.settleAll();
    await until(async () => (await pendingOf(client, stream)) === 0, 'nothing pending');
    expect(owner.counts.repeated).toBe(0);
  });

  it('runs what its own name held before a restart, at once', async () => {
    const client = await connect({ url });
    const stream = uniqueName('orders');
    const first = createRig({ url, streams: [stream], consumer: 'me' });
    const ids = await fill(client, stream, 600);
    await first.source.start();
    await until(() => first.offered.length === 600, 'all entries');
    for (const one of first.offered.slice(0, 100)) one.settle();
    await first.source.stop();
    await first.source.close();
    await client.xdel(stream, ids[200]!, ids[201]!);

    const second = createRig({ url, streams: [stream], consumer: 'me', batchEvents: 64 });
    await second.source.start();
    await until(() => second.offered.length === 498, 'what was pending');
    expect(second.offered.map(({ id }) => id)).toEqual([...ids.slice(100, 200), ...ids.slice(202)]);
    await fill(client, stream, 1, 600);
    await until(() => second.values().at(-1) === '600', 'the new entry');
    second.settleAll();
    await until(async () => (await pendingOf(client, stream)) === 0, 'nothing pending, the deleted ones neither');
  });

  it('acknowledges entries of a dead consumer that were deleted', async () => {
    const client = await connect({ url });
    const stream = uniqueName('orders');
    await client.xgroup('CREATE', stream, 'millrace', '0', 'MKSTREAM');
    const ids = await fill(client, stream, 4);
    await client.xreadgroup('GROUP', 'millrace', 'dead', 'COUNT', 4, 'STREAMS', stream, '>');
    await client.xdel(stream, ids[1]!, ids[2]!);
    const rig = createRig({ url, streams: [stream], takeoverMs, line: { auto: true } });
    await rig.source.start();
    await until(async () => rig.offered.length === 2 && (await pendingOf(client, stream)) === 0, 'the rest');
    expect(rig.values()).toEqual(['0', '3']);
  });

  it('says which entries are delivered again and again', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, takeoverMs });
    await client.xgroup('CREATE', rig.stream, rig.group, '0', 'MKSTREAM');
    const ids = await fill(client, rig.stream, 2);
    await client.xreadgroup('GROUP', rig.group, 'dead', 'COUNT', 2, 'STREAMS', rig.stream, '>');
    await client.call('xclaim', [rig.stream, rig.group, 'dead', 0, ids[1]!, 'RETRYCOUNT', 11]);
    await rig.source.start();
    await until(() => rig.log.lines.some(({ message }) => message.includes('many times')), 'the warning');
    expect(rig.log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields)).toEqual([{ source: 'orders', stream: rig.stream, id: ids[1], deliveries: 12 }]);
  });

  it('does not run twice what it is asked to claim from itself', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, takeoverMs });
    const ids = await fill(client, rig.stream, 3);
    await rig.source.start();
    await until(() => rig.offered.length === 3, 'the entries');
    // As after a main thread that was blocked for longer than takeoverMs.
    await until(async () => {
      await client.call('xclaim', [rig.stream, rig.group, 'elsewhere', 0, ...ids, 'IDLE', 60_000, 'JUSTID']);
      return rig.counts.repeated > 0;
    }, 'the claim');
    expect(rig.offered).toHaveLength(3);
    rig.settleAll();
    await until(async () => (await pendingOf(client, rig.stream)) === 0, 'nothing pending');
  });

  it('removes names of consumers that have nothing, and no others', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, takeoverMs: 200, consumer: 'me' });
    await client.xgroup('CREATE', rig.stream, rig.group, '0', 'MKSTREAM');
    await client.xgroup('CREATECONSUMER', rig.stream, rig.group, 'gone');
    await fill(client, rig.stream, 1);
    await rig.source.start();
    await until(() => rig.offered.length === 1, 'the entry');
    await until(() => rig.counts.recovered.includes('consumer_removed'), 'the removal');
    expect([...(await consumersOf(client, rig.stream))]).toEqual([['me', 1]]);
  });
});
