import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MillraceError } from '../../src/errors.ts';
import { StandInBulk } from './stand-in-engine.ts';
import { rawSocket, serve, until } from './serving.ts';

const EVENTS = '/v1/machines/triage/events';
const NDJSON = { 'content-type': 'application/x-ndjson' };

describe('POST events', () => {
  it('takes NDJSON and says of every rejected event which it was and why', async () => {
    const { engine, post } = await serve({ payloadBytes: 30 });
    const { status, json } = await post(EVENTS, `{"a":1}\r\n\n{"a":\n  \n"${'x'.repeat(40)}"\n{"__proto__":2}\n[3]`, NDJSON);
    expect(status).toBe(200);
    expect(json).toEqual({
      accepted: 3,
      rejectedCount: 2,
      rejected: [
        { index: 1, code: 'INVALID_JSON', message: 'The event is not JSON.' },
        { index: 2, code: 'PAYLOAD_TOO_LARGE', message: 'The event has more than the 30 bytes that limits.payloadBytes allows.' },
      ],
    });
    expect(engine.bulks[0]!.texts).toEqual(['{"a":1}', '{"__proto__":2}', '[3]']);
  });

  it('takes an array, an empty one and an empty body', async () => {
    const { engine, post } = await serve();
    expect((await post(EVENTS, '[{"a":1}, [2], "x"]')).json).toEqual({ accepted: 3, rejectedCount: 0, rejected: [] });
    expect(engine.bulks[0]!.texts).toEqual(['{"a":1}', '[2]', '"x"']);
    expect((await post(EVENTS, '[]')).json.accepted).toBe(0);
    expect((await post(EVENTS, undefined)).json.accepted).toBe(0);
  });

  it('lists a thousand rejections and counts the rest', async () => {
    const { post } = await serve();
    const { json } = await post(EVENTS, 'x\n'.repeat(2500), NDJSON);
    expect(json.accepted).toBe(0);
    expect(json.rejectedCount).toBe(2500);
    expect(json.rejected).toHaveLength(1000);
  });

  it('keeps what comes before the break of an array, and says where it broke', async () => {
    const { engine, post } = await serve();
    const { status, json } = await post(EVENTS, '[{"a":1}, nope, {"a":2} {"a":3}]');
    expect(status).toBe(400);
    expect(json).toEqual({
      code: 'INVALID_JSON',
      message: 'At byte 24 of the body, after 3 elements of the array, "," or "]" was expected, not "{".',
      accepted: 2,
      rejectedCount: 1,
      rejected: [{ index: 1, code: 'INVALID_JSON', message: 'The event is not JSON.' }],
    });
    expect(engine.bulks[0]!.abandoned).toBe(false);
  });

  it('decodes a stream, refuses an unknown encoding and says what it took before the encoding broke', async () => {
    const { engine, post } = await serve();
    const lines = `${'{"event":"number"}\n'.repeat(100_000)}`;
    expect((await post(EVENTS, gzipSync(lines), { ...NDJSON, 'content-encoding': 'gzip' })).json.accepted).toBe(100_000);
    expect((await post(EVENTS, lines, { 'content-encoding': 'zstd' })).status).toBe(415);
    const noise = Buffer.from(Array.from({ length: 400_000 }, (_, index) => (index % 100 === 99 ? 10 : 48 + ((index * index * 7919) % 10))));
    const cutOff = gzipSync(noise).subarray(0, -2000);
    const broken = await post(EVENTS, cutOff, { ...NDJSON, 'content-encoding': 'gzip' });
    expect(broken).toMatchObject({ status: 400, json: { code: 'BAD_REQUEST' } });
    expect(broken.json.accepted).toBe(engine.bulks[1]!.accepted);
  });

  it('stops at a fault of the engine, says what was accepted before, and lets the client see it', async () => {
    const { engine, port } = await serve();
    const sending = request({ port, host: '127.0.0.1', path: EVENTS, method: 'POST', headers: NDJSON });
    sending.on('error', () => undefined);
    const answered = once(sending, 'response');
    sending.write('{"a":1}\n');
    await until(() => engine.bulks[0]?.accepted === 1, 'the first event is taken');
    engine.failure = new MillraceError('DRAINING', 'The server is shutting down.');
    const filler = Buffer.from('{"a":2}\n'.repeat(10_000));
    const timer = setInterval(() => void sending.write(filler), 5);
    onTestFinished(() => clearInterval(timer));
    const [response] = (await answered) as [IncomingMessage];
    clearInterval(timer);
    let text = '';
    for await (const part of response) text += part as string;
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('5');
    expect(JSON.parse(text)).toEqual({ code: 'DRAINING', message: 'The server is shutting down.', accepted: 1, rejectedCount: 0, rejected: [] });
    sending.end();
  });

  it('answers with the first fault alone when the engine cannot say what it accepted', async () => {
    const { engine, post } = await serve();
    const startMany = engine.startMany.bind(engine);
    engine.startMany = (machine) => {
      const bulk = startMany(machine);
      engine.failure = new MillraceError('JOURNAL_UNAVAILABLE', 'The disk is full.');
      bulk.finishFailure = new Error('nothing is known');
      return bulk;
    };
    const { status, headers, json } = await post(EVENTS, '{"a":1}\n{"a":2}', NDJSON);
    expect({ status, json }).toEqual({ status: 503, json: { code: 'JOURNAL_UNAVAILABLE', message: 'The disk is full.' } });
    expect(headers.get('retry-after')).toBe('10');
  });

  it('hands on events as they come, without waiting for more', async () => {
    const { engine, port } = await serve();
    const sending = request({ port, host: '127.0.0.1', path: EVENTS, method: 'POST', headers: NDJSON });
    const answered = once(sending, 'response');
    for (let count = 1; count <= 3; count++) {
      sending.write('{"a":1}\n');
      await until(() => engine.bulks[0]?.accepted === count, `event ${count} is taken`);
    }
    sending.end();
    const [response] = (await answered) as [IncomingMessage];
    response.resume();
    expect(response.statusCode).toBe(200);
  });

  it('reads no further while the engine takes no more', async () => {
    const { engine, port } = await serve();
    let open!: () => void;
    engine.gate = new Promise((resolve) => (open = resolve));
    const { socket, text } = rawSocket(port);
    socket.write(`POST ${EVENTS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: 100000000\r\n\r\n`);
    const filler = Buffer.from('{"a":12345}\n'.repeat(10_000));
    let sent = 0;
    const fill = (): void => {
      do sent += filler.length;
      while (socket.write(filler) && sent < 90_000_000);
    };
    socket.on('drain', () => {
      if (sent < 90_000_000) fill();
    });
    fill();
    // Sockets of either side buffer some; then nothing moves any more.
    let seen = -1;
    let unmoved = 0;
    await until(() => {
      unmoved = sent === seen ? unmoved + 1 : 0;
      seen = sent;
      return unmoved === 40;
    }, 'the client can send no more');
    expect(sent).toBeLessThan(50_000_000);
    expect(engine.bulks).toHaveLength(1);
    expect(engine.bulks[0]!.largestPieceBytes).toBeLessThan(1_000_000);
    open();
    await until(() => engine.bulks[0]!.accepted > 10_000, 'reading goes on');
    expect(text()).toBe('');
  });

  it('keeps what was complete when the client goes away, and drops what was not', async () => {
    const { engine, port } = await serve();
    const { socket } = rawSocket(port);
    socket.write(`POST ${EVENTS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n{"a":1}\n{"a":2}\n{"a":3}`);
    await until(() => engine.bulks[0]?.accepted === 2, 'two events are taken');
    socket.destroy();
    await until(() => engine.bulks[0]!.abandoned, 'the bulk start is abandoned');
    expect(engine.bulks[0]!.texts).toEqual(['{"a":1}', '{"a":2}']);
  });

  it('lets go of a client that goes away while the engine takes no more', async () => {
    const { engine, port } = await serve();
    engine.gate = new Promise(() => undefined);
    const { socket } = rawSocket(port);
    socket.write(`POST ${EVENTS} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"a":1}\n{"a":2}`);
    await until(() => engine.bulks[0]?.accepted === 1, 'an event is taken');
    socket.destroy();
    await until(() => engine.bulks[0]!.abandoned, 'the bulk start is abandoned');
  });

  it.each([
    ['NDJSON', '', (index: number) => `{"index":${index},"filler":"${'x'.repeat(80)}"}\n`, ''],
    ['an array', '[', (index: number) => `{"index":${index},"filler":"[\\"{${'x'.repeat(72)}"},`, '0]'],
  ])('takes 200 MB of %s in constant memory', async (_what, head, line, tail) => {
    StandInBulk.keeps = false;
    onTestFinished(() => {
      StandInBulk.keeps = true;
    });
    const { engine, port } = await serve();
    const lines = 20_000;
    const block = Buffer.from(Array.from({ length: lines }, (_, index) => line(index)).join(''));
    const blocks = Math.ceil(200_000_000 / block.length);
    const sending = request({ port, host: '127.0.0.1', path: EVENTS, method: 'POST' });
    const answered = once(sending, 'response');
    if (head !== '') sending.write(head);
    const before = process.memoryUsage().rss;
    let highest = before;
    for (let index = 0; index < blocks; index++) {
      if (!sending.write(block)) await once(sending, 'drain');
      highest = Math.max(highest, process.memoryUsage().rss);
    }
    sending.end(tail);
    const [response] = (await answered) as [IncomingMessage];
    let text = '';
    for await (const part of response) text += part as string;
    expect(JSON.parse(text)).toEqual({ accepted: blocks * lines + (tail === '' ? 0 : 1), rejectedCount: 0, rejected: [] });
    expect(engine.bulks[0]!.largestPieceBytes).toBeLessThan(1_000_000);
    // Client and server share this process and its garbage; a body that is held would show as 200 MB.
    expect(highest - before).toBeLessThan(120_000_000);
  });

  it('drops a line of 100 MB as it comes', async () => {
    const { engine, port } = await serve();
    const sending = request({ port, host: '127.0.0.1', path: EVENTS, method: 'POST', headers: NDJSON });
    const answered = once(sending, 'response');
    const block = Buffer.alloc(1_000_000, 'x');
    const before = process.memoryUsage().rss;
    let highest = before;
    for (let index = 0; index < 100; index++) {
      if (!sending.write(block)) await once(sending, 'drain');
      highest = Math.max(highest, process.memoryUsage().rss);
    }
    sending.end('\n{"a":1}');
    const [response] = (await answered) as [IncomingMessage];
    response.resume();
    expect(engine.bulks[0]).toMatchObject({ accepted: 1, rejected: [{ index: 0, code: 'PAYLOAD_TOO_LARGE' }] });
    expect(highest - before).toBeLessThan(60_000_000);
  });
});
