import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { createServer } from '../../src/api/server.ts';
import type { ServerOptions } from '../../src/api/server.ts';
import { StandInEngine } from './stand-in-engine.ts';

/** A real server on a free port of loopback, closed when the test ends. */
export async function serve(options: Partial<ServerOptions> = {}) {
  const engine = new StandInEngine();
  const server = createServer({ engine, host: '127.0.0.1', port: 0, payloadBytes: 262_144, ...options });
  const { port } = await server.listen();
  onTestFinished(() => server.close(0));
  const url = `http://127.0.0.1:${port}`;
  const post = async (path: string, body: string | Uint8Array | undefined, headers: Record<string, string> = {}) => {
    const response = await fetch(url + path, { method: 'POST', headers, ...(body === undefined ? {} : { body: body as string }) });
    return { status: response.status, headers: response.headers, json: (await response.json()) as any };
  };
  return { engine, server, url, port, post };
}

/** A socket that collects what it is sent; `closed` resolves with all of it. */
export function rawSocket(port: number): { socket: Socket; text: () => string; closed: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => (text += part));
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  return { socket, text: () => text, closed: new Promise((resolve) => socket.once('close', () => resolve(text))) };
}

export async function until(condition: () => boolean, what: string, deadlineMs = 60_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
