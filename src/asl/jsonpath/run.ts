import type { Fault } from '../fault.ts';
import { stateFault } from '../state-fault.ts';
import type { Frame } from '../types.ts';
import type { Charge } from './compare.ts';
import type { MISSING } from './missing.ts';

/** Nodes that the evaluation of one path may visit, filters and comparisons included. */
export const VISIT_LIMIT = 1_000_000;

/** Visits between two words to the run loop. */
const TOLD_EVERY = 4096;

/** One evaluation of an indefinite path. */
export interface Run {
  /** What `$` stands for. */
  readonly root: unknown;
  /** What `@` stands for; the root outside of filters. */
  readonly item: unknown;
  /** What stands in for an item past the end of an array: null, or MISSING, which drops it. */
  readonly past: null | typeof MISSING;
  readonly found: unknown[];
  /** Counts work against VISIT_LIMIT. */
  readonly charge: Charge;
}

/** Follows the rest of a path from one node; what it leads to is pushed to `run.found`. */
export type Walk = (value: unknown, run: Run) => void;

export function startRun(root: unknown, past: null | typeof MISSING, frame: Frame, text: string): Run {
  let left = VISIT_LIMIT;
  let told = VISIT_LIMIT;
  const charge: Charge = (work) => {
    left -= work;
    if (told - left < TOLD_EVERY) return;
    frame.execution.spend(4 * (told - left), 8 * (told - left));
    told = left;
    if (left < 0) throw exhausted(frame, text);
  };
  return { root, item: root, past, found: [], charge };
}

function exhausted(frame: Frame, text: string): Fault {
  return stateFault(frame, 'States.Runtime', `The JSONPath '${text}' visits more than ${VISIT_LIMIT} nodes.`);
}
