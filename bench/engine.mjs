import { strict as assert } from 'node:assert';
import { compile, createRuntime } from '../dist/index.js';
import { byHand, definition, events, jsonataDefinition, pickByHand, pickDefinition, pickJsonataDefinition } from './lib/machine.mjs';
import { race, row } from './lib/measure.mjs';

const origin = {
  machineName: 'bench',
  machineArn: 'arn:aws:states:local:000000000000:stateMachine:bench',
  roleArn: '',
  nameOf: (index) => `bench-${index}`,
  arnOf: (index) => `arn:aws:states:local:000000000000:express:bench:bench-${index}:0`,
  startTimeOf: () => 0,
};

function executor() {
  const runtime = createRuntime();
  return (program, input) => {
    if (runtime.begin(program, input, 145, origin, 0, 0) !== 0) throw new Error(`failed: ${runtime.outcome.error} ${runtime.outcome.cause}`);
    return runtime.outcome.output;
  };
}

/** The engine on one thread against hand-written JavaScript doing the same, in memory and with JSON in and out. */
export async function run(options = {}) {
  const texts = events(4096);
  const parsed = texts.map((text) => JSON.parse(text));
  const execute = executor();
  const rows = [];
  for (const [name, hand, jsonPath, jsonata] of [
    ['add a field', byHand, compile(definition), compile(jsonataDefinition)],
    ['pick fields', pickByHand, compile(pickDefinition), compile(pickJsonataDefinition)],
  ]) {
    for (let i = 0; i < texts.length; i++) {
      const expected = JSON.stringify(hand(parsed[i]));
      for (const program of [jsonPath, jsonata]) assert.equal(JSON.stringify(execute(program, JSON.parse(texts[i]))), expected);
    }
    // What is computed stays reachable in turn, so that no compiler may leave the work out.
    const kept = Array.from({ length: 1024 });
    const loop = (once) => (count) => {
      for (let i = 0; i < count; i++) kept[i & 1023] = once(i & 4095);
    };
    const memory = await race(
      { hand: loop((i) => hand(parsed[i])), jsonPath: loop((i) => execute(jsonPath, parsed[i])), jsonata: loop((i) => execute(jsonata, parsed[i])) },
      { ...options, name: `${name}, in memory` },
    );
    const text = await race(
      {
        hand: loop((i) => JSON.stringify(hand(JSON.parse(texts[i])))),
        jsonPath: loop((i) => JSON.stringify(execute(jsonPath, JSON.parse(texts[i])))),
        jsonata: loop((i) => JSON.stringify(execute(jsonata, JSON.parse(texts[i])))),
      },
      { ...options, name: `${name}, JSON in and out` },
    );
    rows.push(
      row({ suite: 'engine', case: `${name}, in memory`, ours: memory.jsonPath, baseline: memory.hand, baselineName: 'hand-written JavaScript' }),
      row({ suite: 'engine', case: `${name}, JSON in and out`, ours: text.jsonPath, baseline: text.hand, baselineName: 'hand-written JavaScript' }),
      row({ suite: 'engine', case: `${name}, JSONata, in memory`, ours: memory.jsonata, baseline: memory.jsonPath, baselineName: 'the JSONPath machine', isOwn: true }),
      row({ suite: 'engine', case: `${name}, JSONata, JSON in and out`, ours: text.jsonata, baseline: text.jsonPath, baselineName: 'the JSONPath machine', isOwn: true }),
    );
  }
  rows.push(await peer('add a field', definition, parsed, options), await peer('pick fields', pickDefinition, parsed, options));
  return rows;
}

async function peer(name, asl, parsed, options) {
  const { ours, peer: theirs } = await compileWithPeer(`${name}, against a peer`, asl, parsed, options);
  return row({ suite: 'engine', case: `${name}, in memory, against a peer`, ours, baseline: theirs, baselineName: 'aws-local-stepfunctions' });
}

/** The npm package aws-local-stepfunctions on the same machine and events. */
export async function compileWithPeer(name, asl, parsed, options) {
  const program = compile(asl);
  const execute = executor();
  const { StateMachine } = await import('aws-local-stepfunctions');
  const machine = new StateMachine(asl);
  for (let i = 0; i < 32; i++) assert.deepEqual(await machine.run(structuredClone(parsed[i])).result, execute(program, parsed[i]));
  return race(
    {
      peer: async (count) => {
        for (let i = 0; i < count; i++) await machine.run(parsed[i & 4095]).result;
      },
      ours: (count) => {
        for (let i = 0; i < count; i++) execute(program, parsed[i & 4095]);
      },
    },
    { ...options, name },
  );
}
