import { expect, it } from 'vitest';
import { describeWith } from '../../lib/services.ts';
import { until } from '../../lib/until.ts';
import { connect, createRig, fill } from './rig.ts';

await describeWith(['redis'], 'trimming of a stream', ({ redis: { url } }) => {
  it('removes what has been acknowledged, up to what has not', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, trim: 'acknowledged' });
    const ids = await fill(client, rig.stream, 100);
    await rig.source.start();
    await until(() => rig.offered.length === 100, 'the entries');
    for (const [i, one] of rig.offered.entries()) if (i !== 60) one.settle();
    await until(async () => (await client.xlen(rig.stream)) === 40, 'the removal');
    expect((await client.xrange(rig.stream, '-', '+', 'COUNT', 1))[0]![0]).toBe(ids[60]);
    rig.offered[60]!.settle();
    await until(async () => (await client.xlen(rig.stream)) === 0, 'the removal of the rest');
    await fill(client, rig.stream, 1, 100);
    await until(() => rig.offered.length === 101, 'a new entry');
    expect(await client.xlen(rig.stream)).toBe(1);
    await until(() => rig.counts.lag.get(rig.stream) === 1, 'a lag that is right all the same');
  });

  it('removes nothing while another group may want it, and says so once', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, trim: 'acknowledged', line: { auto: true } });
    await client.xgroup('CREATE', rig.stream, 'others', '0', 'MKSTREAM');
    await fill(client, rig.stream, 10);
    await rig.source.start();
    await until(() => rig.counts.acknowledged === 10, 'the acknowledgements');
    const warnings = () => rig.log.lines.filter(({ message }) => message.includes('other consumer groups'));
    await until(() => warnings().length > 0, 'the warning');
    expect(await client.xlen(rig.stream)).toBe(10);
    await client.xgroup('DESTROY', rig.stream, 'others');
    await until(async () => (await client.xlen(rig.stream)) === 0, 'the removal, once the other group is gone');
    expect(warnings()).toHaveLength(1);
  });

  it('holds a stream to a length, and warns of it', async () => {
    const client = await connect({ url });
    const rig = createRig({ url, trim: { maxLength: 100 } });
    await fill(client, rig.stream, 5000);
    await rig.source.start();
    await until(async () => (await client.xlen(rig.stream)) < 300, 'the removal');
    expect(await client.xlen(rig.stream)).toBeGreaterThanOrEqual(100);
    expect(rig.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });
});
