import { LISTED_REJECTIONS, type BulkResult, type BulkStart, type Rejection } from '../api/contract.ts';
import { MillraceError, type FaultName } from '../errors.ts';
import type { JournaledStarts } from './journaled-starts.ts';

/** Appends that one bulk request may have under way: enough to keep the disk busy, few enough to bound memory. */
const BULK_APPENDS = 4;
/** Events of one append and one parcel: a piece of tiny events must not jump over a small in-flight limit in one go. */
const PARCEL_EVENTS = 1024;

/**
 * One bulk request. Pieces are appended and dispatched as they come; the answer waits until intake has spoken on every event,
 * that is until each has ended or parked.
 */
export class JournaledBulk implements BulkStart {
  readonly machine: string;
  readonly #starts: JournaledStarts;
  readonly #prefix = crypto.randomUUID();
  readonly #startTimeMs: number;
  readonly #appends = new Set<Promise<void>>();
  readonly #rejected: Rejection[] = [];
  #rejectedCount = 0;
  /** Events seen so far: the index of the next. */
  #events = 0;
  /** Events that the journal has. */
  #journaled = 0;
  /** Journaled events that intake has not spoken on. */
  #unheard = 0;
  #rejectedByIntake = 0;
  #failure: unknown;
  #allHeard: (() => void) | undefined;

  constructor(starts: JournaledStarts, machine: string) {
    this.#starts = starts;
    this.machine = machine;
    this.#startTimeMs = starts.now();
  }

  async add(bytes: Uint8Array, spans: Uint32Array): Promise<void> {
    const share = Math.max(1, Math.min(PARCEL_EVENTS, this.#starts.dispatch.mostFor(this.machine)));
    for (let at = 0; at < spans.length; at += 2 * share) {
      const part = spans.subarray(at, at + 2 * share);
      if (this.#failure !== undefined) throw this.#failure;
      // Alone, the piece is cut out of nothing: its bytes may go as they are.
      await this.#addPart(part.length === spans.length ? bytes : cut(bytes, part), part.length === spans.length ? part : rebase(part));
    }
  }

  async #addPart(bytes: Uint8Array, spans: Uint32Array): Promise<void> {
    const count = spans.length / 2;
    const firstIndex = this.#events;
    this.#events += count;
    while (!this.#starts.hasRoom(this.machine, count, bytes.byteLength)) await new Promise<void>((resolve) => this.#starts.onRoom(resolve));
    const append = this.#append(firstIndex, bytes, spans).catch((error: unknown) => {
      this.#failure ??= error;
    });
    this.#appends.add(append);
    void append.then(() => this.#appends.delete(append));
    if (this.#appends.size >= BULK_APPENDS) await Promise.race(this.#appends);
  }

  async #append(firstIndex: number, bytes: Uint8Array, spans: Uint32Array): Promise<void> {
    const names = { prefix: this.#prefix, firstSerial: firstIndex };
    const entry = { machine: this.machine, bytes, spans, names, startTimeMs: this.#startTimeMs, wantsOutput: false };
    await this.#starts.append(entry, (record) => {
      this.#unheard += spans.length / 2;
      this.#journaled += spans.length / 2;
      this.#starts.offerBulk(this, firstIndex, entry, record);
    });
  }

  reject(code: FaultName, message: string): void {
    this.#list({ index: this.#events++, code, message });
  }

  /** Intake has refused an event that was journaled. */
  rejectedByIntake(rejection: Rejection): void {
    this.#rejectedByIntake++;
    this.#list(rejection);
  }

  /** Intake has accepted or refused so many more events. */
  spoken(count: number): void {
    this.#unheard -= count;
    if (this.#unheard === 0) this.#allHeard?.();
  }

  async finish(): Promise<BulkResult> {
    await Promise.all(this.#appends);
    if (this.#failure !== undefined && this.#journaled === 0) throw this.#failure;
    if (this.#unheard > 0) await new Promise<void>((resolve) => (this.#allHeard = resolve));
    return {
      accepted: this.#journaled - this.#rejectedByIntake,
      rejected: this.#rejected.toSorted((a, b) => a.index - b.index),
      rejectedCount: this.#rejectedCount,
      ...(this.#failure === undefined ? {} : { fault: this.#failure }),
    };
  }

  abandon(): void {
    this.#failure ??= new MillraceError('BAD_REQUEST', 'The request broke off.');
  }

  #list(rejection: Rejection): void {
    this.#rejectedCount++;
    if (this.#rejected.length < LISTED_REJECTIONS) this.#rejected.push(rejection);
  }
}

/** The bytes that the spans cover, from the first to the last. */
const cut = (bytes: Uint8Array, spans: Uint32Array): Uint8Array => bytes.subarray(spans[0], spans[spans.length - 2]! + spans[spans.length - 1]!);

function rebase(spans: Uint32Array): Uint32Array {
  const first = spans[0]!;
  return spans.map((value, i) => (i % 2 === 0 ? value - first : value));
}
