import type { Batch, Rejection, Sender } from './contract.ts';
import { LATE_MS, type Meter } from './meter.ts';
import type { LoadEnd, LoadPlan, LoadState } from './plan.ts';

/** How often it is looked which events are due: timers of Node are no finer. And how seldom, while none is. */
const TICK_MS = 1;
const MOST_SLEEP_MS = 20;
/** What was due at the end and had no room yet is still sent for so long. */
const CATCH_UP_MS = 1000;

/**
 * Sends events when they are due (an open loop: a target that is slow is not sent fewer), and tells the meter what becomes of
 * them. Latency is counted from when an event was due, so that what waits because the target stalls is not left out. What
 * cannot be sent, because as much is in flight as may be, falls behind and is sent as soon as there is room.
 */
export class LoadRun {
  readonly #sender: Sender;
  readonly #plan: LoadPlan;
  readonly #meter: Meter;
  readonly #now: () => number;
  readonly #startMs: number;
  /** Events of the plan, warm-up included; and how many of them belong to the warm-up. */
  #total: number;
  readonly #warm: number;
  /** Without a shape, which events belong to the warm-up is known when it is over. */
  #warmedUp: boolean;
  #taken = 0;
  #inFlight = 0;
  #batches = 0;
  #exhausted = false;
  #stopped = false;
  #answeredMs = 0;
  #pumpScheduled = false;
  #second = 0;
  #wake: (() => void) | undefined;

  constructor(sender: Sender, plan: LoadPlan, meter: Meter, now: () => number = () => performance.now()) {
    this.#sender = sender;
    this.#plan = plan;
    this.#meter = meter;
    this.#now = now;
    this.#startMs = now();
    const { shape, warmUp, duration, count } = plan;
    // What is due at the very end belongs to the time after it. Sums of fractions come out a little beside whole numbers.
    const dueBy = (seconds: number): number => (shape === undefined || seconds === Infinity ? Infinity : Math.ceil(shape.dueBy(seconds) - 1e-6));
    this.#warm = shape === undefined || warmUp === 0 ? 0 : dueBy(warmUp);
    this.#warmedUp = shape !== undefined || warmUp === 0;
    this.#total = this.#warmedUp ? Math.min(dueBy(warmUp + duration), this.#warm + count) : Infinity;
  }

