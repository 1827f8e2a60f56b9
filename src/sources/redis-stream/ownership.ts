import { createHash } from 'node:crypto';
import type { RedisClient } from '../../redis/redis.ts';
import type { Log } from '../../telemetry/log.ts';
import { disown, join, own } from './scripts.ts';

/** How often leases are renewed and looked for at the least; more often where a lease is short. */
const MOST_TICK_MS = 1000;

export interface OwnershipOptions {
  readonly client: RedisClient;
  readonly streams: readonly string[];
  readonly group: string;
  /** Unique to this process and start. */
  readonly owner: string;
  readonly ttlMs: number;
  readonly log: Log;
  /** The stream is this process's, until it is lost, or resigned. */
  readonly onGained: (stream: string) => void;
  /** It is somebody else's, or may be: nothing may be done for it any more. */
  readonly onLost: (stream: string) => void;
  /** Others came who have none: it should be resigned once what was taken of it has ended. */
  readonly onSurplus: (stream: string) => void;
}

interface Held {
  readonly number: number;
  /** performance.now() up to which nobody else can be the owner. */
  readonly untilMs: number;
  readonly surplus: boolean;
}

/**
 * Shares streams out among processes, each stream to one at a time: who holds its lease. Where streams are read in order a
 * consumer group is not enough for that, since it deals entries of a stream out to everybody who asks.
 *
 * Every process takes its share, the number of streams through the number of processes, rounded up, and what is more it gives
 * back.
 */
export class Ownership {
  readonly #options: OwnershipOptions;
  readonly #held = new Map<string, Held>();
  readonly #members: string;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #accepting = true;

  constructor(options: OwnershipOptions) {
    this.#options = options;
    // Sources that read the same streams as the same group are of one kind, whichever process they are in.
    this.#members = `millrace:members:${createHash('sha256').update(JSON.stringify([options.group, [...options.streams].sort()])).digest('hex').slice(0, 16)}`;
  }

  get owner(): string {
    return this.#options.owner;
  }

  get held(): Iterable<string> {
    return this.#held.keys();
  }

  /** Resolves when leases have been looked for once. @throws the client's error */
  async start(): Promise<void> {
    await this.#tick();
    const everyMs = Math.min(MOST_TICK_MS, this.#options.ttlMs / 5);
    const again = (): void => {
      this.#timer = setTimeout(() => {
        this.#running = this.#tick()
          .catch((error: unknown) => this.#options.log.debug('Leases of streams could not be renewed; they are again.', { error }))
          .then(() => {
            this.#expire();
            if (this.#timer !== undefined) again();
          });
      }, everyMs);
    };
    again();
  }

  /** Takes no more streams; those that are held stay. */
  stopTaking(): void {
    this.#accepting = false;
  }

  /** Gives a stream back: nothing of it is under way here. */
  async resign(stream: string): Promise<void> {
    const { client, owner } = this.#options;
    await this.#running;
    if (!this.#held.delete(stream)) return;
    await disown(client, leaseOf(stream, this.#options.group), owner).catch(() => 0);
  }

  /** Gives all back. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#running;
    const { client, owner } = this.#options;
    for (const stream of this.#held.keys()) await this.resign(stream);
    await client.zrem(this.#members, owner).catch(() => 0);
  }

  async #tick(): Promise<void> {
    const { client, streams, owner, ttlMs, onSurplus } = this.#options;
    if (this.#accepting) {
      const members = await join(client, this.#members, owner, ttlMs);
      const share = Math.ceil(streams.length / members);
      for (const stream of this.#held.keys()) await this.#renew(stream);
      const surplus = [...this.#held].filter(([, held]) => !held.surplus).slice(share);
      for (const [stream, held] of surplus) {
        this.#held.set(stream, { ...held, surplus: true });
        onSurplus(stream);
      }
      for (const stream of streams) {
        if (this.#held.size >= share || !this.#accepting) break;
        if (!this.#held.has(stream)) await this.#take(stream);
      }
    } else for (const stream of this.#held.keys()) await this.#renew(stream);
  }

  async #take(stream: string): Promise<void> {
    const { onGained } = this.#options;
    const held = await this.#own(stream);
    if (held === undefined) return;
    this.#held.set(stream, held);
    onGained(stream);
  }

  async #renew(stream: string): Promise<void> {
    const before = this.#held.get(stream);
    if (before === undefined) return;
    const after = await this.#own(stream);
    if (!this.#held.has(stream)) return;
    // Redis may have lost the lease in a failover: it is held on to if nobody had it in between.
    if (after !== undefined && (after.number === before.number || after.number === before.number + 1)) {
      this.#held.set(stream, { ...after, surplus: before.surplus });
      return;
    }
    this.#lose(stream);
    if (after === undefined) return;
    this.#held.set(stream, after);
    this.#options.onGained(stream);
  }

  async #own(stream: string): Promise<Held | undefined> {
    const { client, group, owner, ttlMs } = this.#options;
    const issuedMs = performance.now();
    const number = await own(client, leaseOf(stream, group), owner, ttlMs);
    return number < 0 ? undefined : { number, untilMs: issuedMs + ttlMs, surplus: false };
  }

  /** Redis did not answer for as long as the leases last. */
  #expire(): void {
    const now = performance.now();
    for (const [stream, { untilMs }] of this.#held) if (now >= untilMs) this.#lose(stream);
  }

  #lose(stream: string): void {
    this.#held.delete(stream);
    this.#options.onLost(stream);
  }
}

/** In the stream's slot of a Cluster, so that one script can look at the lease and read the stream. */
export function leaseOf(stream: string, group: string): string {
  const open = stream.indexOf('{');
  const close = stream.indexOf('}', open + 1);
  const isTagged = open >= 0 && close > open + 1;
  return isTagged ? `millrace:lease:${stream.slice(open, close + 1)}:${stream}:${group}` : `millrace:lease:{${stream}}:${group}`;
}
