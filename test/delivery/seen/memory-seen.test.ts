import { expect, it } from 'vitest';
import { createMemorySeen } from '../../../src/delivery/seen/memory-seen.ts';
import { describeSeenStore, seen } from '../../contract/seen-store.ts';

describeSeenStore('a process', (windowMs) => {
  const store = createMemorySeen({ windowMs });
  return { one: store, two: store, close: () => store.close() };
});

it('forgets what is oldest rather than grow without end', async () => {
  const store = createMemorySeen({ windowMs: 3_600_000, maxIds: 100 });
  for (let i = 0; i < 1000; i++) await store.claim([seen(`id-${i}`)]);
  const verdicts = await store.claim(Array.from({ length: 100 }, (_, i) => seen(`id-${900 + i}`)));
  expect(verdicts).toEqual(verdicts.map(() => 'again'));
  expect(await store.claim([seen('id-0')])).toEqual(['new']);
});
