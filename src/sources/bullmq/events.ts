import { executionName } from '../../delivery/execution-name.ts';
import type { EventDescription, EventDetails, Line, SourceEvents } from '../../delivery/source.ts';
import { hashOf } from '../redis-stream/hash.ts';
import type { HeldJob } from './job.ts';

/** Makes jobs into events: the value is the job's data as it stands in Redis, the key is the job's name. */
export interface JobEvents {
  /** Events to offer: one piece, or one for each worker where the order is kept by key. The jobs are the tag of each piece. */
  of(jobs: readonly HeldJob[]): SourceEvents[];
  describe(job: HeldJob): EventDescription;
  nameOf(job: HeldJob): string;
}

export function createJobEvents(queue: string, line: Pick<Line, 'order' | 'wants' | 'lanes'>): JobEvents {
  const { order, lanes } = line;
  const shared = JSON.stringify({ queue });
  const nameOf = (job: HeldJob): string => executionName(queue, job.id);

  const piece = (jobs: readonly HeldJob[], lane: number): SourceEvents => {
    const { wants } = line;
    const everything = wants === 'everything' || order === 'key';
    const texts = new Texts(jobs.length * (everything ? 3 : 1));
    for (const { json } of jobs) texts.add(json.data);
    if (everything) {
      for (const { json } of jobs) texts.add(json.name);
      for (const job of jobs) texts.add(headersOf(job));
    }
    const { bytes, spans } = texts.encode();
    const part = (number: number): Uint32Array => spans.subarray(2 * number * jobs.length, 2 * (number + 1) * jobs.length);
    const details: EventDetails = {
      shared,
      idMember: 'id',
      ids: jobs.map(({ id }) => id),
      ...(everything ? { keys: part(1), headers: part(2), headersFormat: 'json', timestamps: Float64Array.from(jobs, ({ json }) => json.timestamp) } : {}),
    };
    // The text is in the bytes now; the job itself may stay for minutes.
    for (const { json } of jobs) json.data = '';
    return { count: jobs.length, bytes, spans: part(0), names: jobs.map(nameOf), lane, ...(wants === 'nothing' && !everything ? {} : { details }), tag: jobs };
  };

  return {
    of(jobs) {
      if (order !== 'key') return [piece(jobs, order === 'none' ? -1 : 0)];
      const byLane = new Map<number, HeldJob[]>();
      for (const job of jobs) {
        const lane = laneOf(job.json.name, lanes);
        const others = byLane.get(lane);
        if (others === undefined) byLane.set(lane, [job]);
        else others.push(job);
      }
      return Array.from(byLane, ([lane, members]) => piece(members, lane));
    },
    describe: (job) => ({ coordinate: JSON.stringify({ queue, id: job.id }), key: Buffer.from(job.json.name), headers: headersOf(job) }),
    nameOf,
  };
}

/** What of a job is worth knowing besides its data, as JSON text. */
function headersOf({ json }: HeldJob): string {
  const { name, attemptsMade, stalledCounter, opts, priority, parentKey, deduplicationId } = json;
  return JSON.stringify({ name, attemptsMade, attempts: opts.attempts ?? 1, stalled: stalledCounter, priority: priority ?? 0, parent: parentKey, deduplicationId });
}

const laneOf = (key: string, lanes: number): number => hashOf(Buffer.from(key)) % lanes;

/** Texts that become one piece of UTF-8, and where each stands in it. */
class Texts {
  readonly #texts: string[] = [];
  readonly #spans: Uint32Array;

  constructor(count: number) {
    this.#spans = new Uint32Array(2 * count);
  }

  add(text: string): void {
    this.#texts.push(text);
  }

  encode(): { readonly bytes: Uint8Array; readonly spans: Uint32Array } {
    let most = 0;
    for (const text of this.#texts) most += Buffer.byteLength(text);
    const bytes = Buffer.allocUnsafe(most);
    let at = 0;
    for (const [i, text] of this.#texts.entries()) {
      const length = bytes.write(text, at);
      this.#spans[2 * i] = at;
      this.#spans[2 * i + 1] = length;
      at += length;
    }
    return { bytes, spans: this.#spans };
  }
}
