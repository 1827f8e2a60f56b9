import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ScheduleConfig } from '../../src/config/settings.ts';
import { MillraceError } from '../../src/errors.ts';
import { createSchedules, type Schedules } from '../../src/schedules/schedules.ts';
import { keepLog } from '../lib/keep-log.ts';
import { describeWith, uniqueName } from '../lib/services.ts';
import { until } from '../lib/until.ts';

interface Start {
  readonly machine: string;
  readonly input: string;
  readonly name: string;
  readonly atMs: number;
  readonly replica: number;
}

const schedule = (when: Partial<ScheduleConfig>): ScheduleConfig => ({ name: 'tick', machine: 'm', timeZone: 'UTC', input: '{ "n": 1.0 }', ...when });
/** The time in a name, milliseconds. */
const timeOf = (name: string): number => {
  const [, date, hours, minutes, seconds, ms = '000'] = /(\d{8})T(\d\d)(\d\d)(\d\d)(\d{3})?Z$/.exec(name)!;
  return Date.parse(`${date!.slice(0, 4)}-${date!.slice(4, 6)}-${date!.slice(6)}T${hours}:${minutes}:${seconds}.${ms}Z`);
};
/** Whole seconds apart, and none twice. On a busy machine a second may be left out: a tick is set when the one before it is taken. */
function expectTicks(names: readonly string[]): void {
  const times = names.map(timeOf).toSorted((a, b) => a - b);
  for (const [i, ms] of times.slice(1).entries()) {
    expect(ms).toBeGreaterThan(times[i]!);
    expect((ms - times[i]!) % 1000).toBe(0);
  }
}

