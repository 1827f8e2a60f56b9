import { jsonText } from '../asl/json-text.ts';
import type { ArnScope } from '../delivery/arn.ts';
import { FILTERED as LET_GO, REJECTED, ReportWriter } from '../delivery/report.ts';
import { type Outcome, PARKED, type Runtime, SUCCEEDED } from '../runtime/contract.ts';
import { createRuntime } from '../runtime/runtime.ts';
import { Attempts } from './attempts.ts';
import { CarefulSlices } from './careful-slices.ts';
import { NOBODY, setRunning } from './control.ts';
import { Stopwatch } from './counts.ts';
import { BatchReader, EventIntake, FILTERED, LONGER_PRINTED, Refusal } from './intake.ts';
import type { InstalledMachine, InstalledMachines } from './machine.ts';
import type { LateMessage } from './messages.ts';
import { SliceOrigin } from './origin.ts';
import { type Arena, countOf, dataEndOf, readSlice, sliceCountOf, type SliceView, ticketOf, writeReply } from './wire.ts';

export interface RunnerOptions {
  readonly control: Int32Array;
  readonly machines: InstalledMachines;
  readonly payloadBytes: number;
  readonly arn: ArnScope;
  /** Sends what has ended of the parked executions; called at most once in a turn of the event loop. */
  readonly postLate: (message: LateMessage) => void;
}

/** A late report is posted once it has so many entries, even within a turn. */
const LATE_ENTRIES = 4096;

