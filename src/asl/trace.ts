import type { Fault } from './fault.ts';
import { END, type Continuation, type Frame, type Join, type MapItem, type Program } from './types.ts';

/** Intermediate values that a test can look at, by the names that AWS's TestState has for them. */
export type TraceMember =
  | 'afterArguments' | 'afterInputPath' | 'afterParameters' | 'afterItemsPath' | 'afterItemSelector' | 'result' | 'afterResultSelector'
  | 'afterResultPath' | 'maxConcurrency' | 'toleratedFailureCount' | 'toleratedFailurePercentage';

/** Watches one state as it runs, and stands in for what it would wait for or run. */
export interface Trace {
  note(member: TraceMember, value: unknown): void;
  /** What an ItemReader would have read; undefined where nothing was given. */
  readonly readItems: readonly unknown[] | undefined;
  /**
   * The results of a Parallel's branches or a Map's iterations, which do not run. `tolerated` is how many failures a Map
   * tolerates, null where it does not speak of any. Raises what they would have raised.
   */
  joined(count: number, tolerated: number | null): unknown;
  /** How often the Retry entry that takes a fault has been used before. */
  readonly retriesBefore: number;
  /** A Retry entry takes the fault: the state ends here instead of waiting for its next attempt. */
  retrying(index: number, delaySeconds: number): void;
  /** A Retry entry would take the fault but is used up. */
  exhausted(index: number): void;
  caught(index: number): void;
}

/** The body of an iteration that hands back its input. */
const ECHO: Program = { start: 0, steps: [() => END], onFault: [null], names: [''], types: ['Pass'], timeoutSeconds: Infinity, comment: undefined, exact: false, direct: null };

/** Sets up the inputs of all iterations, with the item in the context object as always, and hands them to `then`. */
export class Selection implements Join {
  readonly concurrency = Infinity;
  readonly results: unknown[] = [];
  bytes = 2;
  readonly items: readonly unknown[];
  readonly select: (child: Frame, item: MapItem) => PromiseLike<unknown> | undefined;
  readonly then: Continuation;

  constructor(items: readonly unknown[], select: Selection['select'], then: Continuation) {
    this.items = items;
    this.select = select;
    this.then = then;
  }

  get count(): number { return this.items.length; }
  program(): Program { return ECHO; }
  item(index: number): MapItem { return { index, value: this.items[index] }; }
  prepare(child: Frame, index: number): PromiseLike<unknown> | undefined { return this.select(child, this.item(index)); }
  tolerates(): boolean { return false; }
  failure(_index: number, fault: Fault): Fault { return fault; }
}
