import { type ArnScope, executionArn, machineArn } from '../delivery/arn.ts';
import type { Json } from '../asl/types.ts';
import type { Origin } from '../runtime/contract.ts';
import type { Counter } from './counts.ts';
import type { InstalledMachine } from './machine.ts';
import { DetailsView } from './details.ts';
import { type Arena, readListedName, type SliceView } from './wire.ts';

/**
 * Who the executions of one slice are. Reads names from the arena as long as the batch runs; `detach` copies what parked
 * executions may ask for later, after which the arena is free. Indexes are those of the batch.
 */
export class SliceOrigin implements Origin {
  readonly machineName: string;
  readonly counter: Counter;
  readonly wantsOutput: boolean;
  /** On the monotonic clock: when this slice began to run. */
  readonly beganMs: number;
  readonly #scope: ArnScope;
  readonly #roleArn: string | undefined;
  readonly #startTimeMs: number;
  readonly #first: number;
  readonly #namesAt: number;
  readonly #namesLength: number;
  readonly #count: number;
  readonly #firstSerial: number;
  readonly #listed: boolean;
  #arena: Arena | null;
  #prefix: string | null = null;
  #names: Map<number, string> | string | null = null;
  #details: DetailsView | null;
  /** Of the parked ones. */
  #events: Map<number, Json> | null = null;

  constructor(scope: ArnScope, { name, roleArn, counter }: Pick<InstalledMachine, 'name' | 'roleArn' | 'counter'>, arena: Arena, slice: SliceView, beganMs: number) {
    this.machineName = name;
    this.#roleArn = roleArn;
    this.counter = counter;
    this.wantsOutput = slice.wantsOutput;
    this.beganMs = beganMs;
    this.#scope = scope;
    this.#startTimeMs = slice.startTimeMs;
    this.#first = slice.first;
    this.#namesAt = slice.namesAt;
    this.#namesLength = slice.namesLength;
    this.#count = slice.count;
    this.#firstSerial = slice.firstSerial;
    this.#listed = slice.namesListed;
    this.#arena = arena;
    this.#details = slice.detailsAt < 0 ? null : new DetailsView(arena, slice.detailsAt, slice.count);
  }

  get machineArn(): string {
    return machineArn(this.#scope, this.machineName);
  }

  get roleArn(): string {
    return this.#roleArn ?? `arn:aws:iam::${this.#scope.account}:role/${this.machineName}`;
  }

  arnOf(index: number): string {
    return executionArn(this.#scope, this.machineName, this.nameOf(index), this.#startTimeMs);
  }

  nameOf(index: number): string {
    const i = index - this.#first;
    if (!this.#listed) return `${this.#readPrefix()}-${this.#firstSerial + i}`;
    if (this.#arena !== null) return readListedName(this.#arena, this.#namesAt, i, this.#count);
    return typeof this.#names === 'string' ? this.#names : ((this.#names as Map<number, string>).get(index) as string);
  }

  startTimeOf(): number {
    return this.#startTimeMs;
  }

  /** Coordinate, key and headers; while the batch runs. */
  get details(): DetailsView | null {
    return this.#details;
  }

  eventOf(index: number): Json | undefined {
    if (this.#events !== null) return this.#events.get(index);
    return this.#details === null ? undefined : (this.#details.event(index - this.#first) as Json);
  }

  /** @param parked the indexes whose names may be asked for from now on */
  detach(parked: readonly number[]): void {
    if (!this.#listed) this.#readPrefix();
    else if (this.#count === 1) this.#names = this.nameOf(this.#first);
    else this.#names = new Map(parked.map((index) => [index, this.nameOf(index)]));
    this.#arena = null;
    if (this.#details === null) return;
    this.#events = new Map(parked.map((index) => [index, this.#details!.event(index - this.#first) as Json]));
    this.#details = null;
  }

  #readPrefix(): string {
    return (this.#prefix ??= (this.#arena as Arena).data.toString('utf8', this.#namesAt, this.#namesAt + this.#namesLength));
  }
}
