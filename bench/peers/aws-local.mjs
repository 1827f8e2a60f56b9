import { compileWithPeer } from '../engine.mjs';
import { definition, events } from '../lib/machine.mjs';
import { row } from '../lib/measure.mjs';

/** The npm package aws-local-stepfunctions, which runs the same language in process, for tests. */
export async function run(options) {
  const { ours, peer } = await compileWithPeer('in process', definition, events(4096).map((text) => JSON.parse(text)), options);
  return [
    row({
      suite: 'peers',
      case: 'in process, one thread',
      ours,
      baseline: peer,
      baselineName: 'aws-local-stepfunctions',
      guarantees: { ours: 'the engine alone: nothing is kept', baseline: 'nothing is kept; each execution is an object with an event log' },
    }),
  ];
}
