import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../telemetry/log.ts';
import type { RouteCounter } from '../telemetry/metrics.ts';
import { faultAnswer, faultJson, type FaultAnswer } from './faults.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const NO_HEADERS: readonly string[] = [];

export interface ResponderOptions {
  readonly log: Log;
  /** How long a client may take nothing of an answer before its connection is cut. */
  readonly answerMs: number;
  /** How long what is left of a refused body is read and thrown away before the connection is cut. */
  readonly lingerMs: number;
}

/** Writes every answer of the server, and counts it. */
export class Responder {
  /** Once true, every answer asks its client to close the connection. */
  closing = false;
  readonly #log: Log;
  readonly #answerMs: number;
  readonly #lingerMs: number;

  constructor(options: ResponderOptions) {
    this.#log = options.log;
    this.#answerMs = options.answerMs;
    this.#lingerMs = options.lingerMs;
  }

  json(response: ServerResponse, counter: RouteCounter, status: number, json: string, headers: readonly string[] = NO_HEADERS): void {
    this.text(response, counter, status, JSON_TYPE, json, headers);
  }

  /** `headers`: further ones, names and values in turn. */
  text(response: ServerResponse, counter: RouteCounter, status: number, contentType: string, text: string, headers: readonly string[] = NO_HEADERS): void {
    counter.count(status);
    const { socket } = response;
    // As a flat list: Node writes it out as it is, where an object costs it another one.
    const all = ['content-type', contentType, 'content-length', String(Buffer.byteLength(text)), ...headers];
    if (this.closing) all.push('connection', 'close');
    response.writeHead(status, all).end(text);
    // Written at once in the common case. Where it was not, the client is slow or has stopped reading.
    if (socket !== null && socket.writableLength > 0) socket.setTimeout(this.#answerMs);
  }

  /** Answers without a body. */
  empty(response: ServerResponse, status: number, headers: readonly string[]): void {
    response.writeHead(status, this.closing ? [...headers, 'connection', 'close'] : [...headers]).end();
  }

  /** Answers `{code, message}`, after `members` (JSON members without braces) if there are any. */
  fault(response: ServerResponse, counter: RouteCounter, error: unknown, members?: string): void {
    if (response.headersSent) return;
    const answer = faultAnswer(error, this.#log);
    const headers: string[] = [];
    if (answer.retryAfterSeconds !== undefined) headers.push('retry-after', String(answer.retryAfterSeconds));
    if (answer.status === 415) headers.push('accept-encoding', 'gzip, deflate, br');
    const json = faultJson(answer.code, answer.message);
    this.json(response, counter, answer.status, members === undefined ? json : `${json.slice(0, -1)},${members}}`, headers);
    this.discardRest(response.req);
  }

  /** What to answer for something raised, for those who answer in another form; what nobody foresaw is logged. */
  explain(error: unknown): FaultAnswer {
    return faultAnswer(error, this.#log);
  }

  /**
   * Node reads on what is left of a body that was answered early, so that the client gets to see the answer; a connection cut
   * at once would be reset under it. But it reads on without an end: this sets one.
   */
  discardRest(request: IncomingMessage): void {
    const { headers, socket } = request;
    if (request.complete || (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)) return;
    request.resume();
    const timer = setTimeout(() => {
      if (!request.complete) socket.destroy();
    }, this.#lingerMs);
    timer.unref();
    request.once('close', () => clearTimeout(timer));
  }
}
