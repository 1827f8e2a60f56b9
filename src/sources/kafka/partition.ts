import type { EventDetails, Lease, Line, Settlement, SourceEvents } from '../../delivery/source.ts';
import { encodeMetadata, restoreMetadata } from './commit-metadata.ts';
import { describeRecord } from './describe.ts';
import { Ledger } from './ledger.ts';
import { laneOf, namePrefix } from './names.ts';
import type { Chunk } from './record-walk.ts';
import type { ReusedMemory } from './reused-memory.ts';

/** What a group has committed for a partition. */
export interface Committed {
  /** -1: nothing. */
  readonly offset: number;
  readonly metadata: string | null;
}

/** What goes into a commit, and what to be told when the broker has taken it. */
export interface CommitPart {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string;
  readonly settled: number;
}

/** What a chunk is offered with. */
export interface Offered {
  readonly firstOffset: number;
  readonly bytes: Uint8Array;
  /** Events not settled. */
  open: number;
}

/**
 * A partition that is ours: what of it has been read, and what has been settled. It lives from the assignment to the one that
 * takes it away; being assigned again to the same process is no end of it, so that what is under way goes on.
 */
export class Partition {
  readonly topic: string;
  readonly partition: number;
  /** Its name in metrics and messages. */
  readonly label: string;
  readonly lease: Lease;
  /** For chunks: given back when all events of one are settled. */
  readonly memory: ReusedMemory;
  /** The next offset to be read: everything below has been offered, or was settled before. */
  next: number;
  highWatermark = -1;
  /** Up to where transactions have ended; nothing beyond can be read when aborted ones are not. */
  lastStable = -1;
  /** When it last answered a fetch, or was read to its end, or brought something; of performance.now. */
  fetchedAt = performance.now();
  movedAt = performance.now();
  /** Why nothing more of it can be read. */
  fault: string | undefined;
  readonly #line: Line;
  readonly #names: string;
  readonly #shared: string;
  readonly #lane: number;
  #ledger: Ledger;
  /** Below it there may be offsets that were settled by an earlier owner. */
  #restoredTo = 0;
  #settled = 0;
  #acknowledged = 0;
  /** What was committed last: the offset, and the metadata that went with it. */
  #committed = -1;
  #committedSettled = -1;

  constructor(line: Line, memory: ReusedMemory, topic: string, partition: number, start: number) {
    this.topic = topic;
    this.partition = partition;
    this.label = `${topic}/${partition}`;
    this.next = start;
    this.memory = memory;
    this.#line = line;
    this.#names = namePrefix(topic, partition);
    this.#shared = JSON.stringify({ topic, partition });
    this.#lane = line.order === 'none' ? -1 : laneOf(topic, partition);
    this.#ledger = new Ledger(start);
    this.lease = line.lease(this.#settlement());
  }

  /** It is not the partition's doing that nothing has come of it until now. */
  touch(now: number): void {
    this.fetchedAt = now;
    this.movedAt = now;
  }

  /** True when there is nothing to be read at present. */
  get caughtUp(): boolean {
    return this.highWatermark <= this.next || (this.lastStable >= 0 && this.lastStable <= this.next);
  }

  get lag(): number {
    return Math.max(0, this.highWatermark - this.#ledger.watermark);
  }

  /** Takes over what the group has committed: its offset, and what was settled beyond. Ours may be behind, or ahead. */
  restore({ offset, metadata }: Committed): void {
    if (offset < 0) return;
    this.#ledger.settle(Math.min(this.#ledger.watermark, offset), offset);
    restoreMetadata(this.#ledger, offset, metadata);
    this.next = Math.max(this.next, this.#ledger.watermark);
    this.#restoredTo = Math.max(this.#restoredTo, this.#ledger.end);
    this.#committed = offset;
    // What has been settled here may be more than what the commit says.
    this.#committedSettled = this.#settled === 0 ? 0 : -1;
  }

  /** For a walk over records: what need not be run again. */
  get repeats(): { isSettled: (offset: number) => boolean; settledTo: number } {
    return { isSettled: (offset) => this.#ledger.isSettled(offset), settledTo: this.#restoredTo };
  }

  offer(chunk: Chunk): void {
    this.passTo(chunk.firstOffset);
    this.next = chunk.firstOffset + chunk.count;
    this.movedAt = performance.now();
    this.#line.meter.received(chunk.count, chunk.bytes.byteLength);
    this.lease.offer({
      count: chunk.count,
      bytes: chunk.bytes,
      spans: chunk.spans,
      names: { prefix: this.#names, firstSerial: chunk.firstOffset },
      lane: this.#lane,
      ...(this.#line.wants === 'nothing' ? {} : { details: this.#details(chunk) }),
      tag: { firstOffset: chunk.firstOffset, bytes: chunk.bytes, open: chunk.count } satisfies Offered,
    });
  }

  /** The log holds nothing for us below this offset that has not been offered. */
  passTo(offset: number): void {
    if (offset <= this.next) return;
    this.#ledger.settle(this.next, offset);
    this.next = offset;
    this.movedAt = performance.now();
  }

  /** What there is to commit; undefined when it would say what the last commit said. */
  commit(mostMetadata: number): CommitPart | undefined {
    const offset = this.#ledger.watermark;
    const settled = this.#settled;
    if (offset === this.#committed && settled === this.#committedSettled) return undefined;
    return { topic: this.topic, partition: this.partition, offset, metadata: encodeMetadata(this.#ledger, mostMetadata), settled };
  }

  committed({ offset, settled }: CommitPart): void {
    this.#committed = offset;
    this.#committedSettled = settled;
    if (settled > this.#acknowledged) this.#line.meter.acknowledged(settled - this.#acknowledged);
    this.#acknowledged = Math.max(this.#acknowledged, settled);
  }

  release(): void {
    this.lease.release();
    this.#line.meter.unassigned(this.label);
  }

  #details({ firstOffset, keys, headers, timestamps }: Chunk): EventDetails {
    return {
      shared: this.#shared,
      idMember: 'offset',
      ids: firstOffset,
      ...(keys === undefined ? {} : { keys }),
      ...(headers === undefined ? {} : { headers, headersFormat: 'kafka' }),
      ...(timestamps === undefined ? {} : { timestamps }),
    };
  }

  #settlement(): Settlement {
    const settle = (events: SourceEvents, from: number, to: number): void => {
      const offered = events.tag as Offered;
      this.#ledger.settle(offered.firstOffset + from, offered.firstOffset + to);
      this.#settled += to - from;
      offered.open -= to - from;
      // Whoever was given a view of them has said that it is done with it.
      if (offered.open === 0) this.memory.giveBack(offered.bytes);
    };
    return {
      settled: settle,
      ended: (events, index) => settle(events, index, index + 1),
      describe: (events, index) => describeRecord(events, index, { topic: this.topic, partition: this.partition, offset: (events.tag as Offered).firstOffset + index }),
    };
  }
}
