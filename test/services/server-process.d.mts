/** Enough to go on with a server that another process started. */
export interface ServerRecord {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly port: number;
  readonly kept: boolean;
  readonly pid: number;
  readonly startedAt: string;
}

export interface ServerProcess {
  readonly record: ServerRecord;
  readonly pid: number;
  readonly port: number;
  readonly folder: string;
  readonly logFile: string;
  alive(): boolean;
  start(): Promise<void>;
  stop(withinMs?: number): Promise<void>;
  kill(): Promise<void>;
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
  keep(): Promise<void>;
  remove(): Promise<void>;
  logTail(lines?: number): string;
}
