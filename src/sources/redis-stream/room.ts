import type { Line } from '../../delivery/source.ts';
import type { Ledger } from './ledger.ts';

/** Settled here and not acknowledged by Redis: it is away, or slower than the executions. */
const MOST_UNACKNOWLEDGED = 200_000;
/** Not one by one: at the limit there is room for little at a time. */
const SMALLEST_READ = 16;
const FIRST_GUESS_BYTES = 256;
const LOOK_MS = 500;

/** How much may be read without exceeding a limit. */
export class Room {
  readonly #line: Line;
  readonly #ledgers: readonly Ledger[];
  readonly #batchEvents: number;
  #bytesPerEvent = FIRST_GUESS_BYTES;
  #paused = false;
  #asked: Promise<void> | undefined;

  constructor(line: Line, ledgers: readonly Ledger[], batchEvents: number) {
    this.#line = line;
    this.#ledgers = ledgers;
    this.#batchEvents = batchEvents;
  }

  /** How large events are, for the next guess. */
  learn(count: number, bytes: number): void {
    this.#bytesPerEvent = Math.max(1, 0.9 * this.#bytesPerEvent + (0.1 * bytes) / count);
  }

  /** How many entries may be read of each stream, besides so many that have come and are not offered yet. */
  fitting(besides: number): number {
    const line = this.#line;
    let unacknowledged = 0;
    for (const ledger of this.#ledgers) unacknowledged += ledger.unacknowledged;
    if (unacknowledged > MOST_UNACKNOWLEDGED + line.maxInFlight) return 0;
    const many = this.#ledgers.length;
    const most = Math.max(1, Math.min(this.#batchEvents, Math.floor(line.maxInFlight / many)));
    for (let count = most; count > 0 && count >= most / SMALLEST_READ; count = Math.floor(count / 2)) {
      const events = count * many + besides;
      // More than a limit passes where nothing is in flight; what has come already is.
      if (besides > 0 && events > line.maxInFlight) continue;
      if (line.hasRoom(events, Math.ceil(events * this.#bytesPerEvent))) return count;
    }
    return 0;
  }

  fits(events: number): boolean {
    return events <= this.#line.maxInFlight && this.#line.hasRoom(events, Math.ceil(events * this.#bytesPerEvent));
  }

  /** The same, where nothing waits to be offered; 0: the source pauses. */
  enter(): number {
    const count = this.fitting(0);
    this.#pause(count === 0);
    return count;
  }

  /** It is not because of a limit that nothing is read any more. */
  leave(): void {
    this.#pause(false);
  }

  /** Resolves when it is worth another look. */
  mayHaveGrown(): Promise<void> {
    this.#asked ??= new Promise((resolve) => {
      this.#line.onRoom(() => {
        this.#asked = undefined;
        resolve();
      });
    });
    // Acknowledgements that hang make no room that the line would know of.
    return Promise.race([
      this.#asked,
      new Promise<void>((resolve) => {
        setTimeout(resolve, LOOK_MS);
      }),
    ]);
  }

  #pause(is: boolean): void {
    if (this.#paused === is) return;
    this.#paused = is;
    this.#line.meter.paused(is);
  }
}
