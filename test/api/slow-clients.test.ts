import { describe, expect, it } from 'vitest';
import { rawSocket, serve, until } from './serving.ts';

const post = (path: string, length: number): string => `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;

describe('clients that are slow, stop or go away', () => {
  it('answers 408 to headers that do not end, and to a connection that says nothing', async () => {
    const { port } = await serve({ timeouts: { headersMs: 200 } });
    const slow = rawSocket(port);
    const drip = setInterval(() => void slow.socket.write('X-More: 1\r\n'), 30);
    slow.socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n');
    const silent = rawSocket(port);
    expect(await slow.closed).toMatch(/^HTTP\/1.1 408 [^]*"The headers did not arrive in time."/);
    await silent.closed;
    clearInterval(drip);
  });

  it('answers 408 to a body that drips too slowly, and cuts the connection', async () => {
    const { engine, port } = await serve({ timeouts: { bodyMs: 200, lingerMs: 100 } });
    const { socket, closed } = rawSocket(port);
    socket.write(post('/v1/machines/triage/executions', 1000));
    const drip = setInterval(() => void socket.write(' '), 30);
    expect(await closed).toMatch(/^HTTP\/1.1 408 [^]*\{"code":"BAD_REQUEST","message":"The body did not arrive in time."\}$/);
    clearInterval(drip);
    expect(engine.started).toEqual([]);
  });

  it('answers 408 to a bulk body that falls silent, with what was accepted; one that drips is taken', async () => {
    const { engine, port } = await serve({ timeouts: { bodyMs: 300, lingerMs: 100 } });
    const silent = rawSocket(port);
    silent.socket.write(`${post('/v1/machines/triage/events', 1000)}{"a":1}\n{"a":`);
    const dripping = rawSocket(port);
    dripping.socket.write(`POST /v1/machines/triage/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 80\r\n\r\n`);
    let left = 10;
    const drip = setInterval(() => {
      if (left-- > 0) dripping.socket.write('{"a":1}\n');
    }, 60);
    expect(await silent.closed).toMatch(/^HTTP\/1.1 408 [^]*"accepted":1,"rejectedCount":0/);
    expect(await dripping.closed).toMatch(/^HTTP\/1.1 200 [^]*"accepted":10,/);
    clearInterval(drip);
    expect(engine.bulks[0]!.texts).toEqual(['{"a":1}']);
  });

  it('does not count time in which the engine takes no more as silence', async () => {
    const { engine, port } = await serve({ timeouts: { bodyMs: 100 } });
    let open!: () => void;
    engine.gate = new Promise((resolve) => (open = resolve));
    const { socket, text } = rawSocket(port);
    socket.write(`${post('/v1/machines/triage/events', 16)}{"a":1}\n`);
    await until(() => engine.bulks[0]?.accepted === 1, 'an event is taken');
    const silent = rawSocket(port);
    silent.socket.write(post('/v1/machines/triage/events', 16));
    await until(() => silent.text().includes('408'), 'the time that a silent client is given has passed');
    expect(text()).toBe('');
    socket.write('{"a":2}\n');
    open();
    await until(() => text().includes('"accepted":2'), 'both are accepted');
  });

  it('forgets a client that goes away within its body', async () => {
    const { engine, port, server } = await serve();
    for (let index = 0; index < 20; index++) {
      const { socket } = rawSocket(port);
      await new Promise((resolve) => socket.write(`${post('/v1/machines/triage/executions', 100_000)}{"a":`, resolve));
      socket.destroy();
    }
    // Nothing that a client began keeps the server from closing.
    await server.close(60_000);
    expect(engine.started).toEqual([]);
  });

  it('survives a client that goes away before its answer', async () => {
    const { engine, port, url } = await serve();
    let open!: () => void;
    engine.gate = new Promise((resolve) => (open = resolve));
    const { socket } = rawSocket(port);
    socket.write(`${post('/v1/machines/triage/sync-executions', 2)}{}`);
    await until(() => engine.started.length === 1, 'the execution runs');
    socket.destroy();
    open();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('cuts off a client that does not read its answers', async () => {
    const { engine, port, server } = await serve({ timeouts: { answerMs: 200 } });
    engine.sync = { output: `"${'x'.repeat(8_000_000)}"` };
    const { socket, closed } = rawSocket(port);
    socket.pause();
    for (let index = 0; index < 8; index++) socket.write(`${post('/v1/machines/triage/sync-executions', 2)}{}`);
    await until(() => engine.started.length > 0, 'an execution ran');
    // The stuck connection is all that keeps the server from closing.
    await server.close(60_000);
    socket.resume();
    const received = await closed;
    expect(received.length).toBeLessThan(8 * 8_000_000);
  });

  it('reads on for a while after a refusal, so that the answer arrives, and then cuts the connection', async () => {
    const { port } = await serve({ timeouts: { lingerMs: 200 } });
    const { socket, text, closed } = rawSocket(port);
    socket.write(post('/v1/machines/triage/executions', 10_000_000_000));
    const filler = Buffer.alloc(100_000, ' ');
    const drip = setInterval(() => void socket.write(filler), 5);
    await until(() => text().includes('PAYLOAD_TOO_LARGE'), 'the refusal arrives');
    await closed;
    clearInterval(drip);
  });
});
