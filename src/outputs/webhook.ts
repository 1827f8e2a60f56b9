import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Output, OutputRecord, Refusal } from '../delivery/outcome.ts';
import { MillraceError } from '../errors.ts';
import type { CreateOutput } from './contract.ts';
import { Gate } from './gate.ts';

export interface WebhookSettings {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Requests under way at once. */
const CONCURRENCY = 32;
/** Records at hand, most of them waiting to be sent again when something is wrong. */
const MAX_RECORDS = 256;
const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 15_000;
/** The longest that an answer's Retry-After holds requests back. */
const MAX_RETRY_AFTER_MS = 10 * 60_000;
/** As much of an answer is quoted in a refusal; of a longer body no more is read. */
const QUOTED_CHARS = 300;
const READ_BYTES = 64 * 1024;

/** Answers after which the same request may succeed, besides every 5xx. */
const RETRYABLE = new Set([408, 425, 429]);

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/**
 * Posts each record by itself, several at a time, those of one key one after the other. What is answered with 2xx is taken;
 * with another 4xx it is refused; after everything else, no answer included, it is sent again. Redirects are not followed.
 */
export const createWebhookOutput: CreateOutput<WebhookSettings> = (settings, { name, log }) => {
  const url = new URL(settings.url);
  const secure = url.protocol === 'https:';
  const agent = secure ? new HttpsAgent({ keepAlive: true, maxSockets: CONCURRENCY }) : new HttpAgent({ keepAlive: true, maxSockets: CONCURRENCY });
  const send = secure ? httpsRequest : httpRequest;
  const gate = new Gate(CONCURRENCY);
  /** The last record of each key that is under way. */
  const tails = new Map<string, Promise<unknown>>();
  /** Ends the waiting of records that are to be sent again. */
  const sleepers = new Set<() => void>();
  let closed = false;
  let trouble: string | undefined;
  let troubledSinceMs = 0;
  let retries = 0;

  /** Said once for each outage, however many records and attempts it takes. */
  const setTrouble = (reason: string | undefined): void => {
    const before = trouble;
    trouble = reason;
    if (before === undefined && reason !== undefined) {
      troubledSinceMs = Date.now();
      log.warn('A webhook takes nothing; what ends waits for it.', { output: name, reason });
    } else if (before !== undefined && reason === undefined) log.info('A webhook takes records again.', { output: name, afterMs: Date.now() - troubledSinceMs });
  };

  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      sleepers.add(wake);
    });

  const post = (record: OutputRecord): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const call = send(url, { method: 'POST', agent, headers: headersOf(record, settings.headers) });
      const timer = setTimeout(() => call.destroy(new Error(`no answer within ${settings.timeoutMs} ms`)), settings.timeoutMs);
      const fail = (error: Error): void => {
        clearTimeout(timer);
        reject(error);
      };
      call.on('error', fail);
      call.on('response', (response) => {
        const status = response.statusCode ?? 0;
        let body = '';
        let bytes = 0;
        const end = (): void => {
          clearTimeout(timer);
          resolve({ status, location: response.headers.location, retryAfter: response.headers['retry-after'], body });
        };
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.byteLength;
          if (body.length < QUOTED_CHARS) body = (body + chunk.toString('utf8')).slice(0, QUOTED_CHARS);
          if (bytes <= READ_BYTES) return;
          end();
          response.destroy();
        });
        response.on('end', end);
        // What was answered is known by the status, but not that it was all of the answer: the peer may have died.
        response.on('error', fail);
        response.on('aborted', () => fail(new Error('the connection broke in the middle of the answer')));
      });
      call.end(record.value);
    });

  /** Sends until it is taken or refused. @throws MillraceError OUTPUT_UNAVAILABLE when it is closed before */
  const deliver = async (record: OutputRecord): Promise<MillraceError | null> => {
    for (let failures = 0; ; failures += 1) {
      await gate.enter();
      let answer: Answer | undefined;
      let reason: string;
      try {
        if (closed) throw new Error('closed');
        answer = await post(record);
        reason = reasonOf(answer);
      } catch (error) {
        if (closed) throw new MillraceError('OUTPUT_UNAVAILABLE', `The webhook ${settings.url} was closed before it took ${record.id}.`);
        reason = (error as Error).message;
      } finally {
        gate.leave();
      }
      if (answer !== undefined && answer.status >= 200 && answer.status < 300) {
        setTrouble(undefined);
        return null;
      }
      if (answer !== undefined && answer.status >= 400 && answer.status < 500 && !RETRYABLE.has(answer.status)) {
        setTrouble(undefined);
        return new MillraceError('OUTPUT_REFUSED', `${settings.url} answered ${answer.status} to ${record.id}${answer.body === '' ? '' : `: ${answer.body}`}`);
      }
      setTrouble(`${settings.url}: ${reason}`);
      retries += 1;
      const toldMs = retryAfterMs(answer?.retryAfter);
      if (toldMs !== undefined) gate.shutFor(toldMs);
      const fullMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 20));
      await sleep(Math.max(toldMs ?? 0, fullMs * (0.5 + Math.random() / 2)));
    }
  };

  const inOrder = (record: OutputRecord): Promise<MillraceError | null> => {
    if (record.key === null) return deliver(record);
    const key = Buffer.from(record.key).toString('latin1');
    const before = tails.get(key);
    const own = before === undefined ? deliver(record) : before.then(() => deliver(record));
    const tail = own.then(
      () => undefined,
      () => undefined,
    );
    tails.set(key, tail);
    void tail.then(() => tails.get(key) === tail && tails.delete(key));
    return own;
  };

  const output: Output = {
    limits: { maxRecords: 1, maxBytes: 1, maxWrites: MAX_RECORDS },
    async write(records) {
      const refusals: Refusal[] = [];
      const deliveries = records.map(async (record, index) => {
        const error = await inOrder(record);
        if (error !== null) refusals.push({ index, error });
      });
      await Promise.all(deliveries);
      return refusals;
    },
    close() {
      closed = true;
      agent.destroy();
      for (const wake of sleepers) wake();
      gate.open();
      return Promise.resolve();
    },
    get trouble() {
      return trouble;
    },
    get retries() {
      return retries;
    },
  };
  return output;
};

function headersOf(record: OutputRecord, own: Readonly<Record<string, string>>): Record<string, string | number> {
  const headers: Record<string, string | number> = { 'content-type': 'application/json', 'idempotency-key': headerText(record.id) };
  for (const [name, value] of Object.entries(record.headers)) headers[name] = headerText(value);
  for (const [name, value] of Object.entries(own)) headers[name.toLowerCase()] = value;
  headers['content-length'] = record.value.byteLength;
  return headers;
}

/** Printable ASCII as it is; anything else percent-encoded, and so the percent sign before two hexadecimal digits. */
const headerText = (text: string): string => (/^[ -$&-~]*$/.test(text) ? text : text.replaceAll(/[^ -~]+|%(?=[\dA-Fa-f]{2})/gu, (part) => encodeURIComponent(part.toWellFormed())));

function reasonOf({ status, location, body }: Answer): string {
  if (status >= 300 && status < 400) return `answered ${status}, which is not followed${location === undefined ? '' : `; name ${location} as the url if that is meant`}`;
  return `answered ${status}${body === '' ? '' : `: ${body}`}`;
}

/** RFC 9110: seconds, or a date. */
function retryAfterMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\s*\d+\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms));
}
