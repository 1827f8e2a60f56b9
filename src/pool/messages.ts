import type { MessagePort } from 'node:worker_threads';
import type { ArnScope } from '../delivery/arn.ts';
import type { Diagnostic, FaultName } from '../errors.ts';

/*
 * What crosses between a lane and its worker, all of it plain data.
 *
 *   lane → worker, piscina tasks, worked on in order:   Open | Install | Retire | Batch | Close
 *   Batch   := number                    index of an arena    → string, the text of the reply in it; null: all succeeded
 *            | { arena, maxEvents }      a batch too large for those
 *   lane → worker, over the lane's port:  null                 "are you there?"
 *   worker → lane, over the same port:    null                 "yes"
 *            | [batches, baseMs, ranges, ends, text]
 *                                        late report, see delivery/report.ts; `batches` is how many the worker had run by
 *                                        then: two ports keep no order, and the batch must be known before its late ends
 */
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

/** Cancels everything that is parked, so that handlers see their signals abort. */
export interface Close {
  readonly kind: 'close';
}

export type Task = Open | Install | Retire | Close | number | { readonly arena: SharedArrayBuffer; readonly maxEvents: number };

/** An error as data: structured clone would drop its code. Null: it went well. */
export type Failure = { readonly code: FaultName; readonly message: string; readonly diagnostics: readonly Diagnostic[] } | null;

export type LateMessage = readonly [batches: number, baseMs: number, ranges: number[], ends: number[], text: string];
