import type { BulkStart, Started } from '../api/contract.ts';

/** Asynchronous starts: what makes a 202 good. */
export interface Starts {
  hasRoom(machine: string, count: number, bytes: number): boolean;
  /** Resolves once the event outlives this process. Raises MillraceError. */
  start(machine: string, input: Uint8Array, started: Started): Promise<Started>;
  startMany(machine: string): BulkStart;
  /** Hands on what has been gathered, as before a drain. */
  flush(): void;
}
