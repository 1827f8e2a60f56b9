import { jsonText } from '../asl/json-text.ts';
import { FILTERED as LET_GO, REJECTED, type ReportWriter } from '../delivery/report.ts';
import { PARKED, type Runtime, SUCCEEDED } from '../runtime/contract.ts';
import type { Attempt, Attempts } from './attempts.ts';
import { setRunning } from './control.ts';
import type { Stopwatch } from './counts.ts';
import { type BatchReader, type EventIntake, FILTERED, LONGER_PRINTED, Refusal } from './intake.ts';
import type { InstalledMachine } from './machine.ts';
import type { SliceOrigin } from './origin.ts';
import { type Arena, type SliceView, ticketOf } from './wire.ts';

export interface CarefulOptions {
  readonly report: ReportWriter;
  readonly intake: EventIntake;
  readonly attempts: Attempts;
  readonly runtime: Runtime;
  readonly stopwatch: Stopwatch;
  readonly control: Int32Array;
}

/** Marks events whose end is not reported yet, in a batch that is the input of one execution. */
const MEMBER = -1;

/** Runs the slices of routes whose executions have to be looked after one by one, and those that are the input of a single one. */
export class CarefulSlices {
  readonly #options: CarefulOptions;

  constructor(options: CarefulOptions) {
    this.#options = options;
  }

  run(arena: Arena, slice: SliceView, reader: BatchReader, machine: InstalledMachine, origin: SliceOrigin): void {
    const parked: number[] = [];
    if (slice.whole) this.#runWhole(arena, slice, reader, machine, origin, parked);
    else this.#runEach(arena, slice, reader, machine, origin, parked);
    this.#options.stopwatch.look(machine.counter);
    if (parked.length > 0) origin.detach(parked);
  }

