import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_ARN_SCOPE, executionArn, machineArn } from '../../src/delivery/arn.ts';
import type { End } from '../../src/delivery/contract.ts';
import type { ExecutionStore, StartedExecution } from '../../src/store/contract.ts';

export interface StoreLimits {
  readonly maxExecutions?: number;
  readonly maxBytes?: number;
}

const START_MS = 1_700_000_000_000;

export function execution(name: string, input = '{"n":1}', startTimeMs = START_MS): StartedExecution {
  return { executionArn: executionArn(DEFAULT_ARN_SCOPE, 'triage', name, startTimeMs), name, machine: 'triage', startTimeMs, input: Buffer.from(input) };
}

export const end = (more: Partial<End> = {}): End => ({ status: 'SUCCEEDED', startTimeMs: START_MS, stopTimeMs: START_MS + 7, redeliveries: 0, ...more });

/** What every memory of executions must do. `create` makes an empty one. */
export function describeExecutionStore(kind: string, create: (limits: StoreLimits) => ExecutionStore | Promise<ExecutionStore>): void {
  describe(`${kind} as an execution store`, () => {
    let store: ExecutionStore;
    beforeEach(async () => {
      store = await create({});
    });
    afterEach(async () => {
      await store.close();
    });

    it('describes an execution while it runs', async () => {
      const started = execution('e1', '{"greeting":"grüß dich \u{1f600}"}');
      store.started(started);
      expect(await store.get(started.executionArn)).toEqual({
        executionArn: started.executionArn, name: 'e1', startTimeMs: START_MS, machineArn: machineArn(DEFAULT_ARN_SCOPE, 'triage'),
        status: 'RUNNING', input: '{"greeting":"grüß dich \u{1f600}"}',
      });
    });

    it('describes how it ended', async () => {
      const [good, bad, late] = [execution('good'), execution('bad'), execution('late')] as const;
      for (const each of [good, bad, late]) store.started(each);
      store.ended(good.executionArn, end({ output: '{"ok":true}' }));
      store.ended(bad.executionArn, end({ status: 'FAILED', error: 'Gateway.Down', cause: 'no answer' }));
      store.ended(late.executionArn, end({ status: 'TIMED_OUT' }));
      expect(await store.get(good.executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '{"ok":true}', stopTimeMs: START_MS + 7 });
      expect(await store.get(bad.executionArn)).toMatchObject({ status: 'FAILED', error: 'Gateway.Down', cause: 'no answer' });
      expect(await store.get(late.executionArn)).toMatchObject({ status: 'TIMED_OUT' });
    });

    it('tells an execution that intake refused, or that took its workers down, as failed with that error', async () => {
      const [refused, poison] = [execution('refused'), execution('poison')] as const;
      store.started(refused);
      store.started(poison);
      store.ended(refused.executionArn, end({ status: 'REJECTED', error: 'INPUT_REJECTED', cause: 'n must be a string' }));
      store.ended(poison.executionArn, end({ status: 'POISON' }));
      expect(await store.get(refused.executionArn)).toMatchObject({ status: 'FAILED', error: 'INPUT_REJECTED' });
      expect(await store.get(poison.executionArn)).toMatchObject({ status: 'FAILED', error: 'POISON' });
    });

    it('leaves out what is not known rather than setting it to undefined', async () => {
      const started = execution('bare');
      store.started(started);
      store.ended(started.executionArn, end());
      expect(Object.keys((await store.get(started.executionArn)) ?? {})).not.toContain('output');
    });

    it('knows nothing of other executions, and takes their ends in silence', async () => {
      store.ended(execution('stranger').executionArn, end());
      expect(await store.get(execution('stranger').executionArn)).toBeUndefined();
      expect(await store.get('__proto__')).toBeUndefined();
      expect(await store.get('')).toBeUndefined();
    });

    it('keeps its own copy of the input', async () => {
      const started = execution('reused', '{"n":1}');
      store.started(started);
      started.input.fill(0x20);
      expect(await store.get(started.executionArn)).toMatchObject({ input: '{"n":1}' });
    });

    it('has an execution running again that starts again', async () => {
      const started = execution('again');
      store.started(started);
      store.ended(started.executionArn, end());
      store.started(started);
      expect(await store.get(started.executionArn)).toMatchObject({ status: 'RUNNING' });
      expect(store.size).toBe(1);
    });

    it('forgets what ended first, whatever began first', async () => {
      const small = await create({ maxExecutions: 3 });
      const [a, b, c, d] = [execution('a'), execution('b'), execution('c'), execution('d')] as const;
      for (const each of [a, b, c]) small.started(each);
      small.ended(c.executionArn, end());
      small.ended(b.executionArn, end());
      small.started(d);
      expect(await small.get(c.executionArn)).toBeUndefined();
      expect(await small.get(b.executionArn)).toMatchObject({ status: 'SUCCEEDED' });
      expect(await small.get(a.executionArn)).toMatchObject({ status: 'RUNNING' });
      expect(small.size).toBe(3);
      await small.close();
    });

    it('forgets the oldest running one when none has ended', async () => {
      const small = await create({ maxExecutions: 2 });
      const [a, b, c] = [execution('a'), execution('b'), execution('c')] as const;
      for (const each of [a, b, c]) small.started(each);
      expect(await small.get(a.executionArn)).toBeUndefined();
      expect(await small.get(c.executionArn)).toMatchObject({ status: 'RUNNING' });
      small.ended(a.executionArn, end());
      expect(await small.get(a.executionArn)).toBeUndefined();
      await small.close();
    });

    it('stays within its bytes, outputs included', async () => {
      const small = await create({ maxBytes: 100_000 });
      for (let i = 0; i < 200; i += 1) {
        const started = execution(`big-${i}`, JSON.stringify('x'.repeat(2000)));
        small.started(started);
        small.ended(started.executionArn, end({ output: JSON.stringify('y'.repeat(2000)) }));
        expect(small.bytes).toBeLessThanOrEqual(100_000);
      }
      expect(small.size).toBeGreaterThan(5);
      expect(await small.get(execution('big-199').executionArn)).toBeDefined();
      await small.close();
    });
  });
}
