import type { SeenEvent, SeenStore, Verdict } from './contract.ts';

export interface MemorySeenOptions {
  readonly windowMs: number;
  /** Beyond twice as many the oldest ids are forgotten before their time; 500,000 unless told otherwise. */
  readonly maxIds?: number;
}

interface Remembered {
  readonly name: string;
  readonly ended: boolean;
  readonly expiresMs: number;
}

const MAX_IDS = 500_000;

/**
 * Creates a store in this process's memory, which ends with it.
 *
 * Ids stand in two generations: what is written goes into the young one, which becomes the old one after a window, or when it
 * is full; the old one is dropped as a whole then. So nothing has to be looked for to be forgotten.
 */
export function createMemorySeen(options: MemorySeenOptions): SeenStore {
  return new MemorySeen(options);
}

class MemorySeen implements SeenStore {
  readonly #windowMs: number;
  readonly #maxIds: number;
  #young = new Map<string, Remembered>();
  #old = new Map<string, Remembered>();
  #turnsMs = 0;

  constructor({ windowMs, maxIds = MAX_IDS }: MemorySeenOptions) {
    this.#windowMs = windowMs;
    this.#maxIds = maxIds;
  }

  async claim(events: readonly SeenEvent[]): Promise<readonly Verdict[]> {
    const now = this.#turn();
    return events.map((event): Verdict => {
      const known = this.#known(event.id, now);
      if (known !== undefined && known.name !== event.name) return 'duplicate';
      if (known?.ended === true) return 'done';
      this.#write(event, false, now);
      return known === undefined ? 'new' : 'again';
    });
  }

  async done(events: readonly SeenEvent[]): Promise<void> {
    const now = this.#turn();
    for (const event of events) if ((this.#known(event.id, now)?.name ?? event.name) === event.name) this.#write(event, true, now);
  }

  async forget(events: readonly SeenEvent[]): Promise<void> {
    this.abandon(events);
  }

  abandon(events: readonly SeenEvent[]): void {
    const now = Date.now();
    for (const { id, name } of events) {
      const known = this.#known(id, now);
      if (known === undefined || known.name !== name || known.ended) continue;
      this.#young.delete(id);
      this.#old.delete(id);
    }
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#young.clear();
    this.#old.clear();
  }

  #known(id: string, now: number): Remembered | undefined {
    const known = this.#young.get(id) ?? this.#old.get(id);
    return known !== undefined && known.expiresMs > now ? known : undefined;
  }

  #write({ id, name }: SeenEvent, ended: boolean, now: number): void {
    this.#young.set(id, { name, ended, expiresMs: now + this.#windowMs });
  }

  /** Answers the time, after forgetting what is due. */
  #turn(): number {
    const now = Date.now();
    if (now >= this.#turnsMs || this.#young.size >= this.#maxIds) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#turnsMs = now + this.#windowMs;
    }
    return now;
  }
}
