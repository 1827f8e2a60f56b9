import { describe, expect, it, onTestFinished } from 'vitest';
import type { Output } from '../../src/delivery/outcome.ts';
import { resultRecord } from '../../src/delivery/record.ts';
import { createOutput } from '../../src/outputs/table.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { describeOutput, type OutputRig, type Taken } from '../contract/output.ts';
import { outcomeOf } from '../delivery/outcome-kit.ts';
import { eventually } from '../lib/server-process.ts';
import { type Received, type Reply, WebhookServer } from './webhook-server.ts';

const hook = (url: string, more: { headers?: Record<string, string>; timeoutMs?: number } = {}): Promise<Output> =>
  createOutput({ webhook: { url, headers: {}, timeoutMs: 5000, ...more } }, { name: 'hook', log: silentLog });

function takenOf({ headers, body }: Received): Taken {
  const own = Object.entries(headers).filter(([name]) => name.startsWith('millrace-'));
  return { id: String(headers['idempotency-key']), key: null, value: body, headers: Object.fromEntries(own.map(([name, value]) => [name, decodeURIComponent(String(value))])) };
}

describeOutput({
  kind: 'webhook',
  carriesKeys: false,
  carriesHeaders: true,
  rig: async (): Promise<OutputRig> => {
    const server = new WebhookServer();
    await server.start();
    const create = (): Promise<Output> => hook(server.url);
    return {
      output: await create(),
      create,
      taken: () => Promise.resolve(server.taken.map(takenOf)),
      stop: () => server.stop(),
      start: () => server.start(),
      remove: () => server.stop(),
    };
  },
});

describe('the webhook output', () => {
  async function rig(reply: (request: Received, received: readonly Received[]) => Reply = () => ({ status: 200 }), more: Parameters<typeof hook>[1] = {}): Promise<{ server: WebhookServer; output: Output }> {
    const server = new WebhookServer();
    server.reply = reply;
    await server.start();
    const output = await hook(server.url, more);
    onTestFinished(async () => {
      await output.close();
      await server.stop();
    });
    return { server, output };
  }
  const record = resultRecord(outcomeOf('a'));

  it('posts the JSON with the configured headers, which win', async () => {
    const { server, output } = await rig(undefined, { headers: { Authorization: 'Bearer x', 'Content-Type': 'application/vnd.own+json' } });
    await output.write([record]);
    expect(server.received[0]).toMatchObject({
      method: 'POST',
      path: '/hook?v=1',
      body: '{"name":"a"}',
      headers: { authorization: 'Bearer x', 'content-type': 'application/vnd.own+json', 'content-length': '12', 'idempotency-key': 'a', 'millrace-machine': 'triage', 'millrace-status': 'SUCCEEDED' },
    });
  });

  it.each([408, 425, 429, 500, 502, 503, 504])('sends again after %d', async (status) => {
    const { server, output } = await rig((_, received) => ({ status: received.length < 3 ? status : 204 }));
    expect(await output.write([record])).toEqual([]);
    expect(server.received.map(({ headers }) => headers['idempotency-key'])).toEqual(['a', 'a', 'a']);
  });

  it('sends again after a broken connection and after an answer that does not come', async () => {
    const { server, output } = await rig((_, received) => (received.length === 1 ? { status: 200, breaks: true } : received.length === 2 ? { status: 200, delayMs: 3000 } : { status: 200 }), { timeoutMs: 300 });
    expect(await output.write([record])).toEqual([]);
    expect(server.received).toHaveLength(3);
  });

  it.each([400, 401, 404, 410, 422])('refuses for good what is answered with %d, saying so', async (status) => {
    const { server, output } = await rig((_, received) => ({ status: received.length === 2 ? status : 200, body: 'no such thing' }));
    const [first, second, third] = ['a', 'b', 'c'].map((name) => resultRecord(outcomeOf(name)));
    expect(await output.write([first!])).toEqual([]);
    const refusals = await output.write([second!]);
    expect(refusals).toMatchObject([{ index: 0, error: { code: 'OUTPUT_REFUSED', retryable: false, message: `${server.url} answered ${status} to b: no such thing` } }]);
    expect(await output.write([third!])).toEqual([]);
    expect(server.received).toHaveLength(3);
    expect(output.trouble).toBeUndefined();
  });

  it('waits as long as Retry-After says, with everything', async () => {
    const { server, output } = await rig((_, received) => (received.length === 1 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 200 }));
    const first = output.write([record]);
    await eventually(() => output.trouble !== undefined, 'the refusal has come');
    await Promise.all([first, output.write([resultRecord(outcomeOf('b'))])]);
    expect(server.received).toHaveLength(3);
    for (const later of server.received.slice(1)) expect(later.atMs - server.received[0]!.atMs).toBeGreaterThanOrEqual(990);
  });

  it('follows no redirect, and says where it was sent', async () => {
    const other = new WebhookServer();
    await other.start();
    onTestFinished(() => other.stop());
    let redirects = true;
    const { output } = await rig(() => (redirects ? { status: 307, headers: { location: other.url } } : { status: 200 }));
    const write = output.write([record]);
    await eventually(() => output.trouble !== undefined, 'the redirect has come');
    expect(output.trouble).toContain(`answered 307, which is not followed; name ${other.url} as the url`);
    redirects = false;
    expect(await write).toEqual([]);
    expect(other.received).toEqual([]);
  });

  it('has 32 requests under way at most, over connections that it keeps', async () => {
    const { server, output } = await rig(() => ({ status: 200, delayMs: 2 }));
    await Promise.all(Array.from({ length: 500 }, (_, i) => output.write([resultRecord(outcomeOf(String(i)))])));
    expect(server.taken).toHaveLength(500);
    expect(server.mostUnderWay).toBeLessThanOrEqual(32);
    expect(server.mostUnderWay).toBeGreaterThan(1);
    expect(server.connections).toBeLessThanOrEqual(32);
  });

  it('sends the records of a key one after the other, a failing one before the next', async () => {
    const { server, output } = await rig((request, received) => ({ status: request.headers['idempotency-key'] === 'k-0' && received.filter(({ headers }) => headers['idempotency-key'] === 'k-0').length < 3 ? 503 : 200 }));
    const key = Buffer.from('k');
    const writes = [
      ...Array.from({ length: 5 }, (_, i) => output.write([resultRecord(outcomeOf(`k-${i}`, { key }))])),
      output.write([resultRecord(outcomeOf('other', { key: Buffer.from('o') }))]),
      output.write([resultRecord(outcomeOf('none'))]),
    ];
    await Promise.all(writes);
    expect(server.taken.map(takenOf).map(({ id }) => id).filter((id) => id.startsWith('k-'))).toEqual(['k-0', 'k-1', 'k-2', 'k-3', 'k-4']);
    // Others did not wait for the key.
    expect(server.taken.slice(0, 2).map(takenOf).map(({ id }) => id).toSorted()).toEqual(['none', 'other']);
  });

  it('reads no more of an answer than it needs', async () => {
    const { output } = await rig((_, received) => ({ status: received.length === 1 ? 200 : 400, body: 'x'.repeat(5_000_000) }));
    expect(await output.write([record])).toEqual([]);
    const [refusal] = await output.write([record]);
    expect(refusal!.error.message.length).toBeLessThan(500);
  });
});