/** Runs batches on this thread and reports on what has parked as it ends. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #runtime: Runtime;
  readonly #report = new ReportWriter();
  readonly #late = new ReportWriter();
  readonly #stopwatch = new Stopwatch();
  /** Where each parked execution comes from, by ticket. */
  readonly #parked = new Map<number, SliceOrigin>();
  readonly #attempts: Attempts;
  readonly #carefully: CarefulSlices;
  readonly #intake: EventIntake;
  #lateSoon = false;
  #batches = 0;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#intake = new EventIntake(options.payloadBytes);
    this.#runtime = createRuntime({
      payloadBytes: options.payloadBytes,
      onSlice: (ticket) => setRunning(options.control, ticket),
      onEnd: (ticket, outcome) => {
        if (!this.#attempts.ended(ticket, outcome)) this.#ended(ticket, outcome);
      },
    });
    this.#attempts = new Attempts({
      runtime: this.#runtime,
      control: options.control,
      onSettled: ({ origin, members }, outcome) => this.#endedLate(origin, members, outcome),
      onRefused: ({ machine, members }, refusal) => {
        if (!(refusal instanceof Refusal)) throw refusal;
        machine.counter.rejected();
        const late = this.#openLate();
        for (const ticket of members) late.end(ticket, REJECTED, Date.now(), refusal.code, refusal.message);
        this.#postSoon();
      },
    });
    this.#carefully = new CarefulSlices({ report: this.#report, intake: this.#intake, attempts: this.#attempts, runtime: this.#runtime, stopwatch: this.#stopwatch, control: options.control });
  }

  /** Answers null when everything succeeded and nobody wants outputs; else the text that goes with the reply in the arena. */
  run(arena: Arena): string | null {
    const report = this.#report;
    report.clear(Date.now());
    const reader = new BatchReader(arena.data, dataEndOf(arena));
    const slices = sliceCountOf(arena);
    this.#stopwatch.start();
    for (let i = 0; i < slices; i++) this.#runSlice(arena, readSlice(arena, i), reader);
    setRunning(this.#options.control, NOBODY);
    this.#batches++;
    return report.empty ? null : writeReply(arena, report);
  }

  /** Lets go of executions that are parked; they are reported as if they had succeeded with nobody wanting to know. */
  cancel(tickets: readonly number[]): void {
    const late = this.#openLate();
    for (const ticket of each(tickets)) {
      const origin = this.#parked.get(ticket);
      if (origin === undefined) continue;
      this.#parked.delete(ticket);
      this.#runtime.cancel(ticket);
      origin.counter.aborted(1);
      late.range(ticket);
    }
    for (const { members } of this.#attempts.cancel(each(tickets))) for (const ticket of members) late.range(ticket);
    this.#postSoon();
  }

  /** Reports what has ended, and lets go of what is parked. */
  halt(): void {
    this.#postLate();
    this.close();
  }

  close(): void {
    this.#attempts.close();
    this.#runtime.close();
    this.#parked.clear();
  }

  #runSlice(arena: Arena, slice: SliceView, reader: BatchReader): void {
    const { control, machines, arn } = this.#options;
    const machine = machines.get(slice.revision);
    if (machine === undefined) throw new Error(`revision ${slice.revision} is not installed: batches of ${countOf(arena)} events must name one that is`);
    const { counter } = machine;
    const stopwatch = this.#stopwatch;
    const report = this.#report;
    const runtime = this.#runtime;
    const origin = new SliceOrigin(arn, machine, arena, slice, performance.now());
    if (slice.whole || machine.route?.careful === true) {
      this.#carefully.run(arena, slice, reader, machine, origin);
      return;
    }
    const { wantsOutput } = slice;
    const end = slice.first + slice.count;
    const ticket = ticketOf(arena);
    const spans = arena.words;
    let span = arena.spansAt + 2 * slice.first;
    let succeeded = 0;
    let parked: number[] | null = null;
    let started = 0;
    for (let index = slice.first; index < end; index++) {
      setRunning(control, ticket + index);
      const length = spans[span + 1] as number;
      let input: unknown;
      try {
        input = this.#intake.value(machine, reader, spans[span] as number, length);
      } catch (refusal) {
        this.#refuse(index, refusal, machine);
        span += 2;
        continue;
      }
      span += 2;
      if (input === FILTERED) {
        counter.filtered(1);
        if (wantsOutput) report.end(index, LET_GO, Date.now(), undefined, undefined);
        continue;
      }
      started++;
      const { exact } = reader;
      const status = runtime.begin(machine.program, input, exact ? length * LONGER_PRINTED : length, origin, index, ticket + index, exact);
      if (status === SUCCEEDED) {
        succeeded++;
        if (wantsOutput) report.end(index, SUCCEEDED, Date.now(), jsonText(runtime.outcome.output), undefined);
        stopwatch.lap(counter);
      } else if (status === PARKED) {
        stopwatch.skip(counter);
        report.range(index);
        this.#parked.set(ticket + index, origin);
        if (parked === null) parked = [index];
        else parked.push(index);
      } else {
        counter.ended(status, 1);
        report.end(index, status, Date.now(), runtime.outcome.error, runtime.outcome.cause);
        stopwatch.lap(counter);
      }
    }
    stopwatch.look(counter);
    counter.started(started);
    if (succeeded > 0) counter.ended(SUCCEEDED, succeeded);
    if (parked !== null) origin.detach(parked);
  }

  #refuse(index: number, refusal: unknown, machine: InstalledMachine): void {
    if (!(refusal instanceof Refusal)) throw refusal;
    machine.counter.rejected();
    this.#report.end(index, REJECTED, Date.now(), refusal.code, refusal.message);
  }

  #ended(ticket: number, outcome: Outcome): void {
    const origin = this.#parked.get(ticket);
    if (origin === undefined) return;
    this.#parked.delete(ticket);
    this.#endedLate(origin, [ticket], outcome);
  }

  #endedLate(origin: SliceOrigin, tickets: readonly number[], outcome: Outcome): void {
    origin.counter.ended(outcome.status, 1);
    origin.counter.lasted(performance.now() - origin.beganMs, 1);
    const late = this.#openLate();
    const output = outcome.status === SUCCEEDED && origin.wantsOutput ? jsonText(outcome.output) : undefined;
    for (const ticket of tickets) {
      if (outcome.status !== SUCCEEDED) late.end(ticket, outcome.status, Date.now(), outcome.error, outcome.cause);
      // The first event of a batch speaks for all of them.
      else if (origin.wantsOutput) late.end(ticket, SUCCEEDED, Date.now(), ticket === tickets[0] ? output : undefined, undefined);
      else late.range(ticket);
    }
    this.#postSoon();
  }

  #openLate(): ReportWriter {
    if (this.#late.empty) this.#late.clear(Date.now());
    return this.#late;
  }

  #postSoon(): void {
    const late = this.#late;
    if (late.ranges.length + late.ends.length >= LATE_ENTRIES) this.#postLate();
    else if (!this.#lateSoon) {
      this.#lateSoon = true;
      setImmediate(() => {
        this.#lateSoon = false;
        this.#postLate();
      });
    }
  }

  #postLate(): void {
    const late = this.#late;
    if (late.empty) return;
    this.#options.postLate([this.#batches, late.baseMs, late.ranges, late.ends, late.text()]);
    late.clear(0);
  }
}

function* each(ranges: readonly number[]): Generator<number> {
  for (let r = 0; r < ranges.length; r += 2) for (let i = ranges[r] as number; i < (ranges[r + 1] as number); i++) yield i;
}
