import { Pool, type Dispatcher } from 'undici';
import { type Batch, NOTHING_REJECTED, type Rejection, type Sender, type Settled } from './contract.ts';

export type HttpMode = 'async' | 'sync' | 'bulk';

export interface HttpTarget {
  /** Where events are posted to. */
  readonly url: URL;
  readonly mode: HttpMode;
  readonly connections: number;
  /** Most events of one request in mode bulk. */
  readonly batchEvents: number;
  /** Without an answer for so long, milliseconds, a request has failed. */
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a server with https. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly servername?: string; readonly rejectUnauthorized: boolean };
}

/** A connection that could not be made occupies its slot for so long: a dead target is not hammered. */
const PAUSE_MS = 100;
const MOST_BYTES = 8 * 1024 * 1024;

/** Posts events over kept-alive connections, one request on each at a time. */
export function createHttpSender({ url, mode, connections, batchEvents, timeoutMs, headers, tls }: HttpTarget): Sender {
  const pool = new Pool(url.origin, { connections, headersTimeout: timeoutMs, bodyTimeout: timeoutMs, connect: { timeout: timeoutMs, ...tls } });
  const path = url.pathname + url.search;
  const sent = { 'content-type': mode === 'bulk' ? 'application/x-ndjson' : 'application/json', ...headers };
  return {
    target: url.href,
    maxEvents: mode === 'bulk' ? batchEvents : 1,
    maxBytes: MOST_BYTES,
    maxBatches: connections,
    send(batch, settled) {
      const body = batch.events.length === 1 ? batch.events[0]! : batch.events.join('\n');
      pool.dispatch({ path, method: 'POST', headers: sent, body }, new Exchange(batch, mode, settled));
    },
    close: () => pool.destroy(),
  };
}

/** One request and what is answered. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #batch: Batch;
  readonly #mode: HttpMode;
  readonly #settled: Settled;
  #begun = false;
  #status = 0;
  #retryAfter = false;
  readonly #chunks: Buffer[] = [];

  constructor(batch: Batch, mode: HttpMode, settled: Settled) {
    this.#batch = batch;
    this.#mode = mode;
    this.#settled = settled;
  }

  onRequestStart(): void {
    this.#begun = true;
  }

  onResponseStart(_controller: unknown, status: number, headers: NodeJS.Dict<string | string[]>): void {
    this.#status = status;
    this.#retryAfter = headers['retry-after'] !== undefined;
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    // The answer to an asynchronous start says nothing that its status does not.
    if (this.#mode !== 'async' || this.#status >= 300) this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#settled(this.#batch, this.#rejections());
  }

  onResponseError(_controller: unknown, error: Error): void {
    const rejections = [{ kind: errorKind(error), count: this.#batch.events.length, refused: false }];
    if (this.#begun) this.#settled(this.#batch, rejections);
    else setTimeout(() => this.#settled(this.#batch, rejections), PAUSE_MS);
  }

  #rejections(): readonly Rejection[] {
    const status = this.#status;
    if (this.#mode === 'async' && status < 300) return NOTHING_REJECTED;
    const answer = parsed(this.#chunks);
    if (this.#mode === 'bulk') return bulkRejections(answer, status, this.#retryAfter, this.#batch.events.length);
    if (status >= 300) return [{ kind: statusKind(status, answer), count: 1, refused: isRefusal(status, this.#retryAfter) }];
    if (answer.status === 'SUCCEEDED') return NOTHING_REJECTED;
    return [{ kind: `execution ${words(answer.status, answer.error)}`, count: 1, refused: false }];
  }
}

/** The members of answers that are looked at; whatever else answers has none of them. */
interface Answer {
  readonly status?: unknown;
  readonly error?: unknown;
  readonly code?: unknown;
  readonly accepted?: unknown;
  readonly rejectedCount?: unknown;
  readonly rejected?: unknown;
}

function bulkRejections(answer: Answer, status: number, retryAfter: boolean, events: number): readonly Rejection[] {
  const byKind = new Map<string, number>();
  const listed = Array.isArray(answer.rejected) ? (answer.rejected as readonly Answer[]) : [];
  for (const { code } of listed) byKind.set(words('event', code), (byKind.get(words('event', code)) ?? 0) + 1);
  const unlisted = Number(answer.rejectedCount ?? listed.length) - listed.length;
  if (unlisted > 0) byKind.set('event rejected', unlisted);
  const rejections: Rejection[] = [...byKind].map(([kind, count]) => ({ kind, count, refused: false }));
  const untaken = status < 300 ? 0 : events - Number(answer.accepted ?? 0) - listed.length - Math.max(0, unlisted);
  if (untaken > 0) rejections.push({ kind: statusKind(status, answer), count: untaken, refused: isRefusal(status, retryAfter) });
  return rejections;
}

const isRefusal = (status: number, retryAfter: boolean): boolean => (status === 429 || status === 503) && retryAfter;
const statusKind = (status: number, { code }: Answer): string => words(String(status), code);
const words = (...parts: readonly unknown[]): string => parts.filter((part) => typeof part === 'string' && part !== '').join(' ');

function parsed(chunks: readonly Buffer[]): Answer {
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

const KINDS: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'connection lost',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'no answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_DESTROYED: 'given up at the end',
  UND_ERR_CLOSED: 'given up at the end',
};

function errorKind(error: Error): string {
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? (KINDS[code] ?? code) : error.message;
}
