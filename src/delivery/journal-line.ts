import type { End } from './contract.ts';
import { kafkaHeaders } from './kafka-headers.ts';
import { nameOf } from './names.ts';
import { type EventDescription, type EventDetails, type Lease, type Line, NONE, type Order, type Settlement, type SourceEvents, type SourceMeter, type Wants } from './source.ts';
import type { Log } from '../telemetry/log.ts';

/** Headers of a start in a broker's journal; its key is the execution name, its value the input. */
export const MACHINE_HEADER = 'millrace-machine';
export const START_HEADER = 'millrace-start-ms';

export interface JournalLineOptions {
  readonly source: string;
  readonly lanes: number;
  readonly maxInFlight: number;
  /** The line of a machine's starts; of a machine that is not served too: its starts are refused there. */
  lineOf(machine: string): Line;
  readonly log: Log;
  readonly meter: SourceMeter;
}

/** Neighbouring starts of one machine that were accepted in the same millisecond. */
interface Run {
  readonly events: SourceEvents;
  readonly from: number;
}

interface Start {
  readonly machine: string;
  readonly startTimeMs: number;
  readonly name: string;
}

/** Creates the line of a journal in a broker: it gives every start to the line of its machine, under the name it was accepted with. */
export function createJournalLine(options: JournalLineOptions): Line {
  return new JournalLine(options);
}

class JournalLine implements Line {
  readonly source: string;
  readonly order: Order = 'none';
  readonly wants: Wants = 'everything';
  readonly lanes: number;
  readonly maxInFlight: number;
  readonly log: Log;
  readonly meter: SourceMeter;
  readonly lineOf: (machine: string) => Line;
  readonly lines = new Map<string, Line>();
  #leases = new Set<JournalLease>();

  constructor(options: JournalLineOptions) {
    this.source = options.source;
    this.lanes = options.lanes;
    this.maxInFlight = options.maxInFlight;
    this.log = options.log;
    this.meter = options.meter;
    this.lineOf = (machine) => {
      let line = this.lines.get(machine);
      if (line === undefined) this.lines.set(machine, (line = options.lineOf(machine)));
      return line;
    };
  }

  get inFlight(): number {
    let sum = 0;
    for (const lease of this.#leases) sum += lease.inFlight;
    return sum;
  }

  lease(settlement: Settlement): Lease {
    const lease = new JournalLease(this, settlement, () => this.#leases.delete(lease));
    this.#leases.add(lease);
    return lease;
  }

  /** A machine at its own limit holds its starts back in dispatch, and not those of the others here. */
  hasRoom(count: number, bytes: number): boolean {
    const { inFlight } = this;
    if (inFlight > 0 && inFlight + count > this.maxInFlight) return false;
    for (const line of this.lines.values()) if (!line.hasRoom(count, bytes)) return false;
    return true;
  }

  onRoom(callback: () => void): void {
    const full = [...this.lines.values()].filter((line) => !line.hasRoom(1, 1));
    let called = false;
    const once = (): void => {
      if (called) return;
      called = true;
      callback();
    };
    for (const line of full.length > 0 ? full : this.lines.values()) line.onRoom(once);
  }
}

class JournalLease implements Lease {
  readonly #line: JournalLine;
  readonly #settlement: Settlement;
  readonly #onRelease: () => void;
  readonly #leases = new Map<string, Lease>();

  constructor(line: JournalLine, settlement: Settlement, onRelease: () => void) {
    this.#line = line;
    this.#settlement = settlement;
    this.#onRelease = onRelease;
  }

  get inFlight(): number {
    let sum = 0;
    for (const lease of this.#leases.values()) sum += lease.inFlight;
    return sum;
  }

  get waiting(): number {
    let sum = 0;
    for (const lease of this.#leases.values()) sum += lease.waiting;
    return sum;
  }

  withdraw(): void {
    for (const lease of this.#leases.values()) lease.withdraw();
  }

  offer(events: SourceEvents): void {
    let from = 0;
    let names: string[] = [];
    let first: Start | undefined;
    for (let i = 0; i < events.count; i++) {
      const start = startOf(events, i);
      if (first !== undefined && (start.machine !== first.machine || start.startTimeMs !== first.startTimeMs)) {
        this.#offer(events, from, names, first);
        from = i;
        names = [];
        first = undefined;
      }
      first ??= start;
      names.push(start.name);
    }
    if (first !== undefined) this.#offer(events, from, names, first);
  }

  release(): void {
    for (const lease of this.#leases.values()) lease.release();
    this.#leases.clear();
    this.#onRelease();
  }

  #offer(events: SourceEvents, from: number, names: readonly string[], { machine, startTimeMs }: Start): void {
    let lease = this.#leases.get(machine);
    if (lease === undefined) this.#leases.set(machine, (lease = this.#line.lineOf(machine).lease(new RunSettlement(this.#settlement))));
    const spans = events.spans.subarray(2 * from, 2 * (from + names.length));
    lease.offer({ count: names.length, bytes: events.bytes, spans, names, lane: events.lane, startTimeMs, tag: { events, from } satisfies Run });
  }
}

/** Settles what was offered to one machine's line as what the journal's source offered. */
class RunSettlement implements Settlement {
  readonly #settlement: Settlement;

  constructor(settlement: Settlement) {
    this.#settlement = settlement;
  }

  settled({ tag }: SourceEvents, from: number, to: number): void {
    const run = tag as Run;
    this.#settlement.settled(run.events, run.from + from, run.from + to);
  }

  ended({ tag }: SourceEvents, index: number, end: End): void {
    const run = tag as Run;
    this.#settlement.ended(run.events, run.from + index, end);
  }

  withdrawn({ tag }: SourceEvents, from: number, to: number): void {
    const run = tag as Run;
    this.#settlement.withdrawn?.(run.events, run.from + from, run.from + to);
  }

  describe({ tag }: SourceEvents, index: number): EventDescription {
    const run = tag as Run;
    return this.#settlement.describe(run.events, run.from + index);
  }
}

const textDecoder = new TextDecoder();

/** Who an event of the journal is. What was not written by Millrace has no machine, and is refused as one that does not exist. */
function startOf({ bytes, details, names }: SourceEvents, i: number): Start {
  const headers = details === undefined ? {} : headersOf(bytes, details, i);
  const key = details?.keys === undefined ? undefined : textAt(bytes, details.keys, i);
  const startTimeMs = Number(headers[START_HEADER]);
  return {
    machine: typeof headers[MACHINE_HEADER] === 'string' ? headers[MACHINE_HEADER] : '(none)',
    startTimeMs: Number.isSafeInteger(startTimeMs) && startTimeMs > 0 ? startTimeMs : Date.now(),
    name: key ?? nameOf(names, i),
  };
}

function headersOf(bytes: Uint8Array, { headers, headersFormat }: EventDetails, i: number): Record<string, unknown> {
  if (headers === undefined || headers[2 * i + 1] === NONE) return {};
  const from = headers[2 * i]!;
  if (headersFormat === 'kafka') return kafkaHeaders(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), from);
  return JSON.parse(textAt(bytes, headers, i)!) as Record<string, unknown>;
}

function textAt(bytes: Uint8Array, spans: Uint32Array, i: number): string | undefined {
  const length = spans[2 * i + 1]!;
  return length === NONE ? undefined : textDecoder.decode(bytes.subarray(spans[2 * i]!, spans[2 * i]! + length));
}
