import { jsonText } from '../asl/json-text.ts';
import type { ArnScope } from '../delivery/arn.ts';
import { REJECTED, ReportWriter } from '../delivery/report.ts';
import { type Outcome, PARKED, type Runtime, SUCCEEDED } from '../runtime/contract.ts';
import { createRuntime } from '../runtime/runtime.ts';
import { NOBODY, setRunning } from './control.ts';
import { Stopwatch } from './counts.ts';
import { BatchReader, Refusal } from './intake.ts';
import type { InstalledMachine, InstalledMachines } from './machine.ts';
import type { LateMessage } from './messages.ts';
import { SliceOrigin } from './origin.ts';
import { type Arena, countOf, dataEndOf, readSlice, sliceCountOf, type SliceView, ticketOf, writeReply } from './wire.ts';
import { plainJson } from '../asl/numbers/plain-json.ts';

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

/** `1e6` is printed as `1000000.0`; no number grows more than that. */
const LONGER_PRINTED = 3;

/** Runs batches on this thread and reports on what has parked as it ends. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #runtime: Runtime;
  readonly #report = new ReportWriter();
  readonly #late = new ReportWriter();
  readonly #stopwatch = new Stopwatch();
  /** Where each parked execution comes from, by ticket. */
  readonly #parked = new Map<number, SliceOrigin>();
  #lateSoon = false;
  #batches = 0;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#runtime = createRuntime({
      payloadBytes: options.payloadBytes,
      onSlice: (ticket) => setRunning(options.control, ticket),
      onEnd: (ticket, outcome) => this.#ended(ticket, outcome),
    });
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

  close(): void {
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
        input = this.#intake(machine, reader, spans[span] as number, length);
      } catch (refusal) {
        this.#refuse(index, refusal, machine);
        span += 2;
        continue;
      }
      span += 2;
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

  #intake(machine: InstalledMachine, reader: BatchReader, offset: number, length: number): unknown {
    const { payloadBytes } = this.#options;
    if (length > payloadBytes) throw new Refusal('PAYLOAD_TOO_LARGE', `The event has ${length} bytes; the limit is ${payloadBytes}.`);
    const input = reader.parse(offset, length);
    if (machine.check !== null) {
      const faults = machine.check(reader.exact ? plainJson(input) : input);
      if (faults !== null) throw new Refusal('INPUT_REJECTED', `The input does not satisfy the machine's inputSchema: ${faults}`);
    }
    return input;
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
    origin.counter.ended(outcome.status, 1);
    origin.counter.lasted(performance.now() - origin.beganMs, 1);
    const late = this.#late;
    if (late.empty) late.clear(Date.now());
    if (outcome.status !== SUCCEEDED) late.end(ticket, outcome.status, Date.now(), outcome.error, outcome.cause);
    else if (origin.wantsOutput) late.end(ticket, SUCCEEDED, Date.now(), jsonText(outcome.output), undefined);
    else late.range(ticket);
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
