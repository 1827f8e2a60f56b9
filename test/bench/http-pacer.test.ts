import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';

interface Said {
  readonly latencies: Float64Array;
  readonly total: number;
  readonly failure?: string;
}

/** Paces requests at a server of this process and answers what the thread says. */
async function pace(listener: RequestListener, { rate = 200, durationMs = 800, warmUpMs = 0, connections = 4 } = {}): Promise<Said> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const worker = new Worker(new URL('../../bench/http-pacer.mjs', import.meta.url), { workerData: { address, path: '/', bodies: ['{"a":1}', '{"b":"ü"}'], rate, durationMs, warmUpMs, connections } });
  const [said] = (await once(worker, 'message')) as [Said];
  server.closeAllConnections();
  server.close();
  return said;
}

describe('the pacing of HTTP requests', () => {
  it('asks at its rate and times every answer, of a set length or in chunks', async () => {
    const bodies: string[] = [];
    const said = await pace((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        bodies.push(body);
        if (bodies.length % 2 === 0) response.setHeader('content-length', Buffer.byteLength(body));
        response.write(body.slice(0, 1));
        setImmediate(() => response.end(body.slice(1)));
      });
    });
    expect(said.failure).toBeUndefined();
    expect(said.latencies).toHaveLength(160);
    expect(new Set(bodies)).toEqual(new Set(['{"a":1}', '{"b":"ü"}']));
  });

  it('counts from the intended time, also for requests that found every connection waiting', async () => {
    let began: number | undefined;
    const said = await pace((request, response) => {
      request.resume();
      // For 400 ms from the first request on nobody is answered. A load that waits would have asked four times in this while.
      began ??= performance.now();
      setTimeout(() => response.end('{}'), Math.max(0, 400 - (performance.now() - began)));
    });
    expect(said.failure).toBeUndefined();
    // Each connection holds one request of that time; the others waited for a connection, and had been due all the same.
    const slow = said.latencies.filter((ms) => ms >= 100).length;
    expect(slow).toBeGreaterThan(4 * 2);
  });

  it('leaves the warm-up out', async () => {
    const said = await pace((request, response) => request.resume().on('end', () => response.end('{}')), { durationMs: 500, warmUpMs: 500 });
    expect(said.total).toBe(200);
    expect(said.latencies).toHaveLength(100);
  });

  it('says what a server refused', async () => {
    const said = await pace((request, response) => {
      request.resume();
      response.writeHead(503).end('busy');
    });
    expect(said.failure).toMatch(/^HTTP\/1\.1 503/);
  });
});
