import type { MillraceError } from '../errors.ts';
import type { Outcome, OutputRecord } from './outcome.ts';
import { HEADER_PREFIX, recordId } from './record.ts';

/*
 * A dead letter is a record with the event as it came: its bytes are the value, its key is the key. Headers say what became
 * of it, and are those of the event besides:
 *
 *   millrace-reason       REJECTED, FAILED, TIMED_OUT, POISON; OUTPUT_REFUSED: an output took no part of what came of it
 *   millrace-error, millrace-cause, millrace-execution, millrace-machine, millrace-source, millrace-coordinate,
 *   millrace-attempts, millrace-time, millrace-output (of OUTPUT_REFUSED)
 *   millrace-original-x   the event's own header millrace-x
 *   millrace-other-headers JSON: headers of the event that are not one text each
 */

/** What a header may be, as JSON has it: text, bytes that are none, nothing, or several of these under one name. */
export type HeaderValue = string | null | { readonly base64: string } | readonly HeaderValue[];

/** An outcome on its way to dead letters. */
export interface DeadOutcome extends Outcome {
  /** Of one that an output refused. */
  readonly refusal?: { readonly output: string; readonly error: MillraceError };
}

/** What a dead letter says, read from its store. */
export interface DeadLetter {
  readonly reason: string;
  readonly error?: string;
  readonly cause?: string;
  readonly execution: string;
  readonly machine: string;
  /** Undefined for a start over HTTP. */
  readonly source?: string;
  /** JSON text. */
  readonly coordinate?: string;
  readonly output?: string;
  readonly attempts: number;
  readonly timeMs: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array;
  /** Those that the event had. */
  readonly headers: Readonly<Record<string, HeaderValue>>;
}

/** A cause may be a stack trace or a whole payload; what brokers take in a header is little. */
const CAUSE_BYTES = 4096;
const ORIGINAL = `${HEADER_PREFIX}original-`;
const ODD_HEADERS = `${HEADER_PREFIX}other-headers`;

export function deadLetterRecord(outcome: DeadOutcome): OutputRecord {
  const { refusal, source, coordinate, stopTimeMs } = outcome;
  const error = refusal?.error.code ?? outcome.error;
  const cause = refusal?.error.message ?? outcome.cause;
  const headers: Record<string, string> = {
    'millrace-reason': refusal === undefined ? outcome.status : 'OUTPUT_REFUSED',
    ...(error === undefined ? null : { 'millrace-error': error }),
    ...(cause === undefined ? null : { 'millrace-cause': cut(cause) }),
    'millrace-execution': outcome.name,
    'millrace-machine': outcome.machine,
    ...(source === undefined ? null : { 'millrace-source': source }),
    ...(coordinate === undefined ? null : { 'millrace-coordinate': coordinate }),
    ...(refusal === undefined ? null : { 'millrace-output': refusal.output }),
    'millrace-attempts': String(outcome.attempts),
    'millrace-time': new Date(stopTimeMs).toISOString(),
  };
  addOriginal(headers, outcome.headers);
  // With the time: a letter that was redriven and comes back is another one.
  return { id: `${recordId(outcome)}-${stopTimeMs}`, key: outcome.key ?? null, value: outcome.value, json: false, headers };
}

/** What a record says as a dead letter; null when it is none. */
export function readDeadLetter({ key, value, headers }: Pick<OutputRecord, 'key' | 'value' | 'headers'>): DeadLetter | null {
  const says = (name: string): string | undefined => headers[HEADER_PREFIX + name];
  const reason = says('reason');
  if (reason === undefined) return null;
  const [error, cause, source, coordinate, output] = ['error', 'cause', 'source', 'coordinate', 'output'].map(says);
  const timeMs = Date.parse(says('time') ?? '');
  return {
    reason,
    ...(error === undefined ? null : { error }),
    ...(cause === undefined ? null : { cause }),
    execution: says('execution') ?? '',
    machine: says('machine') ?? '',
    ...(source === undefined ? null : { source }),
    ...(coordinate === undefined ? null : { coordinate }),
    ...(output === undefined ? null : { output }),
    attempts: Number(says('attempts') ?? 1),
    timeMs: Number.isNaN(timeMs) ? 0 : timeMs,
    key,
    value,
    headers: originalHeaders(headers),
  };
}

/** Cut to so many bytes of UTF-8, at a whole character. */
function cut(text: string): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= CAUSE_BYTES) return text;
  return bytes.toString('utf8', 0, CAUSE_BYTES).replace(/\uFFFD+$/, '');
}

function addOriginal(into: Record<string, string>, json: string | undefined): void {
  if (json === undefined) return;
  const odd: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(JSON.parse(json) as Record<string, unknown>)) {
    if (typeof value !== 'string') odd[name] = value;
    else into[name.startsWith(HEADER_PREFIX) ? ORIGINAL + name.slice(HEADER_PREFIX.length) : name] = value;
  }
  if (Object.keys(odd).length > 0) into[ODD_HEADERS] = JSON.stringify(odd);
}

function originalHeaders(headers: Readonly<Record<string, string>>): Record<string, HeaderValue> {
  const original: Record<string, HeaderValue> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(ORIGINAL)) original[HEADER_PREFIX + name.slice(ORIGINAL.length)] = value;
    else if (!name.startsWith(HEADER_PREFIX)) original[name] = value;
  }
  const odd = headers[ODD_HEADERS];
  return odd === undefined ? original : { ...original, ...(JSON.parse(odd) as Record<string, HeaderValue>) };
}
