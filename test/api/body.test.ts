import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BodyReader } from '../../src/api/body.ts';
import { StallClock } from '../../src/api/stall-clock.ts';
import { rawSocket, until } from './serving.ts';

describe('BodyReader', () => {
  it('bounds what all bodies under way hold together, and gives back what ends, is refused or breaks off', async () => {
    const clock = new StallClock(60_000);
    const bodies = new BodyReader(1000, 1500, clock);
    const server = createServer((request, response) => {
      bodies.read(request, true, (fault, bytes) => response.writeHead(fault?.httpStatus ?? 200).end(fault?.code ?? String(bytes.length)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
      clock.close();
    });
    const begin = () => {
      const client = rawSocket((server.address() as AddressInfo).port);
      client.socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"${'x'.repeat(599)}`);
      return client;
    };
    const first = begin();
    const second = begin();
    await until(() => bodies.heldBytes === 1200, 'two bodies are held');
    const third = begin();
    await until(() => third.text().includes('AT_CAPACITY'), 'the third is refused');
    expect(third.text()).toMatch(/^HTTP\/1.1 429 /);
    expect(bodies.heldBytes).toBe(1200);
    first.socket.write(`${'x'.repeat(299)}"`);
    await until(() => first.text().includes('\r\n900\r\n'), 'the first is answered');
    expect(bodies.heldBytes).toBe(600);
    second.socket.destroy();
    await until(() => bodies.heldBytes === 0, 'nothing is held');
  });

  it('joins bodies of many pieces', async () => {
    const clock = new StallClock(60_000);
    const bodies = new BodyReader(100_000, 200_000, clock);
    const server = createServer((request, response) => {
      bodies.read(request, true, (fault, bytes) => response.end(fault?.code ?? bytes));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
      clock.close();
    });
    const { socket, closed } = rawSocket((server.address() as AddressInfo).port);
    const text = JSON.stringify(Array.from({ length: 500 }, (_, index) => index));
    const pieces = [...text].map((character) => `1\r\n${character}\r\n`).join('');
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${pieces}0\r\n\r\n`);
    expect((await closed).endsWith(text)).toBe(true);
    expect(bodies.heldBytes).toBe(0);
  });
});
