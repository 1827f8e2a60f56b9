import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ask, eventually } from '../lib/server-process.ts';
import { fillUp, mountSmallDisk, unmountSmallDisk } from '../lib/small-disk.ts';
import { describeWith } from '../lib/services.ts';
import { FEEDS, type Feed } from './feeds.ts';
import { Fleet } from './fleet.ts';
import { judge, ledgerNow } from './ledger.ts';
import { report } from './report.ts';

const BODY_BYTES = 2_000;
const LETTERS = 200;

const mountPoint = mountSmallDisk(8);

let fleet: Fleet | undefined;
let feed: Feed | undefined;
afterEach(async () => {
  await fleet?.close();
  await feed?.close();
  fleet = undefined;
  feed = undefined;
});
afterAll(() => {
  if (mountPoint === undefined) return;
  unmountSmallDisk(mountPoint);
});

describe.skipIf(mountPoint === undefined)('a full disk', () => {
  const disk = mountPoint!;
  const ballast = join(disk, 'ballast');

  it('under the journal: starts are refused, and what was accepted runs', async () => {
    fleet = new Fleet({ config: { dataDir: join(disk, 'data') } });
    const member = await fleet.add();
    const { ledger } = fleet;
    const accepted: { key: string; n: number }[] = [];
    const refusals = new Map<number, number>();
    let n = 0;
    const start = async (): Promise<boolean> => {
      const event = { key: 'k', n: n++ };
      const { status, headers } = await ask(member.server.port, 'POST', '/v1/machines/record/executions', JSON.stringify({ ...event, ms: 20, pad: 'x'.repeat(BODY_BYTES) }), { 'content-type': 'application/json' });
      if (status === 202) accepted.push(event);
      else {
        refusals.set(status, (refusals.get(status) ?? 0) + 1);
        expect(headers['retry-after']).toBeDefined();
      }
      return status === 202;
    };
    for (let i = 0; i < 200; i++) await start();
    fillUp(ballast, 512);
    // Ends free pages of the journal, which take a few starts more.
    await eventually(async () => {
      const taken = await Promise.all(Array.from({ length: 32 }, start));
      fillUp(ballast, 512);
      return taken.filter((one) => !one).length >= 16;
    }, 'starts are refused');
    for (let i = 0; i < 100; i++) await start();
    rmSync(ballast);
    const roomAt = ledgerNow();
    await eventually(start, 'a start is accepted again');
    const recoveredMs = ledgerNow() - roomAt;
    for (let i = 0; i < 200; i++) await start();
    await eventually(() => accepted.length > 0 && judge(ledger.read(), accepted).missing.length === 0, 'everything accepted has ended');
    const verdict = judge(ledger.read(), accepted);
    report('full disk under the journal (lmdb), HTTP', verdict, recoveredMs, `refused ${[...refusals].map(([status, times]) => `${times} with ${status}`).join(', ')}`);
    expect([...refusals.keys()].filter((status) => status !== 503 && status !== 429)).toEqual([]);
    expect(refusals.size).toBeGreaterThan(0);
    expect(verdict.missing).toEqual([]);
    // Nothing ran that was refused.
    expect(verdict.ended).toBe(accepted.length);
  });
});

await describeWith(['kafka', 'redis'], 'a full disk under dead letters', ({ kafka, redis }) => {
  it.skipIf(mountPoint === undefined)('has the source wait, and takes all of them once there is room', async () => {
    const disk = mountPoint!;
    const ballast = join(disk, 'ballast');
    const path = join(disk, 'lost.ndjson');
    feed = await FEEDS.redisStream({ brokers: kafka.brokers, redisUrl: redis.url }, { deadLetters: 'lost' });
    fleet = new Fleet({ config: { ...feed.config, outputs: { lost: { file: { path } } } } });
    const member = await fleet.add();
    fillUp(ballast, 512);
    const { stream, group } = (feed.config['sources'] as { events: { redisStream: { stream: string; group: string } } }).events.redisStream;
    const client = new Redis(redis.url);
    try {
      const pipeline = client.pipeline();
      const bad = Array.from({ length: LETTERS }, (_, i) => `{"number":${i},"pad":"${'x'.repeat(1_000)}`);
      for (const value of bad) pipeline.xadd(stream, '*', 'key', 'bad', 'event', value);
      await pipeline.exec();
      await eventually(async () => (await fleet!.metric(member, 'millrace_output_trouble')) === 1, 'the output says that it takes nothing');
      const [pending] = (await client.xpending(stream, group)) as [number];
      // A page of the file may have had room for a few.
      expect(pending).toBeGreaterThan(LETTERS - 20);
      rmSync(ballast);
      const roomAt = ledgerNow();
      await eventually(async () => ((await client.xpending(stream, group)) as [number])[0] === 0 && (await fleet!.metric(member, 'millrace_source_lag')) === 0, 'nothing is pending');
      const recoveredMs = ledgerNow() - roomAt;
      const values = existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => (JSON.parse(line) as { value: string }).value) : [];
      const missing = bad.filter((value) => !values.includes(value));
      report('full disk under dead letters (file), redisStream', { sent: LETTERS, missing, duplicates: values.length - new Set(values).size }, recoveredMs, `${pending} pending while it was full`);
      expect(missing).toEqual([]);
    } finally {
      await client.quit();
    }
  });
});
