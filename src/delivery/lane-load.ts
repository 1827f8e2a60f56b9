import type { Settler } from './contract.ts';
import { Flight, type Leg } from './flight.ts';
import type { Lane } from './lane.ts';
import { WaitingQueue } from './queue.ts';

/** A batch should keep its worker for about so long: a report comes at its end, and other lanes could have taken a part. */
const BATCH_MS = 10;

/** What dispatch keeps of one lane. */
export class LaneLoad {
  readonly lane: Lane;
  /** Events that only this lane may run. */
  readonly queue = new WaitingQueue();
  /** Batches without a report. */
  outstanding = 0;
  /** Whether the next batch takes from the shared queue first: both queues advance, however full the other is. */
  sharedFirst = false;
  readonly flights: (Flight | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #ticketBits: number;
  #sequence = 0;
  #msPerEvent = 0;
  #lastReportMs = 0;

  constructor(lane: Lane) {
    this.lane = lane;
    this.#ticketBits = Math.ceil(Math.log2(lane.maxBatchEvents));
  }

  /** How many events a batch may have so that it takes about BATCH_MS. */
  get quickEvents(): number {
    return this.#msPerEvent === 0 ? this.lane.maxBatchEvents : Math.max(1, Math.floor(BATCH_MS / this.#msPerEvent));
  }

  /** A ticket is the flight's slot and the event's index in the batch: it leads back to both without a map. */
  open(count: number, legs: readonly Leg[]): Flight {
    const slot = this.#free.pop() ?? this.flights.length;
    const flight = new Flight(slot, this.#sequence++, count, legs);
    this.flights[slot] = flight;
    this.outstanding++;
    return flight;
  }

  ticketOf(flight: Flight): number {
    return flight.slot << this.#ticketBits;
  }

  flightOf(ticket: number): Flight | undefined {
    return this.flights[ticket >>> this.#ticketBits];
  }

  indexOf(ticket: number): number {
    return ticket & ((1 << this.#ticketBits) - 1);
  }

  /** Notes that a report came, for the pace of this lane. */
  reported(count: number, postedMs: number, nowMs: number): void {
    this.outstanding--;
    const perEvent = (nowMs - Math.max(postedMs, this.#lastReportMs)) / count;
    this.#msPerEvent = this.#msPerEvent === 0 ? perEvent : this.#msPerEvent * 0.75 + perEvent * 0.25;
    this.#lastReportMs = nowMs;
  }

  /** Marks the parcels of a settler that is gone; answers the tickets of their open events, from and to (exclusive) in turn. */
  forget(settler: Settler): number[] {
    const tickets: number[] = [];
    for (const flight of this.flights) {
      if (flight === undefined) continue;
      for (const leg of flight.legs) {
        if (leg.parcel.settler !== settler) continue;
        leg.load.forgotten = true;
        const end = leg.first + leg.count;
        for (let i = flight.nextOpen(leg.first, end); i < end; i = flight.nextOpen(i + 1, end)) {
          const ticket = this.ticketOf(flight) + i;
          if (tickets[tickets.length - 1] === ticket) tickets[tickets.length - 1] = ticket + 1;
          else tickets.push(ticket, ticket + 1);
        }
      }
    }
    return tickets;
  }

  drop(flight: Flight): void {
    this.flights[flight.slot] = undefined;
    this.#free.push(flight.slot);
  }

  /** Lets go of all flights, as when the worker died; answers them in the order in which they were given. */
  takeAll(): Flight[] {
    const all = this.flights.filter((flight) => flight !== undefined).sort((a, b) => a.sequence - b.sequence);
    this.flights.length = 0;
    this.#free.length = 0;
    this.outstanding = 0;
    this.#lastReportMs = 0;
    return all;
  }
}
