import { describe, expect, it } from 'vitest';
import { createEmbeddedStore } from '../../src/store/embedded.ts';
import { describeExecutionStore, end, execution } from '../contract/execution-store.ts';

describeExecutionStore('the embedded store', (limits) => createEmbeddedStore(limits));

describe('the embedded store', () => {
  it('remembers 10,000 executions unless told otherwise', () => {
    const store = createEmbeddedStore();
    for (let i = 0; i < 12_000; i += 1) {
      store.started(execution(`e-${i}`));
    }
    expect(store.size).toBe(10_000);
  });

  it('holds no bytes once it has forgotten everything', () => {
    const store = createEmbeddedStore({ maxBytes: 1 });
    store.started(execution('too-large'));
    store.ended(execution('too-large').executionArn, end());
    expect(store.size).toBe(0);
    expect(store.bytes).toBe(0);
    store.close();
  });

  it('names machines in the scope that it is given', () => {
    const store = createEmbeddedStore({ scope: { region: 'eu-central-1', account: '123456789012' } });
    const started = execution('scoped');
    store.started(started);
    expect(store.get(started.executionArn)?.machineArn).toBe('arn:aws:states:eu-central-1:123456789012:stateMachine:triage');
  });
});
