import { expect, it } from 'vitest';
import { describeWith, uniqueName } from '../../lib/services.ts';
import { until } from '../../lib/until.ts';
import { connect, consumersOf, createRig, fill, numbers, pendingOf } from './rig.ts';

await describeWith(['redis'], 'a source of Redis streams', ({ redis: { url } }) => {
  it('offers every entry once, with its coordinate, and acknowledges what is settled and nothing else', async () => {
    const client = await connect({ url });
    const rig = createRig({ url });
    const before = Date.now();
    const ids = await fill(client, rig.stream, 1000);
    await rig.source.start();
    await until(() => rig.offered.length === 1000, 'all entries');
    expect(rig.values()).toEqual(numbers(1000));
    expect(rig.offered.map(({ id }) => id)).toEqual(ids);
    expect(rig.offered.map(({ name }) => name)).toEqual(ids.map((id) => `${rig.stream}-${id}`));
    expect(rig.offered[7]).toMatchObject({ lane: -1, shared: JSON.stringify({ stream: rig.stream }), timestamp: Number(ids[7]!.split('-')[0]) });
    expect(rig.offered[7]!.timestamp).toBeGreaterThanOrEqual(before - 1000);
    expect(await pendingOf(client, rig.stream)).toBe(1000);

    for (const [i, one] of rig.offered.entries()) if (i % 2 === 0) one.settle();
    await until(() => rig.counts.acknowledged === 500, 'the acknowledgements');
    const left = (await client.xpending(rig.stream, rig.group, '-', '+', 1000)) as [string][];
    expect(left.map(([id]) => id)).toEqual(ids.filter((_, i) => i % 2 === 1));
    rig.settleAll();
    await until(async () => (await pendingOf(client, rig.stream)) === 0, 'nothing pending');
    expect(rig.counts).toMatchObject({ received: 1000, acknowledged: 1000, repeated: 0 });
    expect(rig.source.trouble).toBeUndefined();
  });

  it('gets what is added while it waits, from several streams', async () => {
    const client = await connect({ url });
    const streams = [uniqueName('a'), uniqueName('b')];
    const rig = createRig({ url, streams, line: { auto: true } });
    await rig.source.start();
    await fill(client, streams[0]!, 1);
    await until(() => rig.offered.length === 1, 'the entry of the first stream');
    await fill(client, streams[1]!, 1, 1);
    await until(() => rig.offered.length === 2, 'the entry of the second stream');
    expect(rig.offered.map(({ shared }) => shared)).toEqual(streams.map((stream) => JSON.stringify({ stream })));
    await until(() => rig.counts.acknowledged === 2, 'the acknowledgements');
  });

  it('begins a new group where it is told to, and goes on with one that is there', async () => {
    const client = await connect({ url });
    const stream = uniqueName('orders');
    const ids = await fill(client, stream, 10);
    const latest = createRig({ url, streams: [stream], group: 'latest', from: '$', line: { auto: true } });
    await latest.source.start();
    const middle = createRig({ url, streams: [stream], group: 'middle', from: ids[6]!, line: { auto: true } });
    await middle.source.start();
    await fill(client, stream, 1, 10);
    await until(() => latest.offered.length > 0 && middle.offered.length === 4, 'the entries');
    expect(latest.values()).toEqual(['10']);
    expect(middle.values()).toEqual(numbers(4, 7));
    await middle.source.stop();
    await middle.source.close();
    await fill(client, stream, 1, 11);
    const again = createRig({ url, streams: [stream], group: 'middle', from: '0', line: { auto: true } });
    await again.source.start();
    await until(() => again.offered.length > 0, 'the entry');
    expect(again.values()).toEqual(['11']);
  });

  it('gives key, headers and time where they are wanted, and describes events for dead letters', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, keyField: 'customer' });
    const id = await client.xadd(rig.stream, '1700000000000-3', 'customer', 'c-1', 'value', '{"a":1}', 'region', 'eu', '__proto__', 'x');
    await client.xadd(rig.stream, '*', 'other', '1');
    await rig.source.start();
    await until(() => rig.offered.length === 2, 'the entries');
    expect(rig.offered[0]).toMatchObject({ value: '{"a":1}', key: 'c-1', timestamp: 1_700_000_000_000, name: `${rig.stream}-1700000000000-3` });
    expect(JSON.stringify(rig.offered[0]!.headers)).toBe('{"region":"eu","__proto__":"x"}');
    const { coordinate, key, headers } = rig.offered[0]!.describe();
    expect({ coordinate: JSON.parse(coordinate), key: key?.toString(), headers }).toEqual({ coordinate: { stream: rig.stream, id }, key: 'c-1', headers: '{"region":"eu","__proto__":"x"}' });
    expect(rig.offered[1]).toMatchObject({ value: '', key: undefined, headers: undefined });
  });

  it('offers no details where none are wanted', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, line: { wants: 'nothing' } });
    const [id] = await fill(client, rig.stream, 1);
    await rig.source.start();
    await until(() => rig.offered.length === 1, 'the entry');
    expect(rig.offers[0]!.details).toBeUndefined();
    expect(JSON.parse(rig.offered[0]!.describe().coordinate)).toEqual({ stream: rig.stream, id });
  });

  it('takes all fields as the value where no field is named', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, valueField: null });
    await client.xadd(rig.stream, '*', 'a', '1', 'b', 'zwei', 'a', '3');
    await rig.source.start();
    await until(() => rig.offered.length === 1, 'the entry');
    expect(rig.offered[0]!.value).toBe('{"a":"3","b":"zwei"}');
    expect(rig.offered[0]!.headers).toBeUndefined();
  });

  it('hands binary values on as they are, and names executions of any stream in 80 characters', async () => {
    const client = await connect({ url });
    const stream = uniqueName(`ordêrs/${'x'.repeat(60)}`);
    const rig = createRig({ url, streams: [stream] });
    const bytes = Buffer.from([0, 255, 13, 10, 36, 128]);
    await client.xadd(stream, '*', 'value', bytes);
    await rig.source.start();
    await until(() => rig.offers.length === 1, 'the entry');
    const { bytes: all, spans } = rig.offers[0]!;
    expect(Buffer.from(all.subarray(spans[0], spans[0]! + spans[1]!))).toEqual(bytes);
    expect(rig.offered[0]!.name).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
  });

  it('reads no more than fits, and goes on as there is room', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, batchEvents: 64, line: { maxInFlight: 100 } });
    await fill(client, rig.stream, 1000);
    await rig.source.start();
    await until(() => rig.counts.paused.at(-1) === true, 'the pause');
    expect(rig.offered.length).toBeLessThanOrEqual(100);
    await until(() => {
      rig.settleAll();
      return rig.counts.acknowledged === 1000;
    }, 'all of it');
    expect(rig.test.mostInFlight).toBeLessThanOrEqual(100);
    expect(rig.values()).toEqual(numbers(1000));
    await until(() => rig.counts.paused.at(-1) === false, 'the end of the pause');
  });

  it('acknowledges failed events as well: their ends are accepted by then', async () => {
    const client = await connect({ url });
    const rig = createRig({ url });
    await fill(client, rig.stream, 2);
    await rig.source.start();
    await until(() => rig.offered.length === 2, 'the entries');
    rig.offered[1]!.end({ status: 'FAILED', error: 'Oops', startTimeMs: 0, stopTimeMs: 0, redeliveries: 0 });
    await until(() => rig.counts.acknowledged === 1, 'the acknowledgement');
    expect(await pendingOf(client, rig.stream)).toBe(1);
  });

  it('stops at once although it waits for entries, then settles what it has and leaves no name behind', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, blockMs: 60_000 });
    await fill(client, rig.stream, 3);
    await rig.source.start();
    await until(() => rig.offered.length === 3, 'the entries');
    await rig.source.stop();
    await fill(client, rig.stream, 1, 3);
    rig.settleAll();
    await rig.source.close();
    expect(rig.counts.acknowledged).toBe(3);
    expect(rig.values()).toEqual(numbers(3));
    expect(await pendingOf(client, rig.stream)).toBe(0);
    expect([...(await consumersOf(client, rig.stream)).keys()]).toEqual([]);
  });

  it('keeps its name as long as something is pending for it', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, consumer: 'me' });
    await fill(client, rig.stream, 2);
    await rig.source.start();
    await until(() => rig.offered.length === 2, 'the entries');
    rig.offered[0]!.settle();
    await rig.source.stop();
    await rig.source.close();
    expect([...(await consumersOf(client, rig.stream))]).toEqual([['me', 1]]);
  });

  it('says what is wrong with settings that cannot work', async () => {
    const client = await connect({ url });
    const text = uniqueName('text');
    await client.set(text, 'no stream');
    await expect(createRig({ url, streams: [text] }).source.start()).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED', message: expect.stringContaining('not a stream') });
    await expect(createRig({ url, from: 'yesterday' }).source.start()).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED', message: expect.stringContaining('yesterday') });
    await expect(createRig({ url: 'redis://' }).source.start()).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED' });
  });

  it('shows how many entries are not acknowledged', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, batchEvents: 8, line: { maxInFlight: 8 } });
    await fill(client, rig.stream, 50);
    await rig.source.start();
    await until(() => rig.counts.lag.get(rig.stream) === 50, 'the lag');
    await until(() => {
      rig.settleAll();
      return rig.counts.lag.get(rig.stream) === 0;
    }, 'the end of the lag');
    await rig.source.stop();
    await rig.source.close();
    expect(rig.counts.lag.size).toBe(0);
  });
});
