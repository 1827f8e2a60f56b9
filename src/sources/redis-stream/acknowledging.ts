import { setTimeout as delay } from 'node:timers/promises';
import type { RedisClient } from '../../redis/redis.ts';
import type { Log } from '../../telemetry/log.ts';
import { acknowledge } from './acknowledge.ts';
import type { Ledger } from './ledger.ts';

const FLUSH_MS = 4;
/** So many wait for no timer. */
const FLUSH_IDS = 256;
const MOST_IDS = 1000;
const AGAIN_MS = 200;

export interface AcknowledgingOptions {
  readonly client: RedisClient;
  readonly group: string;
  readonly log: Log;
  readonly onAcknowledged: (count: number) => void;
}

/** Packs acknowledgements: one XACK for what has been settled since the last. Those that fail are repeated until they do not. */
export class Acknowledging {
  readonly #options: AcknowledgingOptions;
  readonly #waiting = new Set<Ledger>();
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #soon = false;
  #failing = false;

  constructor(options: AcknowledgingOptions) {
    this.#options = options;
  }

  /** The ledger has something to acknowledge. */
  wake(ledger: Ledger): void {
    this.#waiting.add(ledger);
    if (this.#failing) return;
    if (ledger.hasToAck >= FLUSH_IDS) {
      if (this.#soon) return;
      this.#soon = true;
      // What else is settled in this turn goes with it.
      setImmediate(() => {
        this.#soon = false;
        if (!this.#failing) this.#flush();
      });
    } else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  /** Resolves once everything is acknowledged, or after so long; true: it is. */
  async drain(withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      if (!this.#failing) this.#flush();
      if (this.#waiting.size === 0 && this.#underWay.size === 0) return true;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return false;
      await Promise.race([...this.#underWay, delay(Math.min(leftMs, AGAIN_MS))]);
    }
  }

  /** Sends nothing any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#failing = true;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ledgers = [...this.#waiting];
    this.#waiting.clear();
    for (const ledger of ledgers) while (ledger.hasToAck > 0) this.#send(ledger);
  }

  #send(ledger: Ledger): void {
    const { client, group, log, onAcknowledged } = this.#options;
    const acks = ledger.takeAcks(MOST_IDS);
    const sent = acknowledge(client, ledger.stream, group, acks.ranges).then(
      () => {
        ledger.acknowledged(acks);
        onAcknowledged(acks.count);
      },
      (error: unknown) => {
        ledger.notAcknowledged(acks);
        log.debug('Entries could not be acknowledged; they are again.', { stream: ledger.stream, count: acks.count, error });
        this.#waiting.add(ledger);
        this.#again();
      },
    );
    this.#underWay.add(sent);
    void sent.then(() => this.#underWay.delete(sent));
  }

  #again(): void {
    if (this.#failing) return;
    this.#failing = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#failing = false;
      this.#flush();
    }, AGAIN_MS);
  }
}
