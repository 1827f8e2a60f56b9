import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { Batch, Rejection } from '../../src/load/contract.ts';
import { createHttpSender, type HttpMode } from '../../src/load/http.ts';
import { findHttpTarget } from '../../src/load/http-target.ts';
import { freePort } from '../lib/server-process.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return new URL(`http://127.0.0.1:${(server.address() as { port: number }).port}/`);
}

const answering = (status: number, body: unknown, headers: Record<string, string> = {}): RequestListener => (request, response) => {
  request.resume().on('end', () => response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body)));
};

/** What one batch came to. */
async function send(url: URL, mode: HttpMode, events: readonly string[] = ['{}'], timeoutMs = 5000): Promise<readonly Rejection[]> {
  const sender = createHttpSender({ url, mode, connections: 1, batchEvents: 100, timeoutMs, headers: {} });
  const batch: Batch = { events, keys: undefined, dueMs: events.map(() => 0), bytes: 2 };
  const rejections = await new Promise<readonly Rejection[]>((resolve) => sender.send(batch, (_batch, rejections) => resolve(rejections)));
  await sender.close();
  return rejections;
}

describe('what a server answers', () => {
  it('202 is an event taken, whatever the body says', async () => {
    expect(await send(await serve(answering(202, 'anything')), 'async')).toEqual([]);
  });

  it('429 and 503 with Retry-After are refusals, without it failures, and so is any other status', async () => {
    const kinds = async (status: number, headers: Record<string, string>): Promise<unknown> => (await send(await serve(answering(status, { code: 'AT_CAPACITY' }, headers)), 'async')).map(({ kind, refused }) => [kind, refused]);
    expect(await kinds(429, { 'retry-after': '1' })).toEqual([['429 AT_CAPACITY', true]]);
    expect(await kinds(503, { 'retry-after': '1' })).toEqual([['503 AT_CAPACITY', true]]);
    expect(await kinds(503, {})).toEqual([['503 AT_CAPACITY', false]]);
    expect(await kinds(400, { 'retry-after': '1' })).toEqual([['400 AT_CAPACITY', false]]);
    expect(await send(await serve(answering(502, '<html>')), 'async')).toEqual([{ kind: '502', count: 1, refused: false }]);
  });

  it('an execution that did not succeed is a failure of a synchronous start', async () => {
    expect(await send(await serve(answering(200, { status: 'SUCCEEDED', output: { status: 'FAILED' } })), 'sync')).toEqual([]);
    expect(await send(await serve(answering(200, { status: 'FAILED', error: 'TooDeep' })), 'sync')).toEqual([{ kind: 'execution FAILED TooDeep', count: 1, refused: false }]);
  });

  it('of many events those that were rejected are counted by their code', async () => {
    const bodies: string[] = [];
    const url = await serve((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('end', () => {
        bodies.push(text);
        response.end(JSON.stringify({ accepted: 1, rejectedCount: 4, rejected: [{ index: 0, code: 'INVALID_JSON' }, { index: 1, code: 'INVALID_JSON' }, { index: 2, code: 'INPUT_REJECTED' }] }));
      });
    });
    expect(await send(url, 'bulk', ['1', '2', '3', '4', '5'])).toEqual([
      { kind: 'event INVALID_JSON', count: 2, refused: false },
      { kind: 'event INPUT_REJECTED', count: 1, refused: false },
      { kind: 'event rejected', count: 1, refused: false },
    ]);
    expect(bodies).toEqual(['1\n2\n3\n4\n5']);
  });

  it('a fault on the way leaves taken what came before it', async () => {
    const url = await serve(answering(429, { code: 'JOURNAL_FULL', accepted: 2, rejectedCount: 1, rejected: [{ index: 0, code: 'INVALID_JSON' }] }, { 'retry-after': '1' }));
    expect(await send(url, 'bulk', ['1', '2', '3', '4', '5'])).toEqual([
      { kind: 'event INVALID_JSON', count: 1, refused: false },
      { kind: '429 JOURNAL_FULL', count: 2, refused: true },
    ]);
  });
});

describe('a server that fails', () => {
  it('is told by kind: nobody there, a connection cut, no answer', async () => {
    const port = await freePort();
    expect(await send(new URL(`http://127.0.0.1:${port}/`), 'async')).toEqual([{ kind: 'ECONNREFUSED', count: 1, refused: false }]);
    expect(await send(await serve((request) => request.socket.destroy()), 'async')).toEqual([{ kind: 'connection lost', count: 1, refused: false }]);
    expect(await send(await serve(() => undefined), 'async', ['{}'], 200)).toEqual([{ kind: 'no answer in time', count: 1, refused: false }]);
  });
});

describe('where starts are posted to', () => {
  const MACHINES = answering(200, { machines: [{ name: 'triage' }, { name: 'billing' }] });
  const find = async (url: URL, machine?: string, mode?: HttpMode): Promise<string> => {
    const found = await findHttpTarget({ url, machine, mode, headers: {}, timeoutMs: 2000 });
    return `${found.mode} ${found.url.pathname}${found.url.search}`;
  };

  it('is the route of the mode, or what the URL says', async () => {
    const url = await serve(MACHINES);
    expect(await find(url, 'triage')).toBe('async /v1/machines/triage/executions');
    expect(await find(url, 'triage', 'sync')).toBe('sync /v1/machines/triage/sync-executions');
    expect(await find(new URL('gateway/', url), 'billing', 'bulk')).toBe('bulk /gateway/v1/machines/billing/events');
    expect(await find(new URL('any/events?token=x', url))).toBe('bulk /any/events?token=x');
  });

  it('is the only machine, where there is one', async () => {
    expect(await find(await serve(answering(200, { machines: [{ name: 'only' }] })))).toBe('async /v1/machines/only/executions');
    await expect(find(await serve(MACHINES))).rejects.toThrow(/Say with --machine .* it has triage, billing/);
  });

  it('has to have the machine, unless the server does not say which it has', async () => {
    await expect(find(await serve(MACHINES), 'trige')).rejects.toThrow(/has no machine 'trige'; it has triage, billing/);
    expect(await find(await serve(answering(403, 'no')), 'any')).toBe('async /v1/machines/any/executions');
  });

  it('has to answer', async () => {
    const port = await freePort();
    await expect(find(new URL(`http://127.0.0.1:${port}`), 'm')).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE', message: expect.stringContaining(`127.0.0.1:${port}`) as string });
  });
});
