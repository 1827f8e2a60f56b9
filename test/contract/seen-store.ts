import { afterEach, describe, expect, it } from 'vitest';
import type { SeenEvent, SeenStore, Verdict } from '../../src/delivery/seen/contract.ts';
import { until } from '../lib/until.ts';

/** Two ways to the same memory: those of two processes where the store is shared, the same one twice where it is not. */
export interface SeenPair {
  readonly one: SeenStore;
  readonly two: SeenStore;
  close(): Promise<void>;
}

const LONG_MS = 3_600_000;

export const seen = (id: string, name = id): SeenEvent => ({ id, name });

/** What every memory of events must do. `create` makes an empty one. */
export function describeSeenStore(kind: string, create: (windowMs: number) => SeenPair | Promise<SeenPair>): void {
  describe(`${kind} as a memory of events`, () => {
    const open: SeenPair[] = [];
    const pair = async (windowMs = LONG_MS): Promise<SeenPair> => {
      const made = await create(windowMs);
      open.push(made);
      await Promise.all([made.one.ready(), made.two.ready()]);
      return made;
    };
    afterEach(async () => {
      for (const made of open.splice(0)) await made.close();
    });

    it('gives an id to the first event that claims it', async () => {
      const { one, two } = await pair();
      expect(await one.claim([seen('a', 'a1'), seen('b', 'b1')])).toEqual(['new', 'new']);
      expect(await two.claim([seen('a', 'a2'), seen('c', 'c1'), seen('b', 'b2')])).toEqual(['duplicate', 'new', 'duplicate']);
    });

    it('lets the same event run again as long as it has not ended', async () => {
      const { one, two } = await pair();
      await one.claim([seen('a', 'a1')]);
      expect(await two.claim([seen('a', 'a1')])).toEqual(['again']);
      expect(await one.claim([seen('a', 'a1'), seen('a', 'a2')])).toEqual(['again', 'duplicate']);
    });

    it('knows an event that has ended, and its duplicates still', async () => {
      const { one, two } = await pair();
      await one.claim([seen('a', 'a1'), seen('b', 'b1')]);
      await one.done([seen('a', 'a1')]);
      expect(await two.claim([seen('a', 'a1'), seen('a', 'a2'), seen('b', 'b1')])).toEqual(['done', 'duplicate', 'again']);
    });

    it('takes the second of two events in one question for the duplicate', async () => {
      const { one } = await pair();
      expect(await one.claim([seen('a', 'a1'), seen('b', 'b1'), seen('a', 'a2'), seen('a', 'a1')])).toEqual(['new', 'new', 'duplicate', 'again']);
    });

    it('remembers the end of an event whose claim it has forgotten', async () => {
      const { one, two } = await pair();
      await one.done([seen('a', 'a1')]);
      expect(await two.claim([seen('a', 'a1'), seen('a', 'a2')])).toEqual(['done', 'duplicate']);
    });

    it('leaves an id to the event that has it', async () => {
      const { one, two } = await pair();
      await one.claim([seen('a', 'a1')]);
      await two.done([seen('a', 'a2')]);
      await two.forget([seen('a', 'a2')]);
      two.abandon([seen('a', 'a2')]);
      expect(await one.claim([seen('a', 'a1'), seen('a', 'a2')])).toEqual(['again', 'duplicate']);
    });

    it('frees the id of an event that is to run when it comes again', async () => {
      const { one, two } = await pair();
      await one.claim([seen('a', 'a1'), seen('b', 'b1')]);
      await one.forget([seen('a', 'a1'), seen('b', 'b1')]);
      expect(await two.claim([seen('a', 'a2'), seen('b', 'b1')])).toEqual(['new', 'new']);
    });

    it('does not forget that an event has ended', async () => {
      const { one, two } = await pair();
      await one.claim([seen('a', 'a1')]);
      await one.done([seen('a', 'a1')]);
      await two.forget([seen('a', 'a1')]);
      two.abandon([seen('a', 'a1')]);
      expect(await one.claim([seen('a', 'a1'), seen('a', 'a2')])).toEqual(['done', 'duplicate']);
    });

    it('lets an abandoned event run', async () => {
      const { one, two } = await pair();
      await one.claim([seen('a', 'a1')]);
      one.abandon([seen('a', 'a1')]);
      expect(['new', 'again']).toContain((await two.claim([seen('a', 'a1')]))[0]);
    });

    it('forgets claims and ends after the window, which duplicates do not extend', async () => {
      const { one, two } = await pair(400);
      await one.claim([seen('running', 'r0'), seen('ended', 'e0')]);
      await one.done([seen('ended', 'e0')]);
      const answers: (Verdict | undefined)[][] = [[], []];
      let n = 0;
      await until(async () => {
        n++;
        const verdicts = await two.claim([seen('running', answers[0]!.includes('new') ? 'r0' : `r${n}`), seen('ended', answers[1]!.includes('new') ? 'e0' : `e${n}`)]);
        for (const [i, verdict] of verdicts.entries()) if (!answers[i]!.includes('new')) answers[i]!.push(verdict);
        return answers.every((verdicts) => verdicts.includes('new'));
      }, 'both ids to be free');
      for (const verdicts of answers) expect(new Set(verdicts.slice(0, -1))).toEqual(new Set(verdicts.length > 1 ? ['duplicate'] : []));
    });

    it('gives an id to one of two that ask at the same time', async () => {
      const { one, two } = await pair();
      const ids = Array.from({ length: 600 }, (_, i) => `id-${i}`);
      const [first, second] = await Promise.all([one.claim(ids.map((id) => seen(id, `${id}-1`))), two.claim(ids.toReversed().map((id) => seen(id, `${id}-2`)))]);
      const winners = ids.map((_, i) => [first[i], second[ids.length - 1 - i]].filter((verdict) => verdict === 'new').length);
      expect(new Set(winners)).toEqual(new Set([1]));
    });

    it('takes ids of any printable characters', async () => {
      const { one, two } = await pair();
      const ids = ['{}', '{a}:b', ':', '*', '__proto__', '"\\', 'x'.repeat(80), '0'];
      expect(await one.claim(ids.map((id) => seen(id, 'n1')))).toEqual(ids.map(() => 'new'));
      await one.done(ids.slice(0, 4).map((id) => seen(id, 'n1')));
      expect(await two.claim(ids.map((id) => seen(id, 'n1')))).toEqual(ids.map((_, i) => (i < 4 ? 'done' : 'again')));
    });

    it('has nothing to say about nothing', async () => {
      const { one } = await pair();
      expect(await one.claim([])).toEqual([]);
      await one.done([]);
      await one.forget([]);
    });

    it('keeps 100,000 ids apart', { timeout: 120_000 }, async () => {
      const { one, two } = await pair();
      const batches = Array.from({ length: 50 }, (_, b) => Array.from({ length: 2000 }, (_, i) => seen(`order-${b * 2000 + i}`, `orders-0-${b * 2000 + i}`)));
      const counts: Partial<Record<Verdict, number>> = {};
      const count = (verdicts: readonly Verdict[]): void => {
        for (const verdict of verdicts) counts[verdict] = (counts[verdict] ?? 0) + 1;
      };
      for (const batch of batches) {
        count(await one.claim(batch));
        await one.done(batch);
      }
      expect(counts).toEqual({ new: 100_000 });
      for (const batch of batches) count(await two.claim(batch.map(({ id, name }, i) => seen(id, i % 2 === 0 ? name : `${name}-other`))));
      expect(counts).toEqual({ new: 100_000, done: 50_000, duplicate: 50_000 });
    });
  });
}
