import type { Dispatch, Settler } from './contract.ts';
import { Filling, type Sorting } from './filling.ts';
import type { Lane, LaneDeath, Machines } from './lane.ts';
import { LaneLoad } from './lane-load.ts';
import { Load } from './load.ts';
import { MachineLoads } from './machine-loads.ts';
import { type Waiting, WaitingQueue } from './queue.ts';
import { repeatAfterDeath } from './redelivery.ts';
import type { Report } from './report.ts';
import { EndReader, reportEnd, settleBatch, settleLate } from './settle.ts';

export interface DispatchLimits {
  /** Events in flight over all machines; 100,000 unless told otherwise. */
  readonly maxInFlight?: number;
  /** Bytes of parcels in flight; 256 MiB unless told otherwise. */
  readonly maxInFlightBytes?: number;
  /** After so many deaths of its worker an event ends as POISON; 3 unless told otherwise. */
  readonly poisonAfter?: number;
  /** A machine's own limit of events in flight; undefined: none. Asked once for each machine. */
  readonly machineMaxInFlight?: (machine: string) => number | undefined;
}

export interface DispatchOptions {
  readonly lanes: readonly Lane[];
  readonly machines: Machines;
  readonly limits?: DispatchLimits;
  readonly now?: () => number;
}

/**
 * How many batches a lane may have without a report: while one is settled here, the worker already runs the next. The
 * second is only given when it is worth a message of its own.
 */
const OUTSTANDING = 2;
const SECOND_BATCH_EVENTS = 32;

/**
 * Hands raw events to lanes in batches, and tells settlers what became of each.
 *
 * A batch leaves as soon as a lane is idle; what is offered meanwhile forms the next one. Parcels are cut and joined
 * freely. Events of one lane number keep their order, but for those that run again because a worker died.
 */
