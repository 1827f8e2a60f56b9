import type { End, EndStatus } from '../../../src/delivery/contract.ts';
import type { Lease, Line, Order, Settlement, SourceEvents, Wants } from '../../../src/delivery/source.ts';
import { nameOf } from '../../../src/delivery/names.ts';
import { keepLog } from '../../lib/keep-log.ts';

/** What an execution comes to; a promise: it parks until then. */
export type Ending = Partial<End> & { readonly status: EndStatus };
export type Execution = (value: string, name: string) => Ending | Promise<Ending>;

export interface LineOptions {
  readonly source?: string;
  readonly order?: Order;
  readonly wants?: Wants;
  readonly maxInFlight?: number;
}

/** A line that runs a function of this thread for each event. */
export class TestLine implements Line {
  readonly source: string;
  readonly order: Order;
  readonly wants: Wants;
  readonly lanes = 2;
  readonly maxInFlight: number;
  readonly log: ReturnType<typeof keepLog>;
  /** Every event as it was offered. */
  readonly offered: { name: string; value: string; events: SourceEvents; index: number }[] = [];
  readonly counts = { received: 0, acknowledged: 0, recovered: {} as Record<string, number>, paused: [] as boolean[], lag: {} as Record<string, number> };
  most = 0;
  inFlight = 0;
  /** While true, what is offered does not begin. */
  withholds = false;
  #released = false;
  readonly #withheld: (() => void)[] = [];
  #waiting: (() => void)[] = [];
  readonly #execution: Execution;

  constructor(execution: Execution, { source = 'jobs', order = 'none', wants = 'nothing', maxInFlight = 1000 }: LineOptions = {}) {
    this.#execution = execution;
    this.source = source;
    this.order = order;
    this.wants = wants;
    this.maxInFlight = maxInFlight;
    this.log = keepLog();
  }

  readonly meter: Line['meter'] = {
    received: (events) => (this.counts.received += events),
    acknowledged: (events) => (this.counts.acknowledged += events),
    repeated: () => undefined,
    recovered: (what) => (this.counts.recovered[what] = (this.counts.recovered[what] ?? 0) + 1),
    paused: (is) => this.counts.paused.push(is),
    lag: (partition, events) => (this.counts.lag[partition] = events),
    unassigned: (partition) => delete this.counts.lag[partition],
  };

  hasRoom(count: number): boolean {
    return this.inFlight === 0 || this.inFlight + count <= this.maxInFlight;
  }

  onRoom(callback: () => void): void {
    this.#waiting.push(callback);
  }

  lease(settlement: Settlement): Lease {
    return {
      offer: (events) => {
        for (let i = 0; i < events.count; i++) {
          if (this.withholds) this.#withheld.push(() => settlement.withdrawn?.(events, i, i + 1));
          else void this.#run(settlement, events, i);
        }
      },
      release: () => {
        this.#released = true;
      },
      withdraw: () => {
        for (const withdraw of this.#withheld.splice(0)) withdraw();
      },
      inFlight: 0,
      waiting: 0,
    };
  }

  async #run(settlement: Settlement, events: SourceEvents, index: number): Promise<void> {
    const at = events.spans[2 * index]!;
    const value = Buffer.from(events.bytes.subarray(at, at + events.spans[2 * index + 1]!)).toString();
    const name = nameOf(events.names, index);
    this.offered.push({ name, value, events, index });
    this.most = Math.max(this.most, ++this.inFlight);
    const startTimeMs = Date.now();
    const ending = await this.#execution(value, name);
    this.inFlight--;
    if (!this.#released) settlement.ended(events, index, { startTimeMs, stopTimeMs: Date.now(), redeliveries: 0, ...ending });
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) callback();
  }
}
