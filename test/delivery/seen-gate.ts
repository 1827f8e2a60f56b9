import type { SeenEvent, SeenStore, Verdict } from '../../src/delivery/seen/contract.ts';

/** A store whose way there and back can be cut. */
export class GatedStore implements SeenStore {
  readonly #store: SeenStore;
  /** Questions fail without reaching the store. */
  away = false;
  /** Answers are kept back; `letGo` hands them over. */
  holding: 'claim' | 'done' | null = null;
  readonly held: (() => void)[] = [];
  readonly asked: { readonly what: 'claim' | 'done' | 'forget' | 'abandon'; readonly names: readonly string[] }[] = [];

  constructor(store: SeenStore) {
    this.#store = store;
  }

  async claim(events: readonly SeenEvent[]): Promise<readonly Verdict[]> {
    this.#ask('claim', events);
    const verdicts = await this.#store.claim(events);
    await this.#back('claim');
    return verdicts;
  }

  async done(events: readonly SeenEvent[]): Promise<void> {
    this.#ask('done', events);
    await this.#store.done(events);
    await this.#back('done');
  }

  async forget(events: readonly SeenEvent[]): Promise<void> {
    this.#ask('forget', events);
    await this.#store.forget(events);
  }

  abandon(events: readonly SeenEvent[]): void {
    this.asked.push({ what: 'abandon', names: events.map(({ name }) => name) });
    this.#store.abandon(events);
  }

  ready(): Promise<void> {
    return this.#store.ready();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  letGo(): void {
    this.holding = null;
    for (const resolve of this.held.splice(0)) resolve();
  }

  #ask(what: 'claim' | 'done' | 'forget', events: readonly SeenEvent[]): void {
    if (this.away) throw new Error('the store is away');
    this.asked.push({ what, names: events.map(({ name }) => name) });
  }

  async #back(what: 'claim' | 'done'): Promise<void> {
    if (this.holding !== what) return;
    await new Promise<void>((resolve) => {
      this.held.push(resolve);
    });
  }
}
