import type { End } from '../../src/delivery/contract.ts';
import type { DispatchLimits } from '../../src/delivery/dispatch.ts';
import { createLine, type LineOptions } from '../../src/delivery/line.ts';
import type { Outcome } from '../../src/delivery/outcome.ts';
import { type EventDetails, type Lease, type Line, NONE, type Settlement, type SourceEvents, type SourceMeter } from '../../src/delivery/source.ts';
import type { Intake } from '../../src/pool/messages.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { createRig, type Rig } from '../pool/rig.ts';

const nothing = (): void => undefined;
export const noMeter: SourceMeter = { received: nothing, acknowledged: nothing, repeated: nothing, recovered: nothing, paused: nothing, lag: nothing, unassigned: nothing };

/** Hears of every event once, as a source would. */
export class Settled implements Settlement {
  readonly ends = new Map<string, End | 'settled'>();
  readonly order: string[] = [];
  readonly withdrawnEvents: string[] = [];
  doubled = 0;

  settled(events: SourceEvents, from: number, to: number): void {
    for (let i = from; i < to; i++) this.#note(`${String(events.tag)}/${i}`, 'settled');
  }

  ended(events: SourceEvents, index: number, end: End): void {
    this.#note(`${String(events.tag)}/${index}`, end);
  }

  withdrawn(events: SourceEvents, from: number, to: number): void {
    for (let i = from; i < to; i++) this.withdrawnEvents.push(`${String(events.tag)}/${i}`);
  }

  describe(events: SourceEvents, index: number): { coordinate: string } {
    return { coordinate: JSON.stringify({ of: String(events.tag), index }) };
  }

  #note(key: string, end: End | 'settled'): void {
    if (this.ends.has(key)) this.doubled++;
    this.ends.set(key, end);
    this.order.push(key);
  }
}

export interface GivenEvent {
  readonly value: unknown;
  /** Sent as it is in place of the value's JSON. */
  readonly raw?: string;
  readonly key?: string;
  readonly headers?: Record<string, string>;
}

export interface LineRig {
  readonly rig: Rig;
  readonly line: Line;
  readonly lease: Lease;
  readonly settled: Settled;
  readonly results: Outcome[];
  readonly deadLetters: Outcome[];
  give(events: readonly GivenEvent[], more?: Partial<SourceEvents>): SourceEvents;
  close(): Promise<void>;
}

export interface LineRigOptions {
  readonly intake?: Partial<Intake>;
  readonly line?: Partial<LineOptions>;
  readonly functions?: Record<string, string>;
  readonly workers?: number;
  readonly wantsEnds?: boolean;
  readonly limits?: DispatchLimits;
  /** Stands before the line. */
  readonly before?: (line: Line) => Line;
}

/** A line on a real dispatch and a real pool, with the machine `m` behind the source `s`. */
export async function createLineRig(definition: unknown, options: LineRigOptions = {}): Promise<LineRig> {
  const rig = await createRig({ m: definition }, options.functions, { workers: options.workers ?? 1, ...(options.limits === undefined ? {} : { limits: options.limits }) });
  const intake: Intake = { source: 's', order: 'none', retry: { maxAttempts: 1, backoffMs: 1, maxBackoffMs: 1 }, tombstones: 'skip', ...options.intake };
  await rig.pool.install({ machine: 'm', definition: JSON.stringify(definition), functionsFolder: rig.folder, functionsRevision: '1', route: { name: 's:m', intake } });
  const results: Outcome[] = [];
  const deadLetters: Outcome[] = [];
  const behind = createLine({
    source: 's',
    machine: 'm',
    route: 's:m',
    order: intake.order,
    wants: () => 'everything',
    lanes: rig.pool.lanes.length,
    maxInFlight: 1000,
    maxInFlightBytes: 1_000_000,
    maxAttempts: intake.retry.maxAttempts,
    dispatch: rig.dispatch,
    results: null,
    deadLetters: (outcome, done) => {
      deadLetters.push({ ...outcome, value: Uint8Array.from(outcome.value) });
      done();
    },
    onFailure: nothing,
    log: silentLog,
    meter: noMeter,
    ...options.line,
  });
  const line = options.before?.(behind) ?? behind;
  const settled = new Settled();
  const lease = line.lease(settled, { wantsEnds: options.wantsEnds ?? false });
  let offers = 0;
  return {
    rig,
    line,
    lease,
    settled,
    results,
    deadLetters,
    give(events, more = {}) {
      const tag = `e${offers++}`;
      const given = { ...sourceEvents(events, tag), ...more };
      lease.offer(given);
      return given;
    },
    close: () => rig.close(),
  };
}

/** As a source would offer them, partition 3 of the topic t, offsets from 100. */
export function sourceEvents(events: readonly GivenEvent[], tag: string): SourceEvents {
  const pieces: Buffer[] = [];
  let at = 0;
  const place = (text: string | undefined, spans: Uint32Array, i: number): void => {
    const bytes = Buffer.from(text ?? '');
    spans[2 * i] = at;
    spans[2 * i + 1] = text === undefined ? NONE : bytes.length;
    pieces.push(bytes);
    at += bytes.length;
  };
  const spans = new Uint32Array(2 * events.length);
  const keys = new Uint32Array(2 * events.length);
  const headers = new Uint32Array(2 * events.length);
  for (const [i, { value, raw, key, headers: given }] of events.entries()) {
    place(raw ?? JSON.stringify(value), spans, i);
    place(key, keys, i);
    place(given === undefined ? undefined : JSON.stringify(given), headers, i);
  }
  const details: EventDetails = { shared: '{"topic":"t","partition":3}', idMember: 'offset', ids: 100, keys, headers, headersFormat: 'json', timestamps: new Float64Array(events.length).fill(1_700_000_000_000) };
  return { count: events.length, bytes: Buffer.concat(pieces), spans, names: { prefix: `t-3-${tag}`, firstSerial: 100 }, lane: -1, details, tag };
}
