import type { End } from '../delivery/contract.ts';
import type { EventDescription, Lease, Line, Settlement, SourceEvents } from '../delivery/source.ts';
import { FAULTS, type FaultName, MillraceError } from '../errors.ts';
import type { Tick } from '../schedules/schedules.ts';

export interface ScheduledStartsOptions {
  readonly serves: (machine: string) => boolean;
  /** The line of a schedule's ticks to a machine. */
  readonly lineOf: (schedule: string, machine: string) => Line;
}

interface Started {
  readonly tick: Tick;
  readonly resolve: () => void;
  readonly reject: (error: MillraceError) => void;
}

/**
 * Starts the ticks of schedules: each is an event of its schedule, which is settled when its execution has ended and the outputs
 * have what came of it. Until then the tick is the queue's, and another replica runs it if this one dies.
 */
export class ScheduledStarts implements Settlement {
  readonly #options: ScheduledStartsOptions;
  readonly #lines = new Map<string, { readonly line: Line; readonly lease: Lease }>();

  constructor(options: ScheduledStartsOptions) {
    this.#options = options;
  }

  /** Resolves when the execution has ended, however; rejects with a MillraceError when there was none. */
  async start(tick: Tick): Promise<void> {
    const { schedule, machine, input, name } = tick;
    if (!this.#options.serves(machine)) throw new MillraceError('NO_SUCH_MACHINE', `The schedule ${schedule} starts '${machine}', and no state machine of that name is served here.`);
    const { line, lease } = this.#lineOf(schedule, machine);
    if (!line.hasRoom(1, input.byteLength)) throw new MillraceError('AT_CAPACITY', `No more events fit the limits of '${machine}' or of the process.`);
    line.meter.received(1, input.byteLength);
    await new Promise<void>((resolve, reject) => {
      lease.offer({ count: 1, bytes: input, spans: Uint32Array.of(0, input.byteLength), names: [name], lane: -1, tag: { tick, resolve, reject } satisfies Started });
    });
    line.meter.acknowledged(1);
  }

  settled(events: SourceEvents): void {
    (events.tag as Started).resolve();
  }

  ended(events: SourceEvents, _index: number, { status, error, cause }: End): void {
    const { resolve, reject } = events.tag as Started;
    if (status === 'REJECTED') reject(new MillraceError(isFault(error) ? error : 'INPUT_REJECTED', cause ?? 'The input was refused.'));
    else if (status === 'POISON') reject(new MillraceError('POISON', cause ?? 'The execution took its worker down too often.'));
    else resolve();
  }

  describe(events: SourceEvents): EventDescription {
    const { schedule, name } = (events.tag as Started).tick;
    return { coordinate: JSON.stringify({ schedule, tick: name }) };
  }

  #lineOf(schedule: string, machine: string): { readonly line: Line; readonly lease: Lease } {
    const key = `${schedule}\n${machine}`;
    let found = this.#lines.get(key);
    if (found === undefined) {
      const line = this.#options.lineOf(schedule, machine);
      this.#lines.set(key, (found = { line, lease: line.lease(this) }));
    }
    return found;
  }
}

const isFault = (error: string | undefined): error is FaultName => error !== undefined && Object.hasOwn(FAULTS, error);