await describeWith(['redis'], 'schedules', ({ redis }) => {
  let connection: Redis;
  let prefix: string;
  let starts: Start[];
  const replicas: Schedules[] = [];

  beforeAll(() => {
    connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  });
  beforeEach(() => {
    prefix = `{${uniqueName('millrace')}}`;
    starts = [];
  });
  afterEach(async () => {
    for (const replica of replicas.splice(0)) await end(replica);
    const queue = new Queue('millrace-schedules', { connection, prefix });
    await queue.obliterate({ force: true });
    await queue.close();
  });
  afterAll(() => connection.disconnect());

  async function begin(schedules: readonly ScheduleConfig[], start: (start: Start) => Promise<void> = () => Promise.resolve()): Promise<{ replica: Schedules; log: ReturnType<typeof keepLog> }> {
    const log = keepLog();
    const number = replicas.length;
    const replica = createSchedules({
      schedules,
      redis: { url: redis.url },
      prefix,
      log,
      start: async ({ machine, input, name }) => {
        const begun = { machine, input: Buffer.from(input).toString(), name, atMs: Date.now(), replica: number };
        starts.push(begun);
        await start(begun);
      },
    });
    replicas.push(replica);
    await replica.start();
    return { replica, log };
  }

  async function end(replica: Schedules): Promise<void> {
    if (replicas.includes(replica)) replicas.splice(replicas.indexOf(replica), 1);
    await replica.stop();
    await replica.close();
  }

  const names = (): string[] => starts.map(({ name }) => name);

  it.each([
    ['cron', { cron: '* * * * * *', timeZone: 'Europe/Berlin' }],
    ['every', { everyMs: 1000 }],
  ])('starts each tick of %s once, with two replicas', async (_, when) => {
    await Promise.all([begin([schedule(when)]), begin([schedule(when)])]);
    await until(() => starts.length >= 6, 'six ticks');
    expectTicks(names());
    for (const { atMs, name } of starts) expect(atMs).toBeGreaterThanOrEqual(timeOf(name));
    expect(starts[0]).toMatchObject({ machine: 'm', input: '{ "n": 1.0 }', name: expect.stringMatching(/^tick-\d{8}T\d{6}(\d{3})?Z$/) });
  });

  it('goes on with another replica when one ends', async () => {
    const { replica } = await begin([schedule({ cron: '* * * * * *' })]);
    await begin([schedule({ cron: '* * * * * *' })]);
    await until(() => starts.length >= 2, 'two ticks');
    await end(replica);
    const before = starts.length;
    await until(() => starts.length >= before + 3, 'three more ticks');
    expectTicks(names());
  });

  it('makes up for missed ticks with one that is late', async () => {
    const every = [schedule({ cron: '* * * * * *' })];
    const { replica } = await begin(every);
    await until(() => starts.length >= 2, 'two ticks');
    await end(replica);
    const last = timeOf(names().at(-1)!);
    await until(() => Date.now() > last + 4500, 'some ticks to be missed');
    const before = starts.length;
    await begin(every);
    await until(() => starts.length >= before + 3, 'three ticks after that');
    const [late, next, after] = names().slice(before).map(timeOf);
    expect(late).toBe(last + 1000);
    expect(next).toBeGreaterThan(last + 4000);
    expect(after).toBeGreaterThan(next!);
  });

  it('starts a single time that is past once, however often it is set up', async () => {
    const launch = [schedule({ name: 'launch', atMs: Date.parse('2020-01-01T00:00:00Z') })];
    const { replica } = await begin(launch);
    await until(() => starts.length === 1, 'the start');
    await end(replica);
    await begin(launch);
    await begin([...launch, schedule({ name: 'marker', atMs: Date.parse('2020-01-02T00:00:00Z') })]);
    await until(() => names().includes('marker-20200102T000000Z'), 'a start that was set up later');
    expect(names()).toEqual(['launch-20200101T000000Z', 'marker-20200102T000000Z']);
  });

  it('starts a single time that is to come when it comes', async () => {
    const atMs = Date.now() + 1500;
    await begin([schedule({ name: 'soon', atMs })]);
    await begin([schedule({ name: 'soon', atMs })]);
    await until(() => starts.length > 0, 'the start');
    expect(starts).toHaveLength(1);
    expect(starts[0]!.atMs).toBeGreaterThanOrEqual(atMs);
  });

  it('follows the configuration: what changed is set up anew, what is gone is removed', async () => {
    const future = Date.now() + 3_600_000;
    const { replica } = await begin([schedule({ name: 'hourly', cron: '0 * * * *' }), schedule({ name: 'gone', cron: '0 0 1 1 *' }), schedule({ name: 'later', atMs: future }), schedule({ name: 'never', atMs: future })]);
    await end(replica);
    const queue = new Queue('millrace-schedules', { connection, prefix });
    const before = await queue.getJobSchedulers();
    const { log } = await begin([schedule({ name: 'hourly', cron: '0 * * * *' }), schedule({ name: 'daily', cron: '0 2 * * *', timeZone: 'Asia/Tokyo' }), schedule({ name: 'later', atMs: future, input: '2' })]);
    const after = new Map((await queue.getJobSchedulers()).map((scheduler) => [scheduler.key, scheduler]));
    expect([...after.keys()].toSorted()).toEqual(['daily', 'hourly']);
    expect(after.get('hourly')).toEqual(before.find(({ key }) => key === 'hourly'));
    expect(after.get('daily')).toMatchObject({ pattern: '0 2 * * *', tz: 'Asia/Tokyo', template: { data: { schedule: 'daily', machine: 'm', input: '{ "n": 1.0 }' } } });
    const single = (await queue.getDelayed()).filter(({ id }) => id!.startsWith('once.'));
    expect(single.map(({ data }) => data)).toEqual([{ schedule: 'later', machine: 'm', input: '2' }]);
    expect(log.lines.map(({ message, fields }) => [message, fields!['schedule']])).toEqual([
      ['a schedule that is not in the configuration any more was removed', 'gone'],
      ['a schedule was set up', 'daily'],
      ['a schedule that is not in the configuration any more was removed', 'never'],
    ]);
    await queue.close();
  });

  it('sets a schedule going again whose next job is gone', async () => {
    const often = [schedule({ cron: '* * * * * *' })];
    const { replica } = await begin(often);
    await until(() => starts.length >= 1, 'a tick');
    await end(replica);
    const queue = new Queue('millrace-schedules', { connection, prefix });
    await queue.drain(true);
    for (const { id } of await queue.getDelayed()) await connection.del(queue.toKey(id!)).then(() => connection.zrem(queue.toKey('delayed'), id!));
    expect(await queue.getDelayedCount()).toBe(0);
    await queue.close();
    const before = starts.length;
    await begin(often);
    await until(() => starts.length >= before + 2, 'ticks again');
  });

  it('tries a start again that failed, under its name, and tells when it never will', async () => {
    const { log } = await begin([schedule({ name: 'full', atMs: 0 }), schedule({ name: 'unknown', atMs: 0 }), schedule({ name: 'refused', atMs: 0 })], async ({ name, atMs }) => {
      const first = starts.findIndex((start) => start.name === name && start.atMs < atMs) === -1;
      if (name.startsWith('refused')) throw new MillraceError('INPUT_REJECTED', 'n must be a text');
      if (first && name.startsWith('full')) throw new MillraceError('AT_CAPACITY', 'as many as there may be');
      if (first) throw new MillraceError('NO_SUCH_MACHINE', 'no such machine');
    });
    await until(() => starts.length === 5, 'two second starts');
    expect(names().toSorted()).toEqual(['full', 'full', 'refused', 'unknown', 'unknown'].map((name) => `${name}-19700101T000000Z`));
    await until(() => log.lines.some(({ level }) => level === 'error'), 'the failure to be told');
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([
      { level: 'error', message: 'a start of a schedule failed for good', fields: { schedule: 'refused', machine: 'm', due: '1970-01-01T00:00:00.000Z', error: 'INPUT_REJECTED: n must be a text' } },
    ]);
  });

  it('leaves a start that is not settled to another replica when it is closed', async () => {
    const { replica } = await begin([schedule({ name: 'slow', atMs: 0 })], () => new Promise(() => undefined));
    await until(() => starts.length === 1, 'the start');
    await end(replica);
    await begin([schedule({ name: 'slow', atMs: 0 })]);
    await until(() => starts.length === 2, 'the second start');
    expect(new Set(names()).size).toBe(1);
  });

  it('refuses a Redis that cannot work', async () => {
    const replica = createSchedules({ schedules: [], redis: { cluster: { addresses: [new URL(redis.url).host] } }, start: () => Promise.resolve(), log: keepLog() });
    await expect(replica.start()).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED' });
    await replica.close();
  });
});
