import type { Dispatch, Settler } from '../delivery/contract.ts';

/** What waits counts against its own machine's limit only: so much of it may, whatever a turn brings. */
const TURN_EVENTS = 256;
const TURN_BYTES = 512 * 1024;

/** Starts of one machine and one millisecond, on their way into a parcel. */
interface Group {
  readonly machine: string;
  readonly startTimeMs: number;
  readonly inputs: Uint8Array[];
  readonly names: string[];
  readonly tags: unknown[];
}

/**
 * Joins single starts that come in one turn of the event loop into parcels: under load many do, and a parcel of one event
 * costs several times the memory and the time of a place in a larger one. The parcel's tag is the array of the starts' own.
 *
 * The turn is over when its immediates run. Microtasks would run after each connection's own callback: every request was a
 * parcel and a message to a worker by itself then, which was a third of the main thread's time.
 */
export class Gathering {
  readonly #dispatch: Dispatch;
  readonly #settler: Settler;
  readonly #atMostOnce: boolean;
  readonly #groups = new Map<string, Group>();
  #events = 0;
  #bytes = 0;
  #scheduled = false;
  readonly #turnEnded = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  constructor(dispatch: Dispatch, settler: Settler, atMostOnce: boolean) {
    this.#dispatch = dispatch;
    this.#settler = settler;
    this.#atMostOnce = atMostOnce;
  }

  /** How many starts of a machine have been added but not offered yet: they count against its limits. */
  waiting(machine: string): number {
    return this.#groups.get(machine)?.inputs.length ?? 0;
  }

  add(machine: string, input: Uint8Array, name: string, startTimeMs: number, tag: unknown): void {
    let group = this.#groups.get(machine);
    // A parcel has one start time, and the execution's ARN is made from it.
    if (group !== undefined && group.startTimeMs !== startTimeMs) {
      this.#offer(group);
      group = undefined;
    }
    if (group === undefined) {
      group = { machine, startTimeMs, inputs: [], names: [], tags: [] };
      this.#groups.set(machine, group);
    }
    group.inputs.push(input);
    group.names.push(name);
    group.tags.push(tag);
    this.#events += 1;
    this.#bytes += input.byteLength;
    if (this.#events >= TURN_EVENTS || this.#bytes >= TURN_BYTES) this.flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#turnEnded);
  }

  /** Offers what waits now, as before a drain. */
  flush(): void {
    for (const waiting of this.#groups.values()) this.#offer(waiting);
    this.#groups.clear();
    this.#events = 0;
    this.#bytes = 0;
  }

  #offer({ machine, startTimeMs, inputs, names, tags }: Group): void {
    const spans = new Uint32Array(2 * inputs.length);
    let offset = 0;
    for (const [i, input] of inputs.entries()) {
      spans[2 * i] = offset;
      spans[2 * i + 1] = input.byteLength;
      offset += input.byteLength;
    }
    // A copy in any case: a request's body may be a view into a buffer much larger than itself.
    const bytes = new Uint8Array(offset);
    for (const [i, input] of inputs.entries()) bytes.set(input, spans[2 * i]);
    this.#dispatch.offer({
      settler: this.#settler,
      machine,
      count: inputs.length,
      bytes,
      spans,
      // An array that was pushed to has room for 17: what may wait for minutes keeps none to spare.
      names: names.slice(),
      startTimeMs,
      wantsOutput: true,
      lane: -1,
      ...(this.#atMostOnce ? { atMostOnce: true } : {}),
      tag: tags.slice(),
    });
  }
}