  get state(): LoadState {
    const { shape } = this.#plan;
    const seconds = this.#elapsedMs / 1000;
    return { elapsed: seconds - this.#plan.warmUp, inFlight: this.#inFlight, behind: this.#sendingEnded ? 0 : this.#dueBy(seconds) - this.#taken, target: shape === undefined ? null : shape.rateAt(seconds), draining: this.#sendingEnded };
  }

  /** Sends nothing more; what is under way is waited for. */
  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  /** Resolves when everything is sent and answered, or the grace is over. */
  async toEnd(): Promise<LoadEnd> {
    while (!this.#sendingEnded) {
      this.#closeSeconds();
      this.#pump();
      if (!this.#sendingEnded) await this.#tick(this.#untilNextMs());
    }
    const endedMs = Math.min(this.#elapsedMs, this.#endMs);
    const unsent = Math.max(0, Math.min(this.#total, this.#dueBy(endedMs / 1000)) - this.#taken);
    const deadlineMs = this.#elapsedMs + this.#plan.graceMs;
    while (this.#inFlight > 0 && this.#elapsedMs < deadlineMs) {
      this.#closeSeconds();
      await this.#tick(MOST_SLEEP_MS);
    }
    this.#closeSeconds();
    // What is left of the last one, if it holds anything.
    if (!this.#meter.idle) this.#closeSecond();
    return { seconds: Math.max(0, Math.max(this.#answeredMs, endedMs) / 1000 - this.#plan.warmUp), unsent, unanswered: this.#inFlight };
  }

  /** Until the next event is due, as far as that can be foreseen; answers that make room come by themselves. */
  #untilNextMs(): number {
    const { shape } = this.#plan;
    if (shape === undefined) return MOST_SLEEP_MS;
    return Math.max(TICK_MS, Math.min(MOST_SLEEP_MS, shape.timeOf(this.#taken) * 1000 + this.#plan.lingerMs - this.#elapsedMs));
  }

  get #elapsedMs(): number {
    return this.#now() - this.#startMs;
  }

  get #endMs(): number {
    return (this.#plan.warmUp + this.#plan.duration) * 1000;
  }

  get #sendingEnded(): boolean {
    const endMs = this.#plan.shape === undefined ? this.#endMs : this.#endMs + CATCH_UP_MS;
    return this.#stopped || this.#exhausted || this.#taken >= this.#total || this.#elapsedMs >= endMs;
  }

  /** How many events are due by then; without a shape, whatever has been taken. */
  #dueBy(seconds: number): number {
    const { shape } = this.#plan;
    if (shape === undefined) return this.#taken;
    return Math.min(this.#total, Math.floor(shape.dueBy(seconds)) + 1);
  }

  /** Sends what is due, as far as there is room. */
  #pump(): void {
    const { shape, maxInFlight } = this.#plan;
    const atMs = this.#elapsedMs;
    if (!this.#warmedUp && atMs >= this.#plan.warmUp * 1000) {
      this.#warmedUp = true;
      this.#total = this.#taken + this.#plan.count;
    }
    const due = shape === undefined ? this.#total : this.#dueBy(atMs / 1000);
    while (this.#taken < due && this.#batches < this.#sender.maxBatches && this.#inFlight < maxInFlight && !this.#exhausted && !this.#stopped) {
      if (this.#lingers(due - this.#taken, atMs)) break;
      this.#sendOne(Math.min(due - this.#taken, this.#sender.maxEvents, maxInFlight - this.#inFlight));
    }
  }

  #lingers(waiting: number, atMs: number): boolean {
    const { shape, lingerMs } = this.#plan;
    return lingerMs > 0 && shape !== undefined && waiting < this.#sender.maxEvents && this.#taken + waiting < this.#total && atMs - shape.timeOf(this.#taken) * 1000 < lingerMs;
  }

  #sendOne(most: number): void {
    const { feed, shape } = this.#plan;
    const events: string[] = [];
    const keys: string[] = [];
    const dueMs: number[] = [];
    const atMs = this.#elapsedMs;
    let bytes = 0;
    let late = 0;
    feed.tick(Date.now());
    // A batch is of the warm-up, or it is not.
    const counts = shape === undefined ? this.#warmedUp : this.#taken >= this.#warm;
    const end = counts || shape === undefined ? most : Math.min(most, this.#warm - this.#taken);
    while (events.length < end && bytes < this.#sender.maxBytes) {
      if (!feed.next(events, keys)) {
        this.#exhausted = true;
        break;
      }
      const due = shape === undefined ? atMs : shape.timeOf(this.#taken) * 1000;
      dueMs.push(due);
      if (atMs - due > LATE_MS) late += 1;
      bytes += Buffer.byteLength(events[events.length - 1]!);
      this.#taken += 1;
    }
    if (events.length === 0) return;
    this.#inFlight += events.length;
    this.#batches += 1;
    this.#meter.sent(events.length, bytes, late, counts);
    this.#sender.send({ events, keys: feed.hasKeys ? keys : undefined, dueMs, bytes }, (batch, rejections) => this.#settle(batch, rejections, counts));
  }

  #settle({ events, dueMs }: Batch, rejections: readonly Rejection[], counts: boolean): void {
    const atMs = this.#elapsedMs;
    this.#inFlight -= events.length;
    this.#batches -= 1;
    this.#answeredMs = atMs;
    let rejected = 0;
    for (const { kind, count, refused } of rejections) {
      rejected += count;
      this.#meter.rejected(kind, count, refused, counts);
    }
    // Which of a batch's events were rejected is not known; the first ones count as taken, which waited the longest.
    const taken = events.length - rejected;
    for (let i = 0, begin = 0; i < taken; begin = i) {
      // Those that were due at one time are recorded at once: without a shape that is all of a batch.
      do i += 1;
      while (i < taken && dueMs[i] === dueMs[begin]);
      this.#meter.ok(atMs - dueMs[begin]!, i - begin, counts);
    }
    // Room that has come free is used before the next tick.
    if (this.#plan.shape === undefined || this.#taken < this.#dueBy(atMs / 1000)) this.#pumpSoon();
    if (this.#inFlight === 0 && this.#sendingEnded) this.#wake?.();
  }

  /** Once for all answers that come in one turn, so that batches are not made of one event each. */
  #pumpSoon(): void {
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    setImmediate(() => {
      this.#pumpScheduled = false;
      if (!this.#sendingEnded) this.#pump();
    });
  }

  #closeSeconds(): void {
    while (this.#elapsedMs >= (this.#second + 1) * 1000) this.#closeSecond();
  }

  #closeSecond(): void {
    const { shape, warmUp } = this.#plan;
    const dueUntil = (seconds: number): number => Math.min(this.#total, shape?.dueBy(seconds) ?? 0);
    const target = shape === undefined ? null : dueUntil(this.#second + 1) - dueUntil(this.#second);
    this.#meter.endSecond(this.#second - warmUp, target, this.#inFlight, Math.max(0, this.#dueBy(this.#elapsedMs / 1000) - this.#taken));
    this.#second += 1;
  }

  #tick(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
