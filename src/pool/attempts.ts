import { type Outcome, PARKED, type RunStatus, type Runtime, SUCCEEDED } from '../runtime/contract.ts';
import { NOBODY, setRunning } from './control.ts';
import type { InstalledMachine } from './machine.ts';
import type { SliceOrigin } from './origin.ts';

/** An execution that may have to wait for another to end, for its input, or for its next try. */
export interface Attempt {
  readonly machine: InstalledMachine;
  readonly origin: SliceOrigin;
  /** Index in the batch, and ticket, of the event that it is named after. */
  readonly index: number;
  readonly ticket: number;
  /** Tickets of all events that are its input, in their order. */
  readonly members: readonly number[];
  /** Executions of one chain follow one another; null: it stands alone. */
  chain: string | null;
  readonly inputBytes: number;
  readonly exact: boolean;
  /** A promise as long as the source's `input` expression computes it. */
  input: unknown;
  tries: number;
  timer: NodeJS.Timeout | null;
}

export interface AttemptsOptions {
  readonly runtime: Runtime;
  readonly control: Int32Array;
  /** A member that `begin` answered PARKED for has ended; the outcome is valid during the call. */
  readonly onSettled: (attempt: Attempt, outcome: Outcome) => void;
  /** Its input could not be made. */
  readonly onRefused: (attempt: Attempt, refusal: unknown) => void;
}

/** After so many executions in a row the other work of the thread has its turn. */
const LINKS_IN_A_TURN = 64;

/**
 * Executions of routes that keep an order, try again, or compute their input asynchronously.
 *
 * A chain exists while one of its executions is under way and parked: what comes meanwhile waits in it. Where everything ends
 * synchronously there is no chain, and order costs nothing.
 */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #open = new Map<number, Attempt>();
  readonly #chains = new Map<string, Attempt[]>();

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  /** Whether there is any chain; while there is none, names of chains need not be made. */
  get chained(): boolean {
    return this.#chains.size > 0;
  }

  /** Begins a chain with an attempt that has parked, and that was begun while there were no chains. */
  hold(attempt: Attempt, chain: string | null): void {
    attempt.chain = chain;
    if (chain !== null) this.#chains.set(chain, []);
  }

  /** Runs it as far as it goes; what has ended at once is found in the runtime's outcome. */
  begin(attempt: Attempt): RunStatus {
    const { chain } = attempt;
    const waiting = chain === null ? undefined : this.#chains.get(chain);
    if (waiting !== undefined) {
      waiting.push(attempt);
      this.#open.set(attempt.ticket, attempt);
      return PARKED;
    }
    const status = this.#try(attempt);
    if (status !== PARKED) return status;
    this.#open.set(attempt.ticket, attempt);
    if (chain !== null) this.#chains.set(chain, []);
    return PARKED;
  }

  /** Told of every parked execution that ends; false when it is none of these. */
  ended(ticket: number, outcome: Outcome): boolean {
    const attempt = this.#open.get(ticket);
    if (attempt === undefined) return false;
    if (!this.#triesAgain(attempt, outcome.status)) this.#settle(attempt, outcome);
    return true;
  }

  /** Lets go of those that are here, whatever they wait for, and answers them. What waits behind them goes on afterwards. */
  cancel(tickets: Iterable<number>): Attempt[] {
    const gone = new Set<Attempt>();
    for (const ticket of tickets) {
      const attempt = this.#open.get(ticket);
      if (attempt === undefined) continue;
      gone.add(attempt);
      this.#open.delete(ticket);
      if (attempt.timer !== null) clearTimeout(attempt.timer);
      this.#options.runtime.cancel(ticket);
      if (attempt.tries > 0) attempt.machine.counter.aborted(1);
    }
    const goneOf = new Map<string, number>();
    for (const { chain } of gone) if (chain !== null) goneOf.set(chain, (goneOf.get(chain) ?? 0) + 1);
    for (const [chain, count] of goneOf) {
      const waiting = this.#chains.get(chain)!;
      const kept = waiting.filter((attempt) => !gone.has(attempt));
      // One more is gone than had waited: the head.
      const headIsGone = count > waiting.length - kept.length;
      this.#chains.set(chain, kept);
      if (headIsGone) this.#advance(chain);
    }
    return [...gone];
  }

  close(): void {
    for (const { timer } of this.#open.values()) if (timer !== null) clearTimeout(timer);
    this.#open.clear();
    this.#chains.clear();
  }

  #try(attempt: Attempt): RunStatus {
    const { runtime, control } = this.#options;
    if (attempt.input instanceof Promise) {
      attempt.input.then(
        (value) => {
          attempt.input = value;
          this.#goOn(attempt);
        },
        (refusal: unknown) => {
          if (!this.#open.delete(attempt.ticket)) return;
          this.#options.onRefused(attempt, refusal);
          this.#advance(attempt.chain);
        },
      );
      return PARKED;
    }
    if (attempt.tries++ === 0) attempt.machine.counter.started(1);
    setRunning(control, attempt.ticket);
    const { machine, input, inputBytes, origin, index, ticket, exact } = attempt;
    const status = runtime.begin(machine.program, input, inputBytes, origin, index, ticket, exact);
    return status !== PARKED && this.#triesAgain(attempt, status) ? PARKED : status;
  }

  /** Tries again later what has failed, if it may. */
  #triesAgain(attempt: Attempt, status: RunStatus): boolean {
    const retry = attempt.machine.route?.retry;
    if (status === SUCCEEDED || retry === undefined || attempt.tries >= retry.maxAttempts) return false;
    const backoffMs = Math.min(retry.maxBackoffMs, retry.backoffMs * 2 ** (attempt.tries - 1));
    // Half of it at random: what failed together does not come back together.
    attempt.timer = setTimeout(() => {
      attempt.timer = null;
      this.#goOn(attempt);
    }, backoffMs * (0.5 + Math.random() / 2));
    return true;
  }

  #goOn(attempt: Attempt): void {
    if (this.#open.get(attempt.ticket) !== attempt) return;
    const status = this.#try(attempt);
    setRunning(this.#options.control, NOBODY);
    if (status !== PARKED) this.#settle(attempt, this.#options.runtime.outcome);
  }

  #settle(attempt: Attempt, outcome: Outcome): void {
    this.#open.delete(attempt.ticket);
    this.#options.onSettled(attempt, outcome);
    this.#advance(attempt.chain);
  }

  /** The head of a chain is gone: the next ones begin, until one parks. */
  #advance(chain: string | null): void {
    if (chain === null) return;
    const waiting = this.#chains.get(chain);
    if (waiting === undefined) return;
    for (let i = 0; i < LINKS_IN_A_TURN; i++) {
      const next = waiting.shift();
      if (next === undefined) {
        this.#chains.delete(chain);
        return;
      }
      const status = this.#try(next);
      setRunning(this.#options.control, NOBODY);
      if (status === PARKED) return;
      this.#open.delete(next.ticket);
      this.#options.onSettled(next, this.#options.runtime.outcome);
    }
    setImmediate(() => this.#advance(chain));
  }
}

