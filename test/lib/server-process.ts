import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request, type Agent } from 'node:http';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

export const binary = fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url));

/** A TCP port of the loopback interface that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Polls until the condition holds. */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
}

/** One HTTP request to a server on the loopback interface; rejects when the connection breaks. */
export function ask(port: number, method: string, path: string, body?: string | Buffer, headers: Record<string, string> = {}, agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, method, path, headers, ...(agent === undefined ? {} : { agent }) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

/** A `millrace start` process of the built binary. */
export class ServerProcess {
  readonly port: number;
  readonly child: ChildProcess;
  stderr = '';

  constructor(args: readonly string[], port: number, options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    this.port = port;
    this.child = spawn(process.execPath, [binary, 'start', '--port', String(port), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
  }

  /** Resolves once /readyz says yes. */
  async ready(): Promise<this> {
    await eventually(async () => {
      if (this.child.exitCode !== null) throw new Error(`the server ended with ${this.child.exitCode}: ${this.stderr}`);
      try {
        return (await ask(this.port, 'GET', '/readyz')).status === 200;
      } catch {
        return false;
      }
    }, 'the server is ready');
    return this;
  }

  /** Sends a signal and waits for the end; answers the exit code, or the signal's name. */
  async end(signal: NodeJS.Signals): Promise<number | string | null> {
    const ended = this.child.exitCode === null && this.child.signalCode === null ? once(this.child, 'exit') : Promise.resolve();
    this.child.kill(signal);
    await ended;
    return this.child.exitCode ?? this.child.signalCode;
  }
}
