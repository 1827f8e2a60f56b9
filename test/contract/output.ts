import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Output, OutputRecord, Refusal } from '../../src/delivery/outcome.ts';
import { outcomeOf, failureOf } from '../delivery/outcome-kit.ts';
import { resultRecord } from '../../src/delivery/record.ts';
import { eventually } from '../lib/server-process.ts';

/** A record as its peer has it. */
export interface Taken {
  readonly id: string;
  /** Null: none, or the kind has no place for it. */
  readonly key: string | null;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An output and the peer behind it. */
export interface OutputRig {
  readonly output: Output;
  /** A second output to the same peer. */
  create(): Promise<Output>;
  /** What the peer has, in its order. */
  taken(): Promise<readonly Taken[]>;
  /** Ends the peer, and has it there again with what it had. */
  stop(): Promise<void>;
  start(): Promise<void>;
  remove?(): Promise<void>;
}

export interface OutputSuite {
  readonly kind: string;
  /** With a peer of its own that can be stopped, where that is asked for. */
  readonly rig: (options: { own: boolean }) => Promise<OutputRig>;
  readonly carriesKeys: boolean;
  readonly carriesHeaders: boolean;
  /** A repeat is not a second record. */
  readonly knowsRepeats?: boolean;
  /** The peer can be away. */
  readonly away?: boolean;
  /** How long a peer takes to be there again. */
  readonly restartMs?: number;
}

const record = (name: string, more: Partial<OutputRecord> = {}): OutputRecord => ({ ...resultRecord(outcomeOf(name)), ...more });
const keyed = (name: string, key: string): OutputRecord => record(name, { key: Buffer.from(key) });
const many = (prefix: string, count: number, keys = 7): OutputRecord[] => Array.from({ length: count }, (_, i) => keyed(`${prefix}-${i}`, `key-${i % keys}`));
const idsOf = (records: readonly { readonly id: string }[]): string[] => records.map(({ id }) => id);

/** What every kind of output does. */
export function describeOutput({ kind, rig: makeRig, carriesKeys, carriesHeaders, knowsRepeats = false, away = true, restartMs = 60_000 }: OutputSuite): void {
  describe(`the ${kind} output`, () => {
    let rig: OutputRig;
    const write = (records: readonly OutputRecord[]): Promise<readonly Refusal[]> => rig.output.write(records);
    const takenOf = async (prefix: string): Promise<readonly Taken[]> => (await rig.taken()).filter(({ id }) => id === prefix || id.startsWith(`${prefix}-`));
    beforeAll(async () => {
      rig = await makeRig({ own: false });
    }, restartMs);
    afterAll(async () => {
      await rig.output.close();
      await rig.remove?.();
    });

    it('has given a record to its peer, all of it, when the write resolves', async () => {
      const success = record('whole', { key: Buffer.from('the key'), value: Buffer.from('{"grüße":"🌍","n":1.0,"big":12345678901234567890}') });
      expect(await write([success])).toEqual([]);
      expect(await takenOf('whole')).toEqual([
        {
          id: 'whole',
          key: carriesKeys ? 'the key' : null,
          value: '{"grüße":"🌍","n":1.0,"big":12345678901234567890}',
          headers: carriesHeaders ? success.headers : {},
        },
      ]);
      expect(rig.output.trouble).toBeUndefined();
    });

    it('takes records without a key, failures, and headers beyond ASCII', async () => {
      const failure = resultRecord(failureOf('odd-1', 'Some.Error', 'a cause\nof two lines: "ü"'));
      const odd = record('odd-2', { headers: { ...record('odd-2').headers, 'millrace-machine': 'über\u{1f30d}' } });
      expect(await write([failure, odd])).toEqual([]);
      const taken = await takenOf('odd');
      expect(taken.map(({ id }) => id).toSorted()).toEqual(['odd-1', 'odd-2']);
      expect(taken.find(({ id }) => id === 'odd-1')).toMatchObject({ key: null, value: '{"error":"Some.Error","cause":"a cause\\nof two lines: \\"ü\\""}' });
      if (carriesHeaders) expect(taken.find(({ id }) => id === 'odd-2')!.headers['millrace-machine']).toBe('über\u{1f30d}');
    });

    it('takes nothing when there is nothing', async () => {
      expect(await write([])).toEqual([]);
    });

    it('takes as much as its limits say in one write, each record once and those of a key in order', async () => {
      const records = many('bulk', Math.min(rig.output.limits.maxRecords, 3000));
      expect(await write(records)).toEqual([]);
      const taken = await takenOf('bulk');
      expect(idsOf(taken).toSorted()).toEqual(idsOf(records).toSorted());
      for (let k = 0; k < (carriesKeys ? 7 : 0); k++) {
        expect(idsOf(taken.filter(({ key }) => key === `key-${k}`))).toEqual(idsOf(records.filter((_, i) => i % 7 === k)));
      }
    });

    it('takes large values and small ones beside them', async () => {
      const large = JSON.stringify('x'.repeat(256 * 1024 - 2));
      const records = [record('large-0', { value: Buffer.from(large) }), record('large-1'), record('large-2', { value: Buffer.from(large) }), record('large-3', { value: Buffer.from('null') })];
      expect(await write(records)).toEqual([]);
      const taken = await takenOf('large');
      expect(Object.fromEntries(taken.map(({ id, value }) => [id, value.length]))).toEqual({ 'large-0': large.length, 'large-1': '{"name":"large-1"}'.length, 'large-2': large.length, 'large-3': 4 });
    });

    it('keeps the order of a key over writes that are under way at the same time', async () => {
      const writes = Array.from({ length: Math.min(20, rig.output.limits.maxWrites * 20) }, (_, i) => [keyed(`together-${i}`, i % 2 === 0 ? 'even' : 'odd')]);
      await Promise.all(writes.map(write));
      const taken = await takenOf('together');
      expect(taken).toHaveLength(writes.length);
      for (const key of carriesKeys ? ['even', 'odd'] : []) {
        expect(idsOf(taken.filter((one) => one.key === key))).toEqual(writes.flat().flatMap(({ id }, i) => ((i % 2 === 0) === (key === 'even') ? [id] : [])));
      }
    });

    it('takes a record that is written again', async () => {
      await write([record('again')]);
      await write([record('again')]);
      expect(await takenOf('again')).toHaveLength(knowsRepeats ? 1 : 2);
    });

    it('has two of its kind write beside one another', async () => {
      const other = await rig.create();
      try {
        await Promise.all([write(many('one', 100).slice(0, rig.output.limits.maxRecords)), other.write(many('other', 100).slice(0, other.limits.maxRecords))]);
        const { maxRecords } = other.limits;
        expect(await takenOf('one')).toHaveLength(Math.min(100, maxRecords));
        expect(await takenOf('other')).toHaveLength(Math.min(100, maxRecords));
      } finally {
        await other.close();
      }
    });

    it('rejects what is written after it was closed', async () => {
      const other = await rig.create();
      await other.write([record('before-closing')]);
      await other.close();
      await expect(other.write([record('after-closing')])).rejects.toMatchObject({ retryable: true });
      expect(await takenOf('after-closing')).toEqual([]);
    });
  });

  if (!away) return;
  describe(`the ${kind} output, its peer away`, { timeout: restartMs + 90_000 }, () => {
    let rig: OutputRig;
    beforeAll(async () => {
      rig = await makeRig({ own: true });
    }, restartMs + 30_000);
    afterAll(async () => {
      await rig.output.close();
      await rig.remove?.();
    }, 30_000);

    /** Writes as a queue does: again, until it is taken. */
    async function writeUntilTaken(records: readonly OutputRecord[]): Promise<void> {
      for (;;) {
        try {
          expect(await rig.output.write(records)).toEqual([]);
          return;
        } catch (error) {
          expect(error).toMatchObject({ retryable: true });
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
      }
    }

    it('says so, loses nothing, and goes on by itself', async () => {
      await rig.output.write([record('first')]);
      await rig.stop();
      let pending = true;
      const second = writeUntilTaken([record('second')]).finally(() => (pending = false));
      await eventually(() => rig.output.trouble !== undefined, 'the output says what is wrong', 60_000);
      expect(rig.output.trouble).toMatch(/\w+/);
      expect(pending).toBe(true);
      await rig.start();
      await second;
      expect(rig.output.trouble).toBeUndefined();
      await rig.output.write([record('third')]);
      expect([...new Set(idsOf(await rig.taken()))]).toEqual(['first', 'second', 'third']);
    });

    it('loses nothing of what it said was taken when the peer comes and goes under load', async () => {
      const accepted: string[] = [];
      const enough = new AbortController();
      const writing = (async () => {
        for (let i = 0; !enough.signal.aborted || i < 50; i++) {
          const records = many(`load${i}`, Math.min(rig.output.limits.maxRecords, 20));
          await writeUntilTaken(records);
          accepted.push(...idsOf(records));
        }
      })();
      for (let round = 0; round < 2; round++) {
        const before = accepted.length;
        await eventually(() => accepted.length > before + 40, 'records are taken', 90_000);
        await rig.stop();
        await rig.start();
      }
      enough.abort();
      await writing;
      const taken = new Set(idsOf(await rig.taken()));
      expect(accepted.filter((id) => !taken.has(id))).toEqual([]);
    });

    it('ends a write that cannot be done when it is closed', async () => {
      const other = await rig.create();
      await other.write([record('open')]);
      await rig.stop();
      const write = other.write([record('never')]).then(
        () => 'taken',
        (error: { retryable: boolean }) => error.retryable,
      );
      await other.close();
      expect(await write).toBe(true);
      await rig.start();
    });
  });
}
