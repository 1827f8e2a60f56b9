import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { RouteCounter } from '../telemetry/metrics.ts';
import { faultJson } from './faults.ts';

interface Malformed {
  readonly status: number;
  readonly message: string;
}

const BY_CODE = new Map<string | undefined, Malformed>([
  ['HPE_HEADER_OVERFLOW', { status: 431, message: 'The request line and headers are larger than 16 KiB.' }],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', { status: 413, message: 'The chunk extensions are too large.' }],
  ['ERR_HTTP_REQUEST_TIMEOUT', { status: 408, message: 'The headers did not arrive in time.' }],
]);
/** A client that does not even take this answer is cut off. */
const ANSWER_MS = 2000;
const NOT_HTTP: Malformed = { status: 400, message: 'The request is not HTTP/1.1.' };

/** Answers what Node's parser could not make a request of, and closes the connection: nothing on it can be trusted to be a border. */
export function malformedAnswer(error: NodeJS.ErrnoException, socket: Socket, counter: RouteCounter): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { status, message } = BY_CODE.get(error.code) ?? NOT_HTTP;
  counter.count(status);
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const cut = setTimeout(() => socket.destroy(), ANSWER_MS);
  cut.unref();
  socket.once('close', () => clearTimeout(cut));
  const body = faultJson('BAD_REQUEST', message);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => socket.destroy());
}
