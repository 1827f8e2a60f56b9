import { expect, it } from 'vitest';
import type { Dispatch, Parcel } from '../../src/delivery/contract.ts';
import { createVolatileJournal } from '../../src/delivery/journal/volatile.ts';
import { createOutcomes } from '../../src/delivery/outcomes.ts';
import { JournaledStarts } from '../../src/engine/journaled-starts.ts';
import { createEmbeddedStore } from '../../src/store/embedded.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { ScriptedOutput, settled } from '../delivery/outcome-kit.ts';

/** Ends every event at once, with an output of some size. */
function endless(outputBytes: number): Dispatch & { readonly offered: Parcel[] } {
  const offered: Parcel[] = [];
  return {
    offered,
    hasRoom: () => true,
    mostFor: () => 1000,
    offer(parcel) {
      offered.push(parcel);
      for (let i = 0; i < parcel.count; i++) parcel.settler.ended(parcel, i, { status: 'SUCCEEDED', output: JSON.stringify('x'.repeat(outputBytes)), startTimeMs: 0, stopTimeMs: 1, redeliveries: 0 });
    },
    onRoom: () => undefined,
    forget: () => undefined,
    withdraw: () => [],
    halt: () => Promise.resolve(),
    drain: () => Promise.resolve(0),
    inFlight: 0,
    inFlightBytes: 0,
    queued: 0,
  };
}

it('takes no more starts than memory holds while what has ended waits for an output', async () => {
  const output = new ScriptedOutput({ maxRecords: 1 });
  const outcomes = createOutcomes({ outputs: [{ config: { name: 'away', when: {} }, output }], log: silentLog, refused: (_outcome, _output, _error, done) => done(), maxQueuedBytes: 10_000 });
  const dispatch = endless(3000);
  const starts = new JournaledStarts({ dispatch, journal: createVolatileJournal(), store: createEmbeddedStore({}), refusals: { reject: () => undefined, poisoned: () => undefined }, outcomes, now: () => 0 });
  const bulk = starts.startMany('triage');
  let added = 0;
  const adding = (async () => {
    for (; added < 10; added++) await bulk.add(Buffer.from('{}'), Uint32Array.of(0, 2));
  })();
  for (let turn = 0; turn < 20; turn++) await settled();
  expect(outcomes.full).toBe(true);
  expect(starts.hasRoom('triage', 1, 2)).toBe(false);
  const stopped = dispatch.offered.length;
  expect(stopped).toBeGreaterThanOrEqual(3);
  expect(added).toBeLessThan(10);
  // The output takes one after the other, and the request goes on.
  output.answer = () => Promise.resolve([]);
  output.writes[0]!.accept();
  await adding;
  expect(dispatch.offered.length).toBe(10);
  await outcomes.drained();
  expect(starts.hasRoom('triage', 1, 2)).toBe(true);
});
