import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaSourceSettings } from '../../config/settings.ts';
import type { CreateSource, Line, Source } from '../../delivery/source.ts';
import { MillraceError } from '../../errors.ts';
import { explain, isUnknownTopic } from './errors.ts';
import { createGroupConsumer } from './group-consumer.ts';
import { Member } from './member.ts';

/** A broker that is away for less is no trouble. */
const GRACE_MS = 5_000;
/** Between two lives of a consumer. The first attempt after an outage comes at most the larger of the two after its end. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 2_000;
/** That a topic is not there is believed when it has been repeated: it may have been created a moment ago. */
const UNKNOWN_ATTEMPTS = 3;
const TICK_MS = 1_000;
/** How long a broker that does not answer may hold up the last commit, and leaving the group. */
const CLOSE_MS = 3_000;

const CLOSED = (): MillraceError => new MillraceError('DRAINING', 'The source was closed before it had joined its consumer group.');

/** Reads Kafka topics as a member of a consumer group. */
export const createKafkaSource: CreateSource<KafkaSourceSettings> = (settings, line) => new KafkaSource(settings, line);

/**
 * Modes: *idle*, *running* (from start), *draining* (from stop: a member of the group that reads nothing), *closed*.
 *
 * Consumers come and go underneath: kafkajs gives one up at errors that it calls final, and after a few attempts at all others.
 * What has been read and not settled belongs to the source, and outlives them.
 */
class KafkaSource implements Source {
  readonly #settings: KafkaSourceSettings;
  readonly #line: Line;
  readonly #member: Member;
  readonly #stopped = new AbortController();
  #mode: 'idle' | 'running' | 'draining' | 'closed' = 'idle';
  #living: Promise<void> = Promise.resolve();
  #timers: NodeJS.Timeout[] = [];
  /** Why there is no consumer that works, and since when, of performance.now. */
  #problem: { readonly error: MillraceError; readonly since: number } | undefined;
  #lastTick = 0;
  #endLife: (reason: unknown) => void = () => undefined;

  constructor(settings: KafkaSourceSettings, line: Line) {
    this.#settings = settings;
    this.#line = line;
    this.#member = new Member(settings, line);
  }

  async start(): Promise<void> {
    this.#mode = 'running';
    this.#lastTick = performance.now();
    this.#timers = [setInterval(() => this.#tick(), TICK_MS), setInterval(() => void this.#member.commit(), this.#settings.commitIntervalMs)];
    const refused = new Promise<never>((_, reject) => {
      this.#living = this.#live(reject);
    });
    try {
      await Promise.race([this.#member.firstJoin, refused]);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.#mode === 'running') this.#mode = 'draining';
    this.#member.stopReading();
  }

  async close(): Promise<void> {
    if (this.#mode === 'closed') return;
    await this.stop();
    this.#mode = 'closed';
    for (const timer of this.#timers) clearInterval(timer);
    this.#member.letGo();
    await Promise.race([this.#member.commitAll(CLOSE_MS), sleep(CLOSE_MS, undefined, { ref: false })]);
    this.#stopped.abort();
    this.#endLife(undefined);
    await this.#living;
    this.#member.releaseAll();
  }

  get trouble(): string | undefined {
    if (this.#mode !== 'running') return undefined;
    const problem = this.#problem;
    if (problem !== undefined && performance.now() - problem.since > GRACE_MS) return problem.error.message;
    return this.#member.troubleAfter(GRACE_MS);
  }

  /** One consumer after the other, until the source is closed, or is refused before it has ever joined its group. */
  async #live(refuse: (error: unknown) => void): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    for (let attempt = 1; ; attempt++) {
      const joined = this.#member.joins;
      const error = explain(await this.#liveOnce(), this.#settings.brokers);
      const refused = this.#member.joins === 0 && error.code === 'SOURCE_MISCONFIGURED' && (attempt >= UNKNOWN_ATTEMPTS || !isUnknownTopic(error));
      if (refused || this.#stopped.signal.aborted) {
        refuse(refused ? error : CLOSED());
        return;
      }
      if (this.#member.joins > joined) pauseMs = FIRST_PAUSE_MS;
      if (this.#problem === undefined) this.#line.log.warn('The Kafka consumer has ended; another takes its place', { source: this.#line.source, error });
      this.#problem = { error, since: this.#problem?.since ?? performance.now() };
      await sleep(pauseMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
      if (this.#stopped.signal.aborted) {
        refuse(CLOSED());
        return;
      }
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  /** Resolves with what brought the consumer to its end. */
  async #liveOnce(): Promise<unknown> {
    let close: (() => Promise<void>) | undefined;
    let over = false;
    try {
      return await new Promise((resolve, reject) => {
        this.#endLife = resolve;
        const events = this.#member.attach(resolve, () => this.#joined());
        createGroupConsumer(this.#settings, this.#line.log, events)
          .then((consumer) => {
            if (over) return consumer.close(0);
            close = () => consumer.close(CLOSE_MS);
            this.#member.use(consumer);
            return consumer.run();
          })
          .catch(reject);
      });
    } catch (error) {
      return error;
    } finally {
      over = true;
      this.#member.detach();
      await close?.();
    }
  }

  #joined(): void {
    if (this.#problem === undefined) return;
    this.#line.meter.recovered('consumer_restart');
    this.#line.log.info('The Kafka consumer works again', { source: this.#line.source, afterMs: Math.round(performance.now() - this.#problem.since) });
    this.#problem = undefined;
  }

  #tick(): void {
    const now = performance.now();
    const late = now - this.#lastTick - TICK_MS;
    this.#lastTick = now;
    this.#member.watch(Math.max(0, late));
  }
}
