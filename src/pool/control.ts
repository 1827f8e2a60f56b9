/*
 * Memory through which a lane watches its worker, and which stays readable when the worker is gone:
 *
 *   control := running      ticket of the execution that is running; NOBODY between executions      32-bit words
 */
const RUNNING = 0;
export const NOBODY = -1;

export const createControl = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(4)).fill(NOBODY);

export function setRunning(control: Int32Array, ticket: number): void {
  Atomics.store(control, RUNNING, ticket);
}

export function whoRuns(control: Int32Array): number {
  return Atomics.load(control, RUNNING);
}
