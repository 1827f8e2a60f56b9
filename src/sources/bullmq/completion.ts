import { bulkOf } from '../../redis/prepared-command.ts';

/*
 * What completes a job is a call of a script with fourteen keys and nine arguments, of which five differ from job to job: its
 * key, its id, the time, the result and the lock's token, which stands in a packed object. BullMQ and ioredis make all of them
 * anew for every job, at a fifth of what the main thread does for it. Here the call is encoded once, as BullMQ makes it, with
 * marks in those places. Where a mark is not found as expected there is no template, and BullMQ goes on as ever.
 */

const ID = 'i\u0001d';
const RESULT = 'r\u0001s';
/** A time in milliseconds is one; the other numbers are flags. */
const FIRST_TIME = 1e12;

type Place = 'id' | 'key' | 'time' | 'result';

/** Makes the arguments of the script for a job of this id, with this result and token. */
export type MakeArguments = (id: string, result: string, token: string) => readonly unknown[];

/** The encoded call of a script, but for what differs from job to job. */
export class CompletionTemplate {
  readonly #parts: readonly (Buffer | Place)[];
  readonly #keyPrefix: string;
  /** Which of the parts holds the token, and where. */
  readonly #tokenPart: Buffer;
  readonly #tokenAt: number;
  readonly #tokenLength: number;
  readonly #staticBytes: number;

  private constructor(parts: readonly (Buffer | Place)[], keyPrefix: string, tokenPart: Buffer, tokenAt: number, tokenLength: number) {
    this.#parts = parts;
    this.#keyPrefix = keyPrefix;
    this.#tokenPart = tokenPart;
    this.#tokenAt = tokenAt;
    this.#tokenLength = tokenLength;
    this.#staticBytes = parts.reduce((sum, part) => sum + (typeof part === 'string' ? 0 : part.length), 0);
  }

  /**
   * Undefined where the arguments are not what they were when this was written.
   *
   * @param tokenLength of all tokens, which are ASCII
   */
  static of(make: MakeArguments, sha: string, keys: number, tokenLength: number): CompletionTemplate | undefined {
    const token = '\u0002'.repeat(tokenLength);
    const given = make(ID, RESULT, token);
    const parts: (Buffer | Place)[] = [Buffer.from(`*${3 + given.length}\r\n${bulkOf('evalsha')}${bulkOf(sha)}${bulkOf(String(keys))}`)];
    let keyPrefix = '';
    let tokenPart: Buffer | undefined;
    let tokenAt = -1;
    for (const argument of given) {
      if (argument === ID) parts.push('id');
      else if (argument === RESULT) parts.push('result');
      else if (typeof argument === 'number' && argument >= FIRST_TIME) parts.push('time');
      else if (typeof argument === 'string' && argument.endsWith(ID)) {
        keyPrefix = argument.slice(0, -ID.length);
        parts.push('key');
      } else if (Buffer.isBuffer(argument)) {
        const part = Buffer.concat([Buffer.from(`$${argument.length}\r\n`), argument, Buffer.from('\r\n')]);
        if (part.includes(token)) {
          tokenPart = part;
          tokenAt = part.indexOf(token);
        }
        parts.push(part);
      } else parts.push(Buffer.from(bulkOf(argument === undefined ? '' : String(argument))));
    }
    const places = parts.filter((part) => typeof part === 'string').join(' ');
    if (places !== 'key id time result' || tokenPart === undefined) return undefined;
    return new CompletionTemplate(joined(parts, tokenPart), keyPrefix, tokenPart, tokenAt, tokenLength);
  }

  /** Undefined for a token of another length. */
  encode(id: string, result: string, token: string): Buffer | undefined {
    if (token.length !== this.#tokenLength) return undefined;
    const time = String(Date.now());
    const idBytes = Buffer.byteLength(id);
    const resultBytes = Buffer.byteLength(result);
    // Three bytes a character of the prefix; lengths and line ends take at most 16 each.
    const bytes = Buffer.allocUnsafe(this.#staticBytes + 3 * this.#keyPrefix.length + 2 * idBytes + resultBytes + time.length + 4 * 16);
    let at = 0;
    for (const part of this.#parts) {
      if (typeof part !== 'string') {
        bytes.set(part, at);
        if (part === this.#tokenPart) bytes.write(token, at + this.#tokenAt, 'latin1');
        at += part.length;
      } else if (part === 'result') {
        at += bytes.write(`$${resultBytes}\r\n`, at, 'latin1');
        at += bytes.write(result, at);
        at += bytes.write('\r\n', at, 'latin1');
      } else at += bytes.write(bulkOf(part === 'id' ? id : part === 'time' ? time : this.#keyPrefix + id), at);
    }
    return bytes.subarray(0, at);
  }
}

/** Neighbours that are the same for all jobs become one part; that with the token stays by itself. */
function joined(parts: readonly (Buffer | Place)[], alone: Buffer): (Buffer | Place)[] {
  const result: (Buffer | Place)[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (typeof part === 'string' || part === alone || last === undefined || typeof last === 'string' || last === alone) result.push(part);
    else result[result.length - 1] = Buffer.concat([last, part]);
  }
  return result;
}
