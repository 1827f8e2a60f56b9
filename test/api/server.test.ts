import { gzipSync, brotliCompressSync, deflateSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createServer } from '../../src/api/server.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { FAULTS, MillraceError } from '../../src/errors.ts';
import type { FaultName } from '../../src/errors.ts';
import { ARN, START_MS, StandInEngine } from './stand-in-engine.ts';
import { rawSocket, serve, until } from './serving.ts';

const EXECUTIONS = '/v1/machines/triage/executions';
const SYNC = '/v1/machines/triage/sync-executions';

describe('POST executions', () => {
  it('hands on the bytes as they came and answers 202 with ARN, name and date', async () => {
    const { engine, post } = await serve();
    const text = ' {"b": 1.0,\t"a": "\\u00fc ü", "n": 12345678901234567890} ';
    const { status, headers, json } = await post(EXECUTIONS, text, { 'content-type': 'application/json' });
    expect(status).toBe(202);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(json).toEqual({ executionArn: `${ARN}made-up-1`, name: 'made-up-1', startDate: new Date(START_MS).toISOString() });
    expect(engine.started).toEqual([{ machine: 'triage', text, name: undefined }]);
  });

  it.each(['null', '1', '"x"', '[]', 'true'])('takes any JSON value: %s', async (text) => {
    const { engine, post } = await serve();
    expect((await post(EXECUTIONS, text)).status).toBe(202);
    expect(engine.started[0]!.text).toBe(text);
  });

  it.each(['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'image/png; q="a', 'nonsense', ''])('takes any content type: %s', async (type) => {
    const { engine, post } = await serve();
    expect((await post(EXECUTIONS, '{"a":1}', { 'content-type': type })).status).toBe(202);
    expect(engine.started[0]!.text).toBe('{"a":1}');
  });

  it('takes an empty body for {} and skips a byte order mark', async () => {
    const { engine, post } = await serve();
    expect((await post(EXECUTIONS, undefined)).status).toBe(202);
    expect((await post(EXECUTIONS, '', { 'content-type': 'application/json' })).status).toBe(202);
    expect((await post(EXECUTIONS, '\ufeff{"a":1}')).status).toBe(202);
    expect(engine.started.map(({ text }) => text)).toEqual(['{}', '{}', '{"a":1}']);
  });

  it('takes __proto__ and constructor for data', async () => {
    const { engine, post } = await serve();
    const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    expect((await post(EXECUTIONS, text)).status).toBe(202);
    expect(engine.started[0]!.text).toBe(text);
    expect((Object.prototype as any).polluted).toBeUndefined();
  });

  it('takes the name from the query or the header, the query first', async () => {
    const { engine, post } = await serve();
    await post(`${EXECUTIONS}?name=one`, '{}');
    await post(EXECUTIONS, '{}', { 'x-execution-name': 'two' });
    await post(`${EXECUTIONS}?name=${encodeURIComponent('drei-ü')}`, '{}', { 'x-execution-name': 'two' });
    expect(engine.started.map(({ name }) => name)).toEqual(['one', 'two', 'drei-ü']);
  });

  it.each(['?name=', '?name=a%20b', '?name=a%2Fb', '?name=a&name=b', `?name=${'x'.repeat(81)}`, '?name=a%3A'])('refuses the name in %s', async (query) => {
    const { engine, post } = await serve();
    const { status, json } = await post(EXECUTIONS + query, '{}');
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'INVALID_NAME' });
    expect(engine.started).toEqual([]);
  });

  it.each(['{"a":', '{"a":1} x', ' ', "{'a':1}", 'undefined'])('refuses what is not JSON: %s', async (text) => {
    const { engine, post } = await serve();
    const { status, json } = await post(EXECUTIONS, text);
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'INVALID_JSON' });
    expect(engine.started).toEqual([]);
  });

  it('refuses what is not UTF-8', async () => {
    const { post } = await serve();
    expect((await post(EXECUTIONS, Uint8Array.of(0x22, 0xff, 0xfe, 0x22))).json.code).toBe('INVALID_JSON');
  });

  it('holds payloadBytes against the body, declared or not, encoded or not', async () => {
    const { engine, post } = await serve({ payloadBytes: 100 });
    const fits = `"${'x'.repeat(98)}"`;
    const over = `"${'x'.repeat(99)}"`;
    expect((await post(EXECUTIONS, fits)).status).toBe(202);
    expect((await post(EXECUTIONS, gzipSync(fits), { 'content-encoding': 'gzip' })).status).toBe(202);
    for (const [body, headers] of [[over, {}], [gzipSync(over), { 'content-encoding': 'gzip' }]] as const) {
      expect(await post(EXECUTIONS, body, headers)).toMatchObject({ status: 413, json: { code: 'PAYLOAD_TOO_LARGE', message: 'The event has more than the 100 bytes that limits.payloadBytes allows.' } });
    }
    const { socket, closed } = rawSocket((await serve({ payloadBytes: 100 })).port);
    socket.write(`POST ${EXECUTIONS} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n65\r\n${over}\r\n0\r\n\r\n`);
    expect(await closed).toMatch(/^HTTP\/1.1 413 [^]*"code":"PAYLOAD_TOO_LARGE"/);
    expect(engine.started).toHaveLength(2);
  });

  it('refuses a small body that decodes to a large one, without decoding all of it', async () => {
    const { post } = await serve();
    const bomb = gzipSync(Buffer.alloc(200_000_000, ' '), { level: 9 });
    expect(bomb.length).toBeLessThan(262_144);
    expect((await post(EXECUTIONS, bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
  });

  it('decodes gzip, deflate and brotli, and refuses other encodings with 415 and broken ones with 400', async () => {
    const { engine, post } = await serve();
    for (const [encoding, encode] of [['gzip', gzipSync], ['deflate', deflateSync], ['br', brotliCompressSync]] as const) {
      expect((await post(EXECUTIONS, encode('{"a":1}'), { 'content-encoding': encoding })).status).toBe(202);
    }
    expect(engine.started.map(({ text }) => text)).toEqual(['{"a":1}', '{"a":1}', '{"a":1}']);
    const unknown = await post(EXECUTIONS, '{}', { 'content-encoding': 'compress' });
    expect(unknown.status).toBe(415);
    expect(unknown.json).toEqual({ code: 'BAD_REQUEST', message: 'Content-Encoding "compress" is not understood; send gzip, deflate, br or none.' });
    const broken = await post(EXECUTIONS, '{"a":1}', { 'content-encoding': 'gzip' });
    expect({ status: broken.status, code: broken.json.code }).toEqual({ status: 400, code: 'BAD_REQUEST' });
  });
});

describe('POST sync-executions', () => {
  it('answers 200 with the output spliced in, byte for byte', async () => {
    const { engine, url } = await serve();
    engine.sync = { output: '{"big":12345678901234567890,"__proto__":1}' };
    const response = await fetch(`${url}${SYNC}?name=s1`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(
      `{"executionArn":"${ARN}s1","name":"s1","startDate":"2025-01-02T03:04:05.678Z","stopDate":"2025-01-02T03:04:05.720Z","status":"SUCCEEDED","output":{"big":12345678901234567890,"__proto__":1},"billingDetails":{"billedDurationInMilliseconds":100,"billedMemoryUsedInMB":64}}`,
    );
  });

  it('answers 200 for a failed execution, with error and cause if there are any', async () => {
    const { engine, post } = await serve();
    const { output: _, ...failed } = { output: '', status: 'FAILED' as const, error: 'Deep "1"', cause: 'line\nbreak' };
    engine.startSync = async () => ({ executionArn: ARN, name: 'n', startTimeMs: START_MS, stopTimeMs: START_MS, billedDurationMs: 100, billedMemoryMB: 64, ...failed });
    const { status, json } = await post(SYNC, '{}');
    expect(status).toBe(200);
    expect(json).toMatchObject({ status: 'FAILED', error: 'Deep "1"', cause: 'line\nbreak' });
    expect(json).not.toHaveProperty('output');
  });
});

describe('GET routes', () => {
  it('lists machines', async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/v1/machines`);
    expect(await response.json()).toEqual({
      machines: [{ name: 'triage', stateMachineArn: 'arn:aws:states:local:000000000000:stateMachine:triage', revision: 2, comment: 'Sorts "events"' }],
    });
  });

  it('describes an execution by its ARN, encoded or not', async () => {
    const { engine, url } = await serve();
    const arn = `${ARN}${'n'.repeat(80)}:0b0e8f3e-8a73-4a39-b6a5-c8f3a7f9f6d5`;
    const known = { executionArn: arn, name: 'n', machineArn: 'arn:machine', startTimeMs: START_MS };
    engine.descriptions.set(arn, { ...known, status: 'RUNNING' });
    const running = await (await fetch(`${url}/v1/executions/${arn}`)).json();
    expect(running).toEqual({ executionArn: arn, name: 'n', startDate: '2025-01-02T03:04:05.678Z', stateMachineArn: 'arn:machine', status: 'RUNNING' });
    engine.descriptions.set(arn, { ...known, status: 'SUCCEEDED', stopTimeMs: START_MS + 1, input: '{"a":1}', output: '[2]' });
    const ended = await (await fetch(`${url}/v1/executions/${encodeURIComponent(arn)}`)).json();
    expect(ended).toMatchObject({ status: 'SUCCEEDED', stopDate: '2025-01-02T03:04:05.679Z', input: { a: 1 }, output: [2] });
    const unknown = await fetch(`${url}/v1/executions/arn:none`);
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ code: 'NO_SUCH_EXECUTION' });
  });

  it('tells health, readiness with reasons, and metrics', async () => {
    const { engine, url } = await serve();
    expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: 'ready' });
    engine.reasons = ['The journal is read.'];
    const unready = await fetch(`${url}/readyz`);
    expect(unready.status).toBe(503);
    expect(await unready.json()).toEqual({ status: 'unready', reasons: ['The journal is read.'] });
    const metrics = await fetch(`${url}/metrics`);
    expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await metrics.text()).toBe('up 1\n');
  });

  it('answers HEAD without a body and OPTIONS with what is allowed', async () => {
    const { url } = await serve();
    const head = await fetch(`${url}/healthz`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe('15');
    expect(await head.text()).toBe('');
    const options = await fetch(`${url}${EXECUTIONS}`, { method: 'OPTIONS' });
    expect(options.status).toBe(204);
    expect(options.headers.get('allow')).toBe('POST, OPTIONS');
  });
});

describe('errors', () => {
  it.each(['AT_CAPACITY', 'JOURNAL_FULL', 'JOURNAL_UNAVAILABLE', 'DRAINING', 'INPUT_REJECTED', 'POISON', 'INVALID_DEFINITION'] as const)('answers %s as the table says, on all three starts', async (code: FaultName) => {
    const { engine, post } = await serve();
    engine.failure = new MillraceError(code, 'Why it is so.');
    for (const path of [EXECUTIONS, SYNC, '/v1/machines/triage/events']) {
      const { status, headers, json } = await post(path, '{}');
      expect({ status, json }).toEqual({ status: FAULTS[code].http, json: { code, message: 'Why it is so.' } });
      const retryAfter = headers.get('retry-after');
      if (FAULTS[code].retryable) expect(Number(retryAfter)).toBeGreaterThan(0);
      else expect(retryAfter).toBeNull();
    }
  });

  it('answers unknown machines and unknown routes', async () => {
    const { url, post } = await serve();
    expect(await post('/v1/machines/none/executions', '{}')).toMatchObject({ status: 404, json: { code: 'NO_SUCH_MACHINE' } });
    expect(await post('/v1/machines/__proto__/events', '{}')).toMatchObject({ status: 404, json: { code: 'NO_SUCH_MACHINE' } });
    for (const [method, path] of [['GET', '/'], ['PUT', EXECUTIONS], ['DELETE', '/v1/machines'], ['GET', EXECUTIONS], ['POST', '/nowhere']] as const) {
      const response = await fetch(url + path, { method, ...(method === 'GET' ? {} : { body: 'not json', headers: { 'content-type': 'application/json' } }) });
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual({ code: 'NOT_FOUND', message: `No route answers ${method} ${path}.` });
    }
  });

  it('answers a path that cannot be decoded, and one that is too long', async () => {
    const { url } = await serve();
    const undecodable = await fetch(`${url}/v1/executions/%zz`);
    expect({ status: undecodable.status, code: ((await undecodable.json()) as any).code }).toEqual({ status: 400, code: 'BAD_REQUEST' });
    const long = await fetch(`${url}/v1/executions/${'a'.repeat(2049)}`);
    expect({ status: long.status, code: ((await long.json()) as any).code }).toEqual({ status: 414, code: 'BAD_REQUEST' });
  });

  it('hides what an unexpected error says and logs it under the incident that the answer names', async () => {
    const lines: string[] = [];
    const { engine, post, url } = await serve({ logger: createLog({ stream: { write: (line) => lines.push(line) } }) });
    engine.failure = new TypeError('secret of the house');
    const { status, json } = await post(EXECUTIONS, '{}');
    expect(status).toBe(500);
    expect(json.code).toBe('INTERNAL');
    expect(json.message).not.toMatch(/secret|server\.ts| at /);
    const logged = JSON.parse(lines[0]!) as { incident: string; error: { message: string; stack: string } };
    expect(json.message).toContain(logged.incident);
    expect(logged.error.message).toBe('secret of the house');
    engine.describe = () => {
      throw new Error('also secret');
    };
    const thrown = await fetch(`${url}/v1/executions/x`);
    expect(thrown.status).toBe(500);
    expect(await thrown.text()).not.toContain('secret');
  });

  it('answers what is not HTTP, and headers over the limit', async () => {
    const { port } = await serve();
    const garbage = rawSocket(port);
    garbage.socket.write('\u0016\u0003\u0001 hello\r\n\r\n');
    expect(await garbage.closed).toMatch(/^HTTP\/1.1 400 [^]*\{"code":"BAD_REQUEST","message":"The request is not HTTP\/1.1."\}$/);
    const large = rawSocket(port);
    large.socket.write(`GET /healthz HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(await large.closed).toMatch(/^HTTP\/1.1 431 /);
  });

  it('says what to do when the port is in use, or the host is not one of ours', async () => {
    const { engine, port } = await serve();
    const second = createServer({ engine, host: '127.0.0.1', port, payloadBytes: 1 });
    onTestFinished(() => second.close(0));
    await expect(second.listen()).rejects.toMatchObject({ code: 'PORT_IN_USE', message: `Another process listens on 127.0.0.1:${port}. Stop it, or choose another port with --port or server.port.` });
    const foreign = createServer({ engine, host: '192.0.2.1', port: 0, payloadBytes: 1 });
    onTestFinished(() => foreign.close(0));
    await expect(foreign.listen()).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
  });
});

describe('connections', () => {
  it('answers pipelined requests on one connection, in order', async () => {
    const { engine, port } = await serve();
    const { socket, closed } = rawSocket(port);
    const request = (name: string, more = ''): string => `POST ${EXECUTIONS}?name=${name} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n${more}\r\n{}`;
    const names = Array.from({ length: 50 }, (_, index) => `p${index}`);
    socket.write(names.map((name) => request(name)).join('') + request('last', 'Connection: close\r\n'));
    const text = await closed;
    expect([...text.matchAll(/"name":"(\w+)"/g)].map((match) => match[1])).toEqual([...names, 'last']);
    expect(engine.started).toHaveLength(51);
  });

  it('finishes running requests when it closes, takes no new connections and leaves none open', async () => {
    const { engine, server, port, url } = await serve();
    let open!: () => void;
    engine.gate = new Promise((resolve) => (open = resolve));
    const idle = rawSocket(port);
    idle.socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    const silent = rawSocket(port);
    const running = fetch(url + SYNC, { method: 'POST', body: '{}' });
    await until(() => engine.started.length === 1 && idle.text().includes('ok'), 'the request runs');
    const closed = server.close(10_000);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    await Promise.all([idle.closed, silent.closed]);
    open();
    const response = await running;
    expect(response.status).toBe(200);
    expect(response.headers.get('connection')).toBe('close');
    await closed;
  });

  it('cuts what is still running after the grace period', async () => {
    const { engine, server, url } = await serve();
    engine.gate = new Promise(() => undefined);
    const running = fetch(url + SYNC, { method: 'POST', body: '{}' });
    running.catch(() => undefined);
    await until(() => engine.started.length === 1, 'the request runs');
    await server.close(50);
    await expect(running).rejects.toThrow();
  });

  it('is unready while it closes, to a connection that is still open', async () => {
    const { engine, server, port, url } = await serve();
    let open!: () => void;
    engine.gate = new Promise((resolve) => (open = resolve));
    const running = fetch(url + SYNC, { method: 'POST', body: '{}' });
    await until(() => engine.started.length === 1, 'the request runs');
    const { socket, text, closed } = rawSocket(port);
    socket.write('GET /readyz HTTP/1.1\r\nHost: x\r\n');
    await until(() => socket.bytesWritten > 0, 'the request has begun');
    await fetch(`${url}/healthz`);
    const done = server.close(10_000);
    socket.write('\r\n');
    await closed;
    expect(text()).toMatch(/^HTTP\/1.1 503 [^]*"reasons":\["The server is shutting down."\]/);
    open();
    await running;
    await done;
  });
});

describe('metrics', () => {
  it('counts answers by route and status, and what the server refuses by machine and code', async () => {
    const metrics = createMetrics({ processMetrics: false });
    onTestFinished(() => metrics.close());
    const { post, url } = await serve({ metrics });
    await post(EXECUTIONS, '{}');
    await post(EXECUTIONS, '{}');
    await post(EXECUTIONS, '{');
    await post('/v1/machines/none/executions', '{');
    await fetch(`${url}/nowhere`);
    const { body } = await metrics.exposition();
    expect(body).toContain('millrace_http_requests_total{route="/v1/machines/:name/executions",status="202"} 2\n');
    expect(body).toContain('millrace_http_requests_total{route="/v1/machines/:name/executions",status="400"} 2\n');
    expect(body).toContain('millrace_http_requests_total{route="unmatched",status="404"} 1\n');
    expect(body).toContain('millrace_rejected_total{machine="triage",code="INVALID_JSON"} 1\n');
    expect(body).not.toContain('machine="none"');
  });

  it('needs no metrics and no logger', async () => {
    const engine = new StandInEngine();
    const server = createServer({ engine, host: '127.0.0.1', port: 0, payloadBytes: 10 });
    const { port } = await server.listen();
    expect((await fetch(`http://127.0.0.1:${port}/nowhere`)).status).toBe(404);
    await server.close(0);
  });
});