export function createDispatch(options: DispatchOptions): Dispatch {
  const limits = options.limits ?? {};
  const maxInFlight = limits.maxInFlight ?? 100_000;
  const maxInFlightBytes = limits.maxInFlightBytes ?? 256 * 1024 * 1024;
  const poisonAfter = limits.poisonAfter ?? 3;
  const now = options.now ?? Date.now;
  const lanes = options.lanes.map((lane) => new LaneLoad(lane));
  const shared = new WaitingQueue();
  const machineLoads = new MachineLoads(options.machines, (machine) => limits.machineMaxInFlight?.(machine));
  let roomCallbacks: (() => void)[] = [];
  let drained: (() => void)[] = [];
  let inFlight = 0;
  let inFlightBytes = 0;
  let turn = 0;
  let pumpSoon = false;
  let halted = false;

  const sorting: Sorting = {
    current: (machine) => options.machines.current(machine),
    refuse,
    hold: (waiting, queue) => machineLoads.hold(waiting, queue),
  };

  /** Every end passes here, once, whether it is reported or forgotten. */
  function account(load: Load, count: number): void {
    load.open -= count;
    load.machine.inFlight -= count;
    inFlight -= count;
    if (load.open === 0) inFlightBytes -= load.parcel.bytes.byteLength;
  }

  function accountRun(load: Load, count: number): void {
    load.machine.running -= count;
    account(load, count);
  }

  function schedule(): void {
    if (pumpSoon) return;
    pumpSoon = true;
    queueMicrotask(() => {
      pumpSoon = false;
      pump();
      if (inFlight === 0 && drained.length > 0) {
        const callbacks = drained;
        drained = [];
        for (const callback of callbacks) callback();
      }
      if (roomCallbacks.length > 0 && inFlight < maxInFlight) {
        const callbacks = roomCallbacks;
        roomCallbacks = [];
        for (const callback of callbacks) callback();
      }
    });
  }

  function pump(): void {
    if (halted) return;
    machineLoads.releaseHeld();
    // Lanes with nothing to do come first, then second batches; the start rotates so that no lane is always first.
    for (let depth = 0; depth < OUTSTANDING; depth++) {
      for (let i = 0; i < lanes.length; i++) {
        const lane = lanes[(turn + i) % lanes.length] as LaneLoad;
        if (!lane.lane.ready || lane.outstanding !== depth) continue;
        if (depth > 0 && lane.queue.events + shared.events < SECOND_BATCH_EVENTS) continue;
        if (lane.queue.events + shared.events > 0) send(lane);
      }
    }
    turn++;
  }

  /** Events of the shared queue that one lane should take when others are idle as well: no few that are quick, a message costs more. */
  function fairShare({ quickEvents }: LaneLoad): number {
    let idle = 0;
    for (const lane of lanes) if (lane.lane.ready && lane.outstanding === 0) idle++;
    return idle > 1 ? Math.max(Math.ceil(shared.events / idle), Math.min(SECOND_BATCH_EVENTS, quickEvents)) : shared.events;
  }

  function send(lane: LaneLoad): void {
    const filling = new Filling(Math.min(lane.lane.maxBatchEvents, lane.quickEvents), lane.lane.maxBatchBytes);
    const share = fairShare(lane);
    const fromShared = lane.sharedFirst;
    lane.sharedFirst = !fromShared;
    if (fromShared) filling.takeFrom(shared, share, sorting);
    filling.takeFrom(lane.queue, Infinity, sorting);
    if (!fromShared) filling.takeFrom(shared, share, sorting);
    const { legs } = filling;
    if (legs.length === 0) return;
    for (const { parcel, count } of legs) parcel.settler.given?.(parcel, count);
    const flight = lane.open(filling.count, legs);
    const postedMs = performance.now();
    lane.lane.run({ slices: legs, count: filling.count, ticket: lane.ticketOf(flight) }, (report) => {
      lane.reported(flight.count, postedMs, performance.now());
      settleBatch(flight, report, accountRun);
      if (flight.open === 0) lane.drop(flight);
      schedule();
    });
  }

  function refuse(waiting: Waiting): void {
    const { load } = waiting;
    load.parcel.settler.given?.(load.parcel, waiting.to - waiting.from);
    const stopTimeMs = now();
    for (let i = waiting.from; i < waiting.to; i++) {
      const end = { status: 'REJECTED', error: 'NO_SUCH_MACHINE', cause: `No state machine is named ${load.parcel.machine}.` } as const;
      reportEnd(load, i, { ...end, startTimeMs: load.parcel.startTimeMs, stopTimeMs, redeliveries: waiting.deaths }, account);
    }
    schedule();
  }

  function onLate(lane: LaneLoad, report: Report): void {
    const late = (ticket: number, reader: EndReader | null): void => {
      const flight = lane.flightOf(ticket);
      const index = lane.indexOf(ticket);
      if (flight === undefined || flight.running || !flight.isOpen(index)) {
        reader?.skip();
        return;
      }
      settleLate(flight, index, reader, accountRun);
      if (flight.open === 0) lane.drop(flight);
    };
    for (let r = 0; r < report.ranges.length; r += 2) {
      for (let ticket = report.ranges[r] as number; ticket < (report.ranges[r + 1] as number); ticket++) late(ticket, null);
    }
    const reader = new EndReader(report);
    while (reader.key !== Infinity) late(reader.key, reader);
    schedule();
  }

  function onDeath(lane: LaneLoad, death: LaneDeath): void {
    const culprit = death.ticket < 0 ? undefined : lane.flightOf(death.ticket);
    const culpritIndex = culprit === undefined ? -1 : lane.indexOf(death.ticket);
    const again = repeatAfterDeath(lane.takeAll(), { culprit, culpritIndex, cause: death.cause, poisonAfter, nowMs: now() }, accountRun);
    for (const { load, from, to } of again) {
      load.machine.running -= to - from;
      load.parcel.settler.given?.(load.parcel, from - to);
    }
    lane.queue.putBack(again.filter((waiting) => waiting.load.parcel.lane >= 0));
    shared.putBack(again.filter((waiting) => waiting.load.parcel.lane < 0));
    schedule();
  }

  for (const lane of lanes) {
    lane.lane.onLate((report) => onLate(lane, report));
    lane.lane.onDeath((death) => onDeath(lane, death));
    lane.lane.onReady(schedule);
  }

  /** Takes what of a settler waits for a worker out of all queues, in its order. */
  function takeBack(settler: Settler): Waiting[] {
    const gone = (waiting: Waiting): boolean => waiting.load.parcel.settler === settler;
    const taken = machineLoads.removeHeld(gone);
    for (const queue of [shared, ...lanes.map((lane) => lane.queue)]) taken.push(...queue.remove(gone));
    for (const { load, from, to } of taken) account(load, to - from);
    return taken;
  }

  return {
    get inFlight() {
      return inFlight;
    },
    get inFlightBytes() {
      return inFlightBytes;
    },
    get queued() {
      return lanes.reduce((events, lane) => events + lane.queue.events, shared.events + machineLoads.heldEvents);
    },

    hasRoom(machine, count, bytes, pending = 0) {
      const load = machineLoads.of(machine);
      const all = inFlight + pending;
      if (all > 0 && (all + count > maxInFlight || inFlightBytes + bytes > maxInFlightBytes)) return false;
      const own = load.inFlight + pending;
      return own === 0 || own + count <= load.limit;
    },

    mostFor(machine) {
      return Math.min(maxInFlight, machineLoads.of(machine).limit);
    },

    offer(parcel) {
      if (parcel.count === 0) return;
      const load = new Load(parcel, machineLoads.of(parcel.machine));
      load.machine.inFlight += parcel.count;
      inFlight += parcel.count;
      inFlightBytes += parcel.bytes.byteLength;
      const queue = parcel.lane < 0 ? shared : (lanes[parcel.lane % lanes.length] as LaneLoad).queue;
      queue.push({ load, from: 0, to: parcel.count, deaths: 0, alone: false });
      schedule();
    },

    onRoom(callback) {
      roomCallbacks.push(callback);
    },

    forget(settler: Settler) {
      takeBack(settler);
      for (const lane of lanes) {
        const tickets = lane.forget(settler);
        if (tickets.length > 0) lane.lane.cancel(tickets);
      }
      schedule();
    },

    withdraw(settler: Settler) {
      const taken = takeBack(settler);
      schedule();
      return taken.map(({ load: { parcel }, from, to }) => ({ parcel, from, to }));
    },

    async halt(withinMs) {
      halted = true;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
      await Promise.race([Promise.all(lanes.map(({ lane }) => lane.halt())), late]);
      clearTimeout(timer);
    },

    drain(deadlineMs) {
      if (inFlight === 0) return Promise.resolve(0);
      return new Promise((resolve) => {
        const timer = setTimeout(finish, deadlineMs);
        function finish(): void {
          clearTimeout(timer);
          drained = drained.filter((callback) => callback !== finish);
          resolve(inFlight);
        }
        drained.push(finish);
      });
    },
  };
}
