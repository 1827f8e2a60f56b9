import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly atMs: number;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly delayMs?: number;
  /** Breaks the connection instead of answering. */
  readonly breaks?: boolean;
}

/** An HTTP server that keeps what it is sent, and answers as it is told. Its port stays over stop and start. */
export class WebhookServer {
  readonly received: Received[] = [];
  /** What was answered with 200 to 299. */
  readonly taken: Received[] = [];
  reply: (request: Received, received: readonly Received[]) => Reply = () => ({ status: 200 });
  underWay = 0;
  mostUnderWay = 0;
  connections = 0;
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook?v=1`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#take(request, response));
    server.on('connection', () => (this.connections += 1));
    server.keepAliveTimeout = 60_000;
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Breaks what is under way. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      this.underWay -= 1;
      return;
    }
    const { method = '', url = '', headers } = request;
    const one = { method, path: url, headers, body: Buffer.concat(chunks).toString('utf8'), atMs: performance.now() };
    this.received.push(one);
    const { status, headers: own = {}, body = '', delayMs = 0, breaks = false } = this.reply(one, this.received);
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    this.underWay -= 1;
    if (breaks) {
      request.socket.destroy();
      return;
    }
    if (status >= 200 && status < 300) this.taken.push(one);
    response.writeHead(status, { ...own }).end(body);
  }
}
