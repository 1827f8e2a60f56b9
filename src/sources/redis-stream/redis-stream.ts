import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { RedisStreamSourceSettings } from '../../config/settings.ts';
import type { Line, Source } from '../../delivery/source.ts';
import { MillraceError } from '../../errors.ts';
import { closeRedis, createRedis, redisConnected, redisReady, type RedisClient } from '../../redis/redis.ts';
import { Acknowledging } from './acknowledging.ts';
import { prepareStreams } from './group.ts';
import { leaseOf, Ownership } from './ownership.ts';
import { removeConsumer } from './scripts.ts';
import { createSession, type Session } from './session.ts';
import { startUpkeep } from './upkeep.ts';

const AGAIN_MS = 500;
const DRAIN_MS = 5000;
const LOOK_MS = 50;

/** Creates a source that reads streams of Redis as a member of a consumer group. */
export function createRedisStreamSource(settings: RedisStreamSourceSettings, line: Line): Source {
  return new RedisStreamSource(settings, line);
}

/**
 * Without order all processes read all streams: one session for all of them, or in a Cluster, whose streams have different
 * nodes, one for each. With order a stream is read by the one process that holds its lease: a session for each that is held.
 */
class RedisStreamSource implements Source {
  readonly #settings: RedisStreamSourceSettings;
  readonly #line: Line;
  readonly #purpose: string;
  readonly #consumer: string;
  readonly #sessions = new Map<string, Session>();
  readonly #troubles = new Map<string, string>();
  #client: RedisClient | undefined;
  #acknowledging: Acknowledging | undefined;
  #ownership: Ownership | undefined;
  #upkeep: { stop(): void } | undefined;
  #stopped = false;

  constructor(settings: RedisStreamSourceSettings, line: Line) {
    this.#settings = settings;
    this.#line = line;
    this.#purpose = `source ${line.source}`;
    this.#consumer = settings.consumer ?? `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  }

  get trouble(): string | undefined {
    const [trouble] = this.#troubles.values();
    return trouble;
  }

  async start(): Promise<void> {
    const { group, streams, takeoverMs } = this.#settings;
    const { log, meter, order } = this.#line;
    const client = createRedis(this.#settings, { purpose: this.#purpose, log, whenAway: 'fail', onTrouble: (trouble) => this.#setTrouble('connection', trouble) });
    this.#client = client;
    await this.#prepare(client);
    this.#acknowledging = new Acknowledging({ client, group, log, onAcknowledged: (count) => meter.acknowledged(count) });
    if (order === 'none') {
      const parts = this.#settings.cluster === undefined ? [streams] : streams.map((stream) => [stream]);
      for (const part of parts) this.#open(part.join(' '), part);
    } else {
      this.#ownership = new Ownership({
        client,
        streams,
        group,
        owner: `${this.#consumer} ${randomBytes(8).toString('hex')}`,
        ttlMs: takeoverMs,
        log,
        onGained: (stream) => this.#gained(stream),
        onLost: (stream) => this.#lost(stream),
        onSurplus: (stream) => void this.#handOver(stream),
      });
      await this.#ownership.start();
    }
    this.#upkeep = startUpkeep({ client, settings: this.#settings, consumer: this.#consumer, line: this.#line, streams: () => this.#ownership?.held ?? streams });
    this.#warnOfTrimming();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ownership?.stopTaking();
    await Promise.all([...this.#sessions.values()].map((session) => session.stop()));
  }

  async close(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    await this.stop();
    this.#upkeep?.stop();
    // First, so that what has not ended by now does not begin, and acknowledging comes to an end.
    for (const session of this.#sessions.values()) session.release();
    await this.#acknowledging?.drain(client.status === 'ready' ? DRAIN_MS : 0);
    this.#acknowledging?.close();
    for (const session of this.#sessions.values()) await session.close();
    await this.#ownership?.close();
    const { streams, group } = this.#settings;
    for (const stream of streams) {
      if (client.status === 'ready') await removeConsumer(client, stream, group, this.#consumer).catch(() => 0);
      this.#line.meter.unassigned(stream);
    }
    await closeRedis(client);
    this.#troubles.clear();
  }

  /** Waits as long as it may get better. */
  async #prepare(client: RedisClient): Promise<void> {
    await redisReady(client, this.#settings, this.#purpose);
    for (;;) {
      try {
        await prepareStreams(client, this.#settings, this.#purpose, this.#settings);
        this.#setTrouble('start', undefined);
        return;
      } catch (error) {
        if (!(error instanceof MillraceError) || !error.retryable || this.#stopped) throw error;
        this.#setTrouble('start', error.message);
        await delay(AGAIN_MS);
        await redisConnected(client);
      }
    }
  }

  #open(name: string, streams: readonly string[], lease?: { readonly lease: string; readonly owner: string }): void {
    const session = createSession({
      settings: this.#settings,
      line: this.#line,
      consumer: this.#consumer,
      streams,
      client: this.#client!,
      acknowledging: this.#acknowledging!,
      ...(lease === undefined ? {} : { ownership: lease }),
      onTrouble: (trouble) => this.#setTrouble(name, trouble),
    });
    this.#sessions.set(name, session);
    session.start();
  }

  #gained(stream: string): void {
    this.#line.log.info('This process reads the stream from now on.', { source: this.#line.source, stream });
    this.#open(stream, [stream], { lease: leaseOf(stream, this.#settings.group), owner: this.#ownership!.owner });
  }

  #lost(stream: string): void {
    const session = this.#sessions.get(stream);
    if (session === undefined) return;
    this.#line.log.warn('Another process may read the stream by now; what was under way runs again there.', { source: this.#line.source, stream });
    this.#line.meter.recovered('lease_lost');
    session.release();
    this.#drop(stream, session);
  }

  /** Another process is to have the stream, once nothing of it is under way here. */
  async #handOver(stream: string): Promise<void> {
    const session = this.#sessions.get(stream);
    if (session === undefined) return;
    await session.stop();
    while (session.inFlight > 0 || session.ledgers.some(({ unacknowledged }) => unacknowledged > 0)) {
      await delay(LOOK_MS);
      if (this.#stopped || this.#sessions.get(stream) !== session) return;
    }
    this.#line.log.info('This process gives the stream to another.', { source: this.#line.source, stream });
    this.#drop(stream, session);
    await this.#ownership?.resign(stream);
  }

  #drop(stream: string, session: Session): void {
    this.#sessions.delete(stream);
    this.#line.meter.unassigned(stream);
    void session.close().then(() => this.#setTrouble(stream, undefined));
  }

  #setTrouble(of: string, trouble: string | undefined): void {
    if (trouble === undefined) this.#troubles.delete(of);
    else this.#troubles.set(of, trouble);
  }

  #warnOfTrimming(): void {
    const { trim, streams } = this.#settings;
    if (typeof trim === 'string') return;
    this.#line.log.warn('The streams are held to a length: entries beyond it are removed even if they have not been read.', { source: this.#line.source, streams, maxLength: trim.maxLength });
  }
}