  #runEach(arena: Arena, slice: SliceView, reader: BatchReader, machine: InstalledMachine, origin: SliceOrigin, parked: number[]): void {
    const { report, intake, attempts, runtime, stopwatch, control } = this.#options;
    const { counter } = machine;
    const ticket = ticketOf(arena);
    let span = arena.spansAt + 2 * slice.first;
    for (let index = slice.first; index < slice.first + slice.count; index++, span += 2) {
      setRunning(control, ticket + index);
      const length = arena.words[span + 1] as number;
      let attempt: Attempt;
      try {
        const value = intake.value(machine, reader, arena.words[span] as number, length);
        if (value === FILTERED) {
          counter.filtered(1);
          if (slice.wantsOutput) report.end(index, LET_GO, Date.now(), undefined, undefined);
          continue;
        }
        const { exact } = reader;
        const input = this.#inputOf(machine, origin, value, index - slice.first, exact);
        attempt = { machine, origin, index, ticket: ticket + index, members: [ticket + index], chain: attempts.chained ? chainOf(machine, origin, index - slice.first) : null, inputBytes: exact ? length * LONGER_PRINTED : length, exact, input, tries: 0, timer: null };
      } catch (refusal) {
        this.#refuse(index, refusal, machine);
        continue;
      }
      const { chained } = attempts;
      const status = attempts.begin(attempt);
      if (status === PARKED) {
        if (!chained) attempts.hold(attempt, chainOf(machine, origin, index - slice.first));
        stopwatch.skip(counter);
        report.range(index);
        parked.push(index);
        continue;
      }
      counter.ended(status, 1);
      if (status !== SUCCEEDED) report.end(index, status, Date.now(), runtime.outcome.error, runtime.outcome.cause);
      else if (slice.wantsOutput) report.end(index, SUCCEEDED, Date.now(), jsonText(runtime.outcome.output), undefined);
      stopwatch.lap(counter);
    }
  }

  /** One execution whose input is the list of all events that pass; those that do not are reported by themselves. */
  #runWhole(arena: Arena, slice: SliceView, reader: BatchReader, machine: InstalledMachine, origin: SliceOrigin, parked: number[]): void {
    const { report, intake, attempts, runtime, stopwatch, control } = this.#options;
    const { counter } = machine;
    const ticket = ticketOf(arena);
    const make = machine.route?.input ?? null;
    const inputs: unknown[] = [];
    const members: number[] = [];
    const refusals = new Map<number, unknown>();
    let bytes = 2;
    let exact = false;
    let span = arena.spansAt + 2 * slice.first;
    for (let index = slice.first; index < slice.first + slice.count; index++, span += 2) {
      setRunning(control, ticket + index);
      const length = arena.words[span + 1] as number;
      try {
        const value = intake.value(machine, reader, arena.words[span] as number, length);
        if (value === FILTERED) {
          refusals.set(index, FILTERED);
          continue;
        }
        inputs.push(make === null ? value : make(value, origin.details, index - slice.first));
        exact ||= reader.exact;
        members.push(ticket + index);
        bytes += 1 + (reader.exact ? length * LONGER_PRINTED : length);
      } catch (refusal) {
        refusals.set(index, refusal);
      }
    }
    let status: number = MEMBER;
    if (members.length > 0) {
      const first = members[0]! - ticket;
      const input = inputs.some((one) => one instanceof Promise) ? Promise.all(inputs) : inputs;
      const chain = machine.route === null || machine.route.order === 'none' ? null : chainName(machine, origin, null);
      setRunning(control, ticket + first);
      status = attempts.begin({ machine, origin, index: first, ticket: ticket + first, members, chain, inputBytes: bytes, exact, input, tries: 0, timer: null });
      if (status === PARKED) {
        stopwatch.skip(counter);
        parked.push(first);
      } else {
        counter.ended(status as 0 | 1 | 2, 1);
        stopwatch.lap(counter);
      }
    }
    const { outcome } = runtime;
    // The first event of a batch speaks for all of them.
    let output = status === SUCCEEDED && slice.wantsOutput ? jsonText(outcome.output) : undefined;
    for (let index = slice.first; index < slice.first + slice.count; index++) {
      const refusal = refusals.get(index);
      if (refusal === FILTERED) {
        counter.filtered(1);
        if (slice.wantsOutput) report.end(index, LET_GO, Date.now(), undefined, undefined);
      } else if (refusal !== undefined) this.#refuse(index, refusal, machine);
      else if (status === PARKED) report.range(index);
      else if (status !== SUCCEEDED) report.end(index, status, Date.now(), outcome.error, outcome.cause);
      else if (slice.wantsOutput) {
        report.end(index, SUCCEEDED, Date.now(), output, undefined);
        output = undefined;
      }
    }
  }

  #inputOf(machine: InstalledMachine, origin: SliceOrigin, value: unknown, i: number, exact: boolean): unknown {
    const { intake } = this.#options;
    const make = machine.route?.input ?? null;
    if (make === null) return intake.input(machine, value, exact);
    const made = make(value, origin.details, i);
    return made instanceof Promise ? made.then((input: unknown) => intake.input(machine, input, exact)) : intake.input(machine, made, exact);
  }

  #refuse(index: number, refusal: unknown, machine: InstalledMachine): void {
    if (!(refusal instanceof Refusal)) throw refusal;
    machine.counter.rejected();
    this.#options.report.end(index, REJECTED, Date.now(), refusal.code, refusal.message);
  }
}

/** The chain of an event; null when its execution stands alone. An event without a key has no order among keys. */
function chainOf(machine: InstalledMachine, origin: SliceOrigin, i: number): string | null {
  const { route } = machine;
  if (route === null || route.order === 'none') return null;
  if (route.order === 'partition') return chainName(machine, origin, null);
  const key = origin.details?.key(i) ?? null;
  return key === null ? null : chainName(machine, origin, key);
}

/** The same for every revision of the machine. */
function chainName(machine: InstalledMachine, origin: SliceOrigin, key: string | null): string {
  const partition = origin.details?.partition ?? '';
  return key === null ? `${machine.route!.source}\n${partition}` : `${machine.route!.source}\n${partition}\n${key}`;
}
