import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Output, OutputRecord } from '../../src/delivery/outcome.ts';
import { deadLetterRecord } from '../../src/delivery/dead-letter.ts';
import { resultRecord } from '../../src/delivery/record.ts';
import type { DeadLetterStore, Stored } from '../../src/outputs/dead-letters/contract.ts';
import { failureOf, outcomeOf } from '../delivery/outcome-kit.ts';

/** A place for dead letters of its own. */
export interface StoreRig {
  /** What a server writes with. */
  output(): Promise<Output>;
  open(readOnly: boolean): Promise<DeadLetterStore>;
  remove?(): Promise<void>;
}

export interface StoreSuite {
  readonly kind: string;
  readonly rig: () => Promise<StoreRig>;
}

export const letter = (name: string, more: Parameters<typeof failureOf>[3] = {}): OutputRecord => deadLetterRecord(failureOf(name, 'Some.Error', 'why', { value: Buffer.from(JSON.stringify({ name })), ...more }));

/** What every store of dead letters does. */
export function describeDeadLetterStore({ kind, rig: makeRig }: StoreSuite): void {
  describe(`dead letters in a ${kind} store`, { timeout: 120_000 }, () => {
    let rig: StoreRig;
    let output: Output;
    beforeAll(async () => {
      rig = await makeRig();
      output = await rig.output();
    });
    afterAll(async () => {
      await output.close();
      await rig.remove?.();
    });
    const put = async (...records: OutputRecord[]): Promise<void> => {
      for (let from = 0; from < records.length; from += output.limits.maxRecords) expect(await output.write(records.slice(from, from + output.limits.maxRecords))).toEqual([]);
    };

    /** Everything that is in the store, by execution. */
    async function all(): Promise<Map<string, Stored>> {
      const store = await rig.open(true);
      const found = new Map<string, Stored>();
      try {
        for await (const lot of store.read()) {
          for (const stored of lot) {
            expect(found.has(stored.letter.execution)).toBe(false);
            found.set(stored.letter.execution, stored);
          }
        }
      } finally {
        await store.close();
      }
      return found;
    }

    /** Goes through the store and removes what `of` says; answers the executions that it met. */
    async function remove(of: (stored: Stored) => boolean, more: { readonly after?: number } = {}): Promise<string[]> {
      const store = await rig.open(false);
      const met: string[] = [];
      try {
        for await (const lot of store.read()) {
          met.push(...lot.map((stored) => stored.letter.execution));
          await store.remove(lot.filter(of));
          if (met.length >= (more.after ?? Number.POSITIVE_INFINITY)) break;
        }
      } finally {
        await store.close();
      }
      return met;
    }

    it('are none in a store that is empty', async () => {
      expect(await all()).toEqual(new Map());
      expect(await remove(() => true)).toEqual([]);
    });

    it('are read as they were put, and what is none is passed by', async () => {
      const value = Buffer.from([0x00, 0xff, 0x7b]);
      const headers = { trace: 't-1', 'millrace-execution': 'upstream', odd: ['a', { base64: '/w==' }] };
      await put(letter('plain', { key: Buffer.from('k'), value, headers: JSON.stringify(headers), coordinate: '{"topic":"readings","partition":3,"offset":17}', attempts: 3 }));
      await put(resultRecord(outcomeOf('a result', { output: '{"reason":"its own","execution":"x","attempts":1}' })));
      await put(letter('empty', { value: Buffer.alloc(0) }));
      const found = await all();
      expect([...found.keys()]).toEqual(['plain', 'empty']);
      expect(found.get('plain')!.letter).toMatchObject({ reason: 'FAILED', error: 'Some.Error', cause: 'why', machine: 'triage', source: 'readings', coordinate: '{"topic":"readings","partition":3,"offset":17}', attempts: 3, headers });
      expect(Buffer.from(found.get('plain')!.letter.value)).toEqual(value);
      expect(Buffer.from(found.get('plain')!.letter.key!)).toEqual(Buffer.from('k'));
      expect(found.get('empty')!.letter.value.length).toBe(0);
      // Reading changes nothing.
      expect([...(await all()).keys()]).toEqual(['plain', 'empty']);
    });

    it('are gone when they have been removed, and the others are not', async () => {
      await put(...Array.from({ length: 1000 }, (_, i) => letter(`many-${i}`, { key: Buffer.from(String(i % 13)) })));
      const met = await remove(({ letter: { execution } }) => execution.startsWith('many-') && Number(execution.slice(5)) % 3 === 0);
      expect(met).toHaveLength(1002);
      const left = [...(await all()).keys()];
      expect(left.toSorted()).toEqual(['plain', 'empty', ...Array.from({ length: 1000 }, (_, i) => i).filter((i) => i % 3 !== 0).map((i) => `many-${i}`)].toSorted());
    });

    it('stay when the reader leaves half-way, and those after the place where it left too', async () => {
      const before = new Set((await all()).keys());
      const removed: string[] = [];
      await remove(({ letter: { execution } }) => removed.push(execution) > 0, { after: 1 });
      expect(removed.length).toBeGreaterThan(0);
      expect(removed.length).toBeLessThan(before.size);
      const left = new Set((await all()).keys());
      expect([...before].filter((name) => !left.has(name)).toSorted()).toEqual(removed.toSorted());
    });

    it('that come while it is read are not among those that are read, and not lost', async () => {
      const before = (await all()).size;
      const store = await rig.open(false);
      let met = 0;
      let first = true;
      for await (const lot of store.read()) {
        // As a redriven event does that fails again.
        if (first) await put(...Array.from({ length: 20 }, (_, i) => letter(`late-${i}`)));
        first = false;
        met += lot.length;
        await store.remove(lot);
      }
      await store.close();
      expect(met).toBe(before);
      expect([...(await all()).keys()].toSorted()).toEqual(Array.from({ length: 20 }, (_, i) => `late-${i}`).toSorted());
      expect(await remove(() => true)).toHaveLength(20);
      expect(await all()).toEqual(new Map());
    });
  });
}
