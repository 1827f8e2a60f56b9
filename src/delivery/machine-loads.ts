import { MachineLoad } from './load.ts';
import type { Machines } from './lane.ts';
import type { Waiting, WaitingQueue } from './queue.ts';

const FEW_MACHINES = 64;

/** What dispatch keeps of all machines, and what waits because its machine runs as many as it may. */
export class MachineLoads {
  readonly #machines: Machines;
  readonly #limitOf: (machine: string) => number | undefined;
  readonly #loads = new Map<string, MachineLoad>();
  #loadsBeforeLook = FEW_MACHINES;
  /** Events that are held, over all machines. */
  heldEvents = 0;

  constructor(machines: Machines, limitOf: (machine: string) => number | undefined) {
    this.#machines = machines;
    this.#limitOf = limitOf;
  }

  of(machine: string): MachineLoad {
    let load = this.#loads.get(machine);
    if (load === undefined) {
      if (this.#loads.size >= this.#loadsBeforeLook) this.#forgetIdle();
      load = new MachineLoad(this.#limitOf(machine) ?? Infinity);
      this.#loads.set(machine, load);
    }
    return load;
  }

  hold(waiting: Waiting, queue: WaitingQueue): void {
    waiting.load.machine.held.push({ queue, waiting });
    this.heldEvents += waiting.to - waiting.from;
  }

  /** Puts what is held back to the front of its queue, where its machine has room again. */
  releaseHeld(): void {
    if (this.heldEvents === 0) return;
    for (const machine of this.#loads.values()) {
      if (machine.held.length === 0 || machine.running >= machine.limit) continue;
      const byQueue = new Map<WaitingQueue, Waiting[]>();
      for (const { queue, waiting } of machine.held) {
        this.heldEvents -= waiting.to - waiting.from;
        const list = byQueue.get(queue);
        if (list === undefined) byQueue.set(queue, [waiting]);
        else list.push(waiting);
      }
      machine.held.length = 0;
      for (const [queue, list] of byQueue) queue.putBack(list);
    }
  }

  /** Removes and answers what is held and satisfies the condition. */
  removeHeld(gone: (waiting: Waiting) => boolean): Waiting[] {
    const all: Waiting[] = [];
    for (const machine of this.#loads.values()) {
      const removed = machine.held.filter(({ waiting }) => gone(waiting)).map(({ waiting }) => waiting);
      if (removed.length === 0) continue;
      machine.held.splice(0, machine.held.length, ...machine.held.filter(({ waiting }) => !gone(waiting)));
      for (const { from, to } of removed) this.heldEvents -= to - from;
      all.push(...removed);
    }
    return all;
  }

  /** Where machines come and go, the loads of those that went are let go of, at a cost that does not grow. */
  #forgetIdle(): void {
    for (const [machine, load] of this.#loads) {
      if (load.inFlight === 0 && load.held.length === 0 && this.#machines.current(machine) === undefined) this.#loads.delete(machine);
    }
    this.#loadsBeforeLook = 2 * this.#loads.size + FEW_MACHINES;
  }
}
