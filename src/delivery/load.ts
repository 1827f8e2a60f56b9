import type { Parcel } from './contract.ts';
import type { Waiting, WaitingQueue } from './queue.ts';

/** What dispatch keeps of one machine. */
export class MachineLoad {
  /** The most events that may be in flight; Infinity without a limit of its own. */
  readonly limit: number;
  inFlight = 0;
  /** Events on workers. Never more than `limit`, whatever was offered. */
  running = 0;
  /** What was at the front of a queue while the machine had no room; returns there, in this order. */
  readonly held: { queue: WaitingQueue; waiting: Waiting }[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }
}

/** A parcel under way. */
export class Load {
  readonly parcel: Parcel;
  readonly machine: MachineLoad;
  /** Events whose end has not been reported. */
  open: number;
  /** Its settler is gone; nothing is reported any more. */
  forgotten = false;

  constructor(parcel: Parcel, machine: MachineLoad) {
    this.parcel = parcel;
    this.machine = machine;
    this.open = parcel.count;
  }
}
