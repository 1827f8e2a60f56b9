import { exhausted, JsonataError } from './fault.ts';

/** What one evaluation may use before it ends with U1001 (D2015 for the length of a sequence). */
export interface Limits {
  /** Wall time of one evaluation. */
  readonly timeLimitMs: number;
  /** Calls of functions inside each other; calls in tail position do not count. */
  readonly depthLimit: number;
  /** Items of one array that an expression builds. */
  readonly sequenceLimit: number;
  /** Characters of one text that an expression builds. */
  readonly textLimit: number;
  /** Words of eight bytes that one evaluation may allocate in arrays, objects and texts together. */
  readonly allocationLimit: number;
}

export const limits: Limits = {
  timeLimitMs: 5_000,
  depthLimit: 1_500,
  sequenceLimit: 10_000_000,
  textLimit: 16_777_216,
  allocationLimit: 33_554_432,
};

/** Steps between two looks at the clock. */
const FUEL = 4_096;

const NOTHING: Readonly<Record<string, unknown>> = Object.freeze(Object.create(null) as Record<string, unknown>);

/**
 * The evaluation under way. There is one per thread: compiled expressions are synchronous and call nothing that could
 * start another evaluation, so nothing has to be allocated or handed along for it.
 */
export const run = {
  limits,
  bindings: NOTHING,
  /** What `$$` stands for. */
  input: undefined as unknown,
  fuel: FUEL,
  /** 0 until the clock has been looked at for the first time. */
  deadlineMs: 0,
  depth: 0,
  allocated: 0,
  /** How many arrays have been tagged as sequences; what leaves an evaluation that tagged none needs no cleaning. */
  tagged: 0,
  /** Values looked at while what leaves was cleaned. */
  visited: 0,
  /** Epoch time that $now and $millis answer throughout; 0 until one of them asks. */
  timestampMs: 0,
};

export function begin(input: unknown, bindings: Readonly<Record<string, unknown>>, bounds: Limits): void {
  run.limits = bounds;
  run.bindings = bindings;
  run.input = input;
  run.fuel = FUEL;
  run.deadlineMs = 0;
  run.depth = 0;
  run.allocated = 0;
  run.tagged = 0;
  run.visited = 0;
  run.timestampMs = 0;
}

/** Lets go of the input, so that an idle thread does not keep the last event alive. */
export function end(): void {
  run.bindings = NOTHING;
  run.input = undefined;
}

/** Counts steps; every few thousand it looks at the clock. */
export function spend(steps: number): void {
  run.fuel -= steps;
  if (run.fuel < 0) lookAtClock();
}

function lookAtClock(): void {
  run.fuel = FUEL;
  if (remainingMs() <= 0) throw exhausted(`The expression was still running after ${run.limits.timeLimitMs} milliseconds`, run.limits.timeLimitMs);
}

/** Milliseconds until the evaluation's time is up. The first call starts the clock. */
export function remainingMs(): number {
  const now = performance.now();
  if (run.deadlineMs === 0) run.deadlineMs = now + run.limits.timeLimitMs;
  return run.deadlineMs - now;
}

export function enterCall(): void {
  if (++run.depth > run.limits.depthLimit) {
    throw exhausted(`The expression calls functions more than ${run.limits.depthLimit} deep inside each other`, run.limits.depthLimit);
  }
  if (--run.fuel < 0) lookAtClock();
}

/** Counts allocated words. */
export function charge(words: number): void {
  run.allocated += words;
  if (run.allocated > run.limits.allocationLimit) {
    throw exhausted(`The expression allocates more than ${run.limits.allocationLimit * 8} bytes`, run.limits.allocationLimit);
  }
}

/** Refuses an array of that many items, and counts it. */
export function chargeItems(items: number): void {
  if (items > run.limits.sequenceLimit) throw new JsonataError('D2015', { value: run.limits.sequenceLimit });
  charge(items + 4);
}

/** Refuses a text of that many characters, and counts it. */
export function chargeText(characters: number): void {
  if (characters > run.limits.textLimit) throw exhausted(`The expression builds a text of more than ${run.limits.textLimit} characters`, run.limits.textLimit);
  if (characters > 64) charge(characters >> 3);
}

export function timestampMs(): number {
  if (run.timestampMs === 0) run.timestampMs = Date.now();
  return run.timestampMs;
}
