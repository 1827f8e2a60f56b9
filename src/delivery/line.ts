import type { Log } from '../telemetry/log.ts';
import { LineLease, type LineLoad } from './lease.ts';
import type { LineOptions } from './line-options.ts';
import type { Lease, Line, Order, Settlement, SourceMeter, Wants } from './source.ts';

export type { LineOptions, Results, Take } from './line-options.ts';

/** Creates the way of one source's events to their settlement. */
export function createLine(options: LineOptions): Line {
  return new SourceLine(options);
}

class SourceLine implements Line, LineLoad {
  readonly options: LineOptions;
  readonly source: string;
  readonly order: Order;
  readonly lanes: number;
  readonly maxInFlight: number;
  readonly log: Log;
  readonly meter: SourceMeter;
  inFlight = 0;
  inFlightBytes = 0;
  #waiting: (() => void)[] = [];
  #wakeSoon = false;

  constructor(options: LineOptions) {
    this.options = options;
    this.source = options.source;
    this.order = options.order;
    this.lanes = options.lanes;
    this.maxInFlight = options.maxInFlight;
    this.log = options.log;
    this.meter = options.meter;
  }

  get wants(): Wants {
    return this.options.wants();
  }

  lease(settlement: Settlement, { wantsEnds = false }: { readonly wantsEnds?: boolean } = {}): Lease {
    return new LineLease(this, settlement, wantsEnds);
  }

  hasRoom(count: number, bytes: number): boolean {
    const { dispatch, machine, maxInFlightBytes, results } = this.options;
    if (this.inFlight > 0 && (this.inFlight + count > this.maxInFlight || this.inFlightBytes + bytes > maxInFlightBytes)) return false;
    return results?.full() !== true && dispatch.hasRoom(machine, count, bytes);
  }

  onRoom(callback: () => void): void {
    this.#waiting.push(callback);
    if (this.#waiting.length > 1) return;
    this.options.dispatch.onRoom(() => this.#wake());
    if (this.options.results?.full() === true) this.options.results.onRoom(() => this.#wake());
  }

  settled(count: number, bytes: number): void {
    this.inFlight -= count;
    this.inFlightBytes -= bytes;
    if (this.#waiting.length === 0 || this.#wakeSoon) return;
    this.#wakeSoon = true;
    setImmediate(() => {
      this.#wakeSoon = false;
      this.#wake();
    });
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    const callbacks = this.#waiting;
    this.#waiting = [];
    for (const callback of callbacks) callback();
  }
}
