import { MillraceError } from '../../src/errors.ts';
import type { BulkResult, BulkStart, EngineApi, ExecutionDescription, Rejection, SyncExecution } from '../../src/api/contract.ts';

export const ARN = 'arn:aws:states:local:000000000000:express:triage:';
export const START_MS = Date.UTC(2025, 0, 2, 3, 4, 5, 678);

/** What an engine is, to the server: answers at once and remembers what it was given. */
export class StandInEngine implements EngineApi {
  /** Raised by the next calls of start, startSync and startMany, for as long as it is set. */
  failure: unknown;
  reasons: string[] = [];
  readonly started: { machine: string; text: string; name: string | undefined }[] = [];
  readonly bulks: StandInBulk[] = [];
  readonly descriptions = new Map<string, ExecutionDescription>();
  sync: Partial<SyncExecution> = {};
  /** Sync executions and bulk pieces wait for it. */
  gate: Promise<void> = Promise.resolve();

  machines() {
    return [{ name: 'triage', arn: 'arn:aws:states:local:000000000000:stateMachine:triage', revision: 2, comment: 'Sorts "events"', definition: '{}' }];
  }

  readonly compatibility = 'extended';

  machine(name: string) {
    return this.machines().find((machine) => machine.name === name);
  }

  machineArn(name: string) {
    return `arn:aws:states:local:000000000000:stateMachine:${name}`;
  }

  async install(): Promise<void> {
    throw new MillraceError('INTERNAL', 'The stand-in has the machine triage and no other.');
  }

  remove(): void {}

  async testState() {
    return { result: { status: 'SUCCEEDED' as const } };
  }

  async start(machine: string, input: Uint8Array, name?: string) {
    this.#check(machine);
    this.started.push({ machine, text: Buffer.from(input).toString(), name });
    const given = name ?? `made-up-${this.started.length}`;
    return { executionArn: ARN + given, name: given, startTimeMs: START_MS };
  }

  async startSync(machine: string, input: Uint8Array, name?: string): Promise<SyncExecution> {
    const started = await this.start(machine, input, name);
    await this.gate;
    return { ...started, status: 'SUCCEEDED', stopTimeMs: START_MS + 42, output: Buffer.from(input).toString(), billedDurationMs: 100, billedMemoryMB: 64, ...this.sync };
  }

  startMany(machine: string): StandInBulk {
    this.#check(machine);
    const bulk = new StandInBulk(this);
    this.bulks.push(bulk);
    return bulk;
  }

  describe(arn: string) {
    return this.descriptions.get(arn);
  }

  unready() {
    return this.reasons;
  }

  async metrics() {
    return { contentType: 'text/plain; version=0.0.4; charset=utf-8', body: 'up 1\n' };
  }

  #check(machine: string): void {
    if (this.failure !== undefined) throw this.failure;
    if (machine !== 'triage') throw new MillraceError('NO_SUCH_MACHINE', `No state machine is named ${JSON.stringify(machine)}.`);
  }
}

/** Takes pieces as the engine does: parses every event, counts it or rejects it. Keeps texts only while `keeps`. */
export class StandInBulk implements BulkStart {
  readonly texts: string[] = [];
  accepted = 0;
  rejectedCount = 0;
  readonly rejected: Rejection[] = [];
  abandoned = false;
  largestPieceBytes = 0;
  static keeps = true;
  /** Raised by finish while it is set. */
  finishFailure: unknown;
  readonly #engine: StandInEngine;

  constructor(engine: StandInEngine) {
    this.#engine = engine;
  }

  async add(bytes: Uint8Array, spans: Uint32Array): Promise<void> {
    if (this.#engine.failure !== undefined) throw this.#engine.failure;
    if (bytes.buffer.byteLength !== bytes.byteLength) throw new Error('a piece shares its ArrayBuffer');
    this.largestPieceBytes = Math.max(this.largestPieceBytes, bytes.length);
    for (let at = 0; at < spans.length; at += 2) {
      const text = Buffer.from(bytes.buffer, spans[at]!, spans[at + 1]!).toString();
      try {
        JSON.parse(text);
        this.accepted += 1;
        if (StandInBulk.keeps) this.texts.push(text);
      } catch {
        this.reject('INVALID_JSON', 'The event is not JSON.');
      }
    }
    // Taken away, as an engine that transfers it to a worker does.
    structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] });
    await this.#engine.gate;
  }

  reject(code: Rejection['code'], message: string): void {
    if (this.rejected.length < 1000) this.rejected.push({ index: this.accepted + this.rejectedCount, code, message });
    this.rejectedCount += 1;
  }

  async finish(): Promise<BulkResult> {
    if (this.finishFailure !== undefined) throw this.finishFailure;
    return { accepted: this.accepted, rejected: this.rejected, rejectedCount: this.rejectedCount };
  }

  abandon(): void {
    this.abandoned = true;
  }
}
