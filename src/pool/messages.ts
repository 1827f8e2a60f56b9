import type { MessagePort } from 'node:worker_threads';
import type { ArnScope } from '../delivery/arn.ts';
import type { Order } from '../delivery/source.ts';
import type { Diagnostic, FaultName } from '../errors.ts';

/*
 * What crosses between a lane and its worker, all of it plain data.
 *
 *   lane → worker, piscina tasks, worked on in order:   Open | Install | Retire | Cancel | Batch | Close
 *   Batch   := number                    index of an arena    → string, the text of the reply in it; null: all succeeded
 *            | { arena, maxEvents }      a batch too large for those
 *   lane → worker, over the lane's port:  null                 "are you there?"
 *                                         HALT                 let go of everything that is parked
 *   worker → lane, over the same port:    null                 "yes"
 *                                         HALT                 done: what had ended before has been reported
 *            | [batches, baseMs, ranges, ends, text]
 *                                        late report, see delivery/report.ts; `batches` is how many the worker had run by
 *                                        then: two ports keep no order, and the batch must be known before its late ends
 */
export const HALT = 'halt';

export interface Open {
  readonly kind: 'open';
  readonly port: MessagePort;
  readonly control: SharedArrayBuffer;
  readonly arenas: readonly SharedArrayBuffer[];
  readonly maxEvents: number;
  readonly payloadBytes: number;
  readonly arn: ArnScope;
}

/** A revision of a machine. */
export interface Revision {
  readonly machine: string;
  /** JSON text. The pool validates it once, on the main thread. */
  readonly definition: string;
  /** The role that the context object names; made up from the machine's name where there is none. Nothing assumes it. */
  readonly roleArn?: string;
  /** Whose rules the definition is held to; EXPRESS unless told otherwise. */
  readonly type?: 'EXPRESS' | 'STANDARD';
  /** Lowers the cap of 300 seconds. */
  readonly timeoutSeconds?: number;
  /** JSON text of the schema that inputs must satisfy. */
  readonly inputSchema?: string;
  readonly functionsFolder?: string;
  /** Changes whenever a file of the folder does. */
  readonly functionsRevision?: string;
  /** Installed under this name beside the machine itself: the same machine, behind the intake of a source. */
  readonly route?: { readonly name: string; readonly intake: Intake };
}

/** What the events of one source pass before an execution begins. */
export interface Intake {
  readonly source: string;
  /** JSON text of an EventBridge event pattern, held against the event's value. */
  readonly filter?: string;
  /** JSON text of a JSON Schema of the event's value. */
  readonly schema?: string;
  /** JSONata over the envelope {value, key, headers, timestamp, …}: its value is the input. Left out: the event's value. */
  readonly input?: string;
  readonly order: Order;
  readonly retry: { readonly maxAttempts: number; readonly backoffMs: number; readonly maxBackoffMs: number };
  /** What becomes of an event without a value: let go, run with the input null, or refused. */
  readonly tombstones: 'skip' | 'run' | 'deadLetter';
}

export interface Install {
  readonly kind: 'install';
  /** The pool's number for it, unique over all machines. */
  readonly id: number;
  readonly revision: Revision;
  readonly counts: SharedArrayBuffer;
}

/** No batch that comes later names this revision. Executions under way keep their program. */
export interface Retire {
  readonly kind: 'retire';
  readonly id: number;
}

/** Lets go of executions, by tickets, from and to (exclusive) in turn: their source does not want them any more. Reported like ends. */
export interface Cancel {
  readonly kind: 'cancel';
  readonly tickets: readonly number[];
}

/** Cancels everything that is parked, so that handlers see their signals abort. */
export interface Close {
  readonly kind: 'close';
}

export type Task = Open | Install | Retire | Cancel | Close | number | { readonly arena: SharedArrayBuffer; readonly maxEvents: number };

/** An error as data: structured clone would drop its code. Null: it went well. */
export type Failure = { readonly code: FaultName; readonly message: string; readonly diagnostics: readonly Diagnostic[] } | null;

export type LateMessage = readonly [batches: number, baseMs: number, ranges: number[], ends: number[], text: string];
