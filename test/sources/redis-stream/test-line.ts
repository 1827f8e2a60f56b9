import type { End } from '../../../src/delivery/contract.ts';
import { nameOf } from '../../../src/delivery/names.ts';
import { type EventDescription, type Lease, type Line, NONE, type Settlement, type SourceEvents, type SourceMeter } from '../../../src/delivery/source.ts';
import { keepLog } from '../../lib/keep-log.ts';

/** One event as it was offered, with a way to settle it. */
export interface Offered {
  readonly value: string;
  readonly name: string;
  readonly lane: number;
  readonly id: string;
  readonly key: string | undefined;
  readonly headers: unknown;
  readonly timestamp: number | undefined;
  readonly shared: string | undefined;
  readonly describe: () => EventDescription;
  settle(): void;
  end(end: End): void;
}

export interface TestLineOptions extends Partial<Pick<Line, 'order' | 'wants' | 'lanes' | 'maxInFlight' | 'source'>> {
  /** Settles what is offered in the same turn. */
  readonly auto?: boolean;
}

/** A line that keeps what it is offered until the test settles it. */
export function createTestLine(options: TestLineOptions = {}) {
  const { auto = false, maxInFlight = 10_000 } = options;
  const offered: Offered[] = [];
  const offers: SourceEvents[] = [];
  const counts = { received: 0, acknowledged: 0, repeated: 0, paused: [] as boolean[], recovered: [] as string[], lag: new Map<string, number>() };
  const waiting: (() => void)[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  const leave = (count: number): void => {
    inFlight -= count;
    for (const wake of waiting.splice(0)) setImmediate(wake);
  };
  const meter: SourceMeter = {
    received: (events) => void (counts.received += events),
    acknowledged: (events) => void (counts.acknowledged += events),
    repeated: (events) => void (counts.repeated += events),
    recovered: (what) => void counts.recovered.push(what),
    paused: (is) => void counts.paused.push(is),
    lag: (partition, events) => void counts.lag.set(partition, events),
    unassigned: (partition) => void counts.lag.delete(partition),
  };

  const lease = (settlement: Settlement): Lease => {
    let released = false;
    let open = 0;
    const leaveLease = (count: number): boolean => {
      if (released) return false;
      open -= count;
      leave(count);
      return true;
    };
    return {
      offer(events) {
        offers.push(events);
        inFlight += events.count;
        mostInFlight = Math.max(mostInFlight, inFlight);
        open += events.count;
        if (auto) {
          for (let i = 0; i < events.count; i++) offered.push(offeredOf(events, i, settlement, () => false));
          leaveLease(events.count);
          settlement.settled(events, 0, events.count);
          return;
        }
        for (let i = 0; i < events.count; i++) offered.push(offeredOf(events, i, settlement, () => leaveLease(1)));
      },
      release() {
        if (released) return;
        released = true;
        leave(open);
        open = 0;
      },
      // Everything that is offered here has begun.
      withdraw: () => undefined,
      waiting: 0,
      get inFlight() {
        return open;
      },
    };
  };

  const log = keepLog();
  const line: Line = {
    source: options.source ?? 'orders',
    order: options.order ?? 'none',
    wants: options.wants ?? 'everything',
    lanes: options.lanes ?? 4,
    maxInFlight,
    log,
    meter,
    lease,
    get inFlight() {
      return inFlight;
    },
    hasRoom: (count) => inFlight === 0 || inFlight + count <= maxInFlight,
    onRoom: (callback) => void waiting.push(callback),
  };
  return {
    line,
    log,
    /** Every event, in the order of the offers. */
    offered,
    offers,
    counts,
    values: () => offered.map(({ value }) => value),
    settleAll: () => {
      for (const one of offered) one.settle();
    },
    get mostInFlight() {
      return mostInFlight;
    },
  };
}

function offeredOf(events: SourceEvents, i: number, settlement: Settlement, leave: () => boolean): Offered {
  const { details } = events;
  const text = (spans: Uint32Array | undefined): string | undefined => {
    const length = spans?.[2 * i + 1] ?? NONE;
    if (spans === undefined || length === NONE) return undefined;
    return Buffer.from(events.bytes.subarray(spans[2 * i], spans[2 * i]! + length)).toString();
  };
  const headers = text(details?.headers);
  let settled = false;
  const once = (tell: () => void): void => {
    if (settled) return;
    settled = true;
    if (leave()) tell();
  };
  return {
    value: text(events.spans)!,
    name: nameOf(events.names, i),
    lane: events.lane,
    id: Array.isArray(details?.ids) ? details.ids[i] : '',
    key: text(details?.keys),
    headers: headers === undefined ? undefined : JSON.parse(headers),
    timestamp: details?.timestamps?.[i],
    shared: details?.shared,
    describe: () => settlement.describe(events, i),
    settle: () => once(() => settlement.settled(events, i, i + 1)),
    end: (end) => once(() => settlement.ended(events, i, end)),
  };
}
