import type { FaultEvent, Feed } from './feeds.ts';

export interface LoadOptions {
  readonly keys: number;
  /** How long execution i takes; at once, when left out. */
  readonly ms?: (i: number) => number;
  /** The most events that are sent; as many as there is time for, when left out. */
  readonly most?: number;
  /** Events of one sending, and the milliseconds from one to the next. */
  readonly chunk?: number;
  readonly everyMs?: number;
}

/** Events sent at a steady pace, until it is told to stop or all are sent. What is in `sent` the broker has taken. */
export class Load {
  readonly sent: FaultEvent[] = [];
  readonly done: Promise<void>;
  #stopped = false;
  #isDone = false;

  constructor(feed: Feed, { keys, ms = () => 0, most = Infinity, chunk = 100, everyMs = 50 }: LoadOptions) {
    const run = async (): Promise<void> => {
      let next = performance.now();
      for (let i = 0; i < most && !this.#stopped; i += chunk) {
        const events = Array.from({ length: Math.min(chunk, most - i) }, (_, j) => ({ key: `k${(i + j) % keys}`, n: Math.floor((i + j) / keys), ms: ms(i + j) }));
        await feed.send(events);
        this.sent.push(...events);
        next = Math.max(next + everyMs, performance.now());
        await new Promise((resolve) => setTimeout(resolve, next - performance.now()));
      }
      this.#isDone = true;
    };
    this.done = run();
    // Whoever awaits it hears of it.
    this.done.catch(() => undefined);
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Resolves when nothing more is sent. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.done;
  }
}
