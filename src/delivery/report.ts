import { FAILED, SUCCEEDED, TIMED_OUT } from '../runtime/contract.ts';
import type { EndStatus } from './contract.ts';

/** Intake refused the event: `first` is a code of the platform, `second` says why. Goes on where the runtime's statuses stop. */
export const REJECTED = 4;
/** The source's filter let the event go. */
export const FILTERED = 5;

const STATUS_BY_NUMBER: readonly EndStatus[] = [];
const named = STATUS_BY_NUMBER as EndStatus[];
named[SUCCEEDED] = 'SUCCEEDED';
named[FAILED] = 'FAILED';
named[TIMED_OUT] = 'TIMED_OUT';
named[REJECTED] = 'REJECTED';
named[FILTERED] = 'FILTERED';

export const statusName = (status: number): EndStatus => STATUS_BY_NUMBER[status] ?? 'FAILED';

/** Numbers of one entry of `Report.ends`. */
export const END_WORDS = 5;

/**
 * What a worker tells of the executions of one batch, or of parked executions that have ended since.
 *
 *   report  := ranges ends text
 *   ranges  := (from to)*                                   keys, `to` exclusive
 *   ends    := (key status stopMs firstLength secondLength)*  stopMs counts from baseMs; a length of -1: there is none
 *   text    := the first and second texts of all ends, joined; lengths are in UTF-16 units
 *
 * A key is an index into the batch, or a ticket in a late report. `ranges` are those that parked in a batch's report, those
 * that succeeded with nobody wanting their output in a late one. What a batch's report does not mention succeeded likewise.
 * `first` is the output of a success, else the error; `second` the cause.
 */
export interface Report {
  readonly baseMs: number;
  readonly ranges: ArrayLike<number>;
  readonly ends: ArrayLike<number>;
  readonly text: string;
}

/** Collects a report on the worker's side; emptied and used again. */
export class ReportWriter {
  baseMs = 0;
  readonly ranges: number[] = [];
  readonly ends: number[] = [];
  #texts: string[] = [];

  get empty(): boolean {
    return this.ranges.length === 0 && this.ends.length === 0;
  }

  /** Adds a key to the ranges; neighbours that come in order are joined. */
  range(key: number): void {
    const last = this.ranges.length - 1;
    if (last > 0 && this.ranges[last] === key) this.ranges[last] = key + 1;
    else this.ranges.push(key, key + 1);
  }

  end(key: number, status: number, stopTimeMs: number, first: string | undefined, second: string | undefined): void {
    this.ends.push(key, status, stopTimeMs - this.baseMs, this.#text(first), this.#text(second));
  }

  /** The joined texts: one long string crosses threads at half the cost of many short ones. */
  text(): string {
    return this.#texts.length === 1 ? (this.#texts[0] as string) : this.#texts.join('');
  }

  clear(baseMs: number): void {
    this.baseMs = baseMs;
    this.ranges.length = 0;
    this.ends.length = 0;
    if (this.#texts.length > 0) this.#texts = [];
  }

  #text(text: string | undefined): number {
    if (text === undefined) return -1;
    this.#texts.push(text);
    return text.length;
  }
}
