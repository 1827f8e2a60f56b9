import type { Flight, Leg } from './flight.ts';
import type { Waiting } from './queue.ts';
import { type Account, reportEnd } from './settle.ts';

export interface Death {
  /** The flight and index of the event that was running; undefined when nobody can tell. */
  readonly culprit: Flight | undefined;
  readonly culpritIndex: number;
  readonly cause: string;
  readonly poisonAfter: number;
  readonly nowMs: number;
}

/**
 * Sorts what was on a dead worker: what runs again is answered, in its order; what may not is reported.
 *
 * Who was running takes the blame alone and runs again in a batch of its own. Where nobody was (a crash in a stray
 * callback), everything that was parked may have been the cause and takes it. The rest runs again without blame.
 */
export function repeatAfterDeath(flights: readonly Flight[], death: Death, account: Account): Waiting[] {
  const again: Waiting[] = [];
  for (const flight of flights) {
    for (const leg of flight.legs) {
      const end = leg.first + leg.count;
      for (let i = flight.nextOpen(leg.first, end); i < end; i = flight.nextOpen(i + 1, end)) repeat(flight, leg, i, death, again, account);
    }
  }
  return again;
}

function repeat(flight: Flight, leg: Leg, index: number, death: Death, again: Waiting[], account: Account): void {
  const { load } = leg;
  const at = leg.from + index - leg.first;
  const known = death.culprit !== undefined;
  const blamed = known ? flight === death.culprit && index === death.culpritIndex : !flight.running;
  const deaths = leg.deaths + (blamed ? 1 : 0);
  if (load.parcel.atMostOnce === true && mayHaveBegun(flight, index, death)) {
    poison(leg, at, deaths, `Its worker died and it may not run twice: ${death.cause}`, death, account);
  } else if (blamed && deaths >= death.poisonAfter) {
    poison(leg, at, deaths, `Its worker died ${deaths === 1 ? 'once' : `${deaths} times`} while running it; the last time: ${death.cause}`, death, account);
  } else if (load.forgotten) {
    account(load, 1);
  } else {
    const alone = known && deaths > 0;
    const last = again[again.length - 1];
    if (last !== undefined && last.load === load && last.to === at && last.deaths === deaths && !last.alone && !alone) {
      again[again.length - 1] = { ...last, to: at + 1 };
    } else again.push({ load, from: at, to: at + 1, deaths, alone });
  }
}

/** The events of a batch run in order, and the batches of a lane do. */
function mayHaveBegun(flight: Flight, index: number, death: Death): boolean {
  const { culprit } = death;
  // A parked culprit runs between batches: whether this one had begun before, nobody can tell.
  if (culprit === undefined || !culprit.running || !flight.running) return true;
  return flight.sequence < culprit.sequence || (flight === culprit && index <= death.culpritIndex);
}

function poison(leg: Leg, at: number, deaths: number, cause: string, death: Death, account: Account): void {
  const { startTimeMs } = leg.parcel;
  reportEnd(leg.load, at, { status: 'POISON', error: 'POISON', cause, startTimeMs, stopTimeMs: death.nowMs, redeliveries: deaths }, account);
}
