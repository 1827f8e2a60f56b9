import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDispatch, type DispatchLimits } from '../../src/delivery/dispatch.ts';
import type { Dispatch, End, Parcel, Settler } from '../../src/delivery/contract.ts';
import { createPool, type Pool, type PoolOptions } from '../../src/pool/pool.ts';

/** Counts every report of every event, so that a lost or a doubled one shows. */
export class Ledger implements Settler {
  readonly ends = new Map<string, End | 'SUCCEEDED'>();
  readonly parkedEvents = new Set<string>();
  doubled = 0;
  readonly order: string[] = [];

  succeeded(parcel: Parcel, from: number, to: number): void {
    for (let i = from; i < to; i++) this.#note(parcel, i, 'SUCCEEDED');
  }

  ended(parcel: Parcel, index: number, end: End): void {
    this.#note(parcel, index, end);
  }

  parked(parcel: Parcel, index: number): void {
    this.parkedEvents.add(`${String(parcel.tag)}/${index}`);
  }

  count(status: string): number {
    return [...this.ends.values()].filter((end) => (typeof end === 'string' ? end : end.status) === status).length;
  }

  end(key: string): End {
    return this.ends.get(key) as End;
  }

  #note(parcel: Parcel, index: number, end: End | 'SUCCEEDED'): void {
    const key = `${String(parcel.tag)}/${index}`;
    if (this.ends.has(key)) this.doubled++;
    this.ends.set(key, end);
    this.order.push(key);
  }
}

export interface Rig {
  readonly pool: Pool;
  readonly dispatch: Dispatch;
  readonly ledger: Ledger;
  readonly folder: string;
  offer(machine: string, events: readonly unknown[], more?: Partial<Parcel>): Parcel;
  raw(machine: string, events: readonly (string | Buffer)[], more?: Partial<Parcel>): Parcel;
  close(): Promise<void>;
}

/** A real pool and a real dispatch, with functions given as source text. */
export async function createRig(machines: Record<string, unknown>, functions: Record<string, string> = {}, options: PoolOptions & { limits?: DispatchLimits } = {}): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-pool-'));
  for (const [name, source] of Object.entries(functions)) writeFileSync(join(folder, `${name}.mjs`), source);
  const { limits, ...poolOptions } = options;
  const pool = createPool({ workers: 1, ...poolOptions });
  for (const [machine, definition] of Object.entries(machines)) {
    await pool.install({ machine, definition: JSON.stringify(definition), functionsFolder: folder, functionsRevision: '1' });
  }
  const dispatch = createDispatch({ lanes: pool.lanes, machines: pool, ...(limits === undefined ? {} : { limits }) });
  const ledger = new Ledger();
  let parcels = 0;
  const raw: Rig['raw'] = (machine, events, more = {}) => {
    const texts = events.map((event) => Buffer.from(event));
    const spans = new Uint32Array(2 * texts.length);
    let at = 0;
    for (const [i, text] of texts.entries()) {
      spans[2 * i] = at;
      spans[2 * i + 1] = text.length;
      at += text.length;
    }
    const tag = `p${parcels++}`;
    const parcel: Parcel = {
      settler: ledger,
      machine,
      count: texts.length,
      bytes: Buffer.concat(texts),
      spans,
      names: { prefix: tag, firstSerial: 0 },
      startTimeMs: Date.now(),
      wantsOutput: false,
      lane: -1,
      tag,
      ...more,
    };
    dispatch.offer(parcel);
    return parcel;
  };
  return {
    pool,
    dispatch,
    ledger,
    folder,
    raw,
    offer: (machine, events, more) => raw(machine, events.map((event) => JSON.stringify(event)), more),
    async close() {
      await pool.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Polls until the condition holds. */
export async function until(condition: () => boolean, what: string, deadlineMs = 60_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const pass = (states: Record<string, unknown>, startAt = Object.keys(states)[0]): unknown => ({ StartAt: startAt, States: states });
export const task = (name: string): unknown => pass({ Run: { Type: 'Task', Resource: `arn:aws:lambda:us-east-1:000000000000:function:${name}`, End: true } });
export const ECHO = pass({ Echo: { Type: 'Pass', End: true } });
export const WAIT = pass({ Wait: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'Done' }, Done: { Type: 'Succeed' } });
