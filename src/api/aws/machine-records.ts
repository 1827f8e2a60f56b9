/** What AWS's API tells of a state machine beside its definition. */
export interface MachineRecord {
  readonly type: 'EXPRESS' | 'STANDARD';
  readonly roleArn: string;
  readonly definition: string;
  /** Unix milliseconds. */
  readonly createdMs: number;
  readonly revisionId: string;
  readonly loggingConfiguration: unknown;
  readonly tracingConfiguration: unknown;
}

export const DEFAULT_LOGGING = { level: 'OFF', includeExecutionData: false };
export const DEFAULT_TRACING = { enabled: false };

/**
 * The records of machines made over this API, and names that are being made: two requests for one name must not both succeed.
 * Kept in memory, as the machines are.
 */
export class MachineRecords {
  readonly #records = new Map<string, MachineRecord>();
  readonly #making = new Set<string>();
  /** Machines of the configuration have no record of their own; they are as old as the server. */
  readonly startedMs = Date.now();

  get(name: string): MachineRecord | undefined {
    return this.#records.get(name);
  }

  delete(name: string): void {
    this.#records.delete(name);
  }

  isBeingMade(name: string): boolean {
    return this.#making.has(name);
  }

  /** Runs `install` with the name taken; the record stands once it has resolved. */
  async make(name: string, record: MachineRecord, install: () => Promise<void>): Promise<void> {
    this.#making.add(name);
    try {
      await install();
      this.#records.set(name, record);
    } finally {
      this.#making.delete(name);
    }
  }
}
