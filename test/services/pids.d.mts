/** A process, told from a later one with the same pid by when it started. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

export function startOf(pid: number): string | undefined;
export function identify(pid: number): ProcessIdentity;
export function isAlive(identity: ProcessIdentity): boolean;
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean;
