import { workerData } from 'piscina';
import { compile } from '../dist/asl/compile.js';
import { createRuntime } from '../dist/runtime/runtime.js';

/** The baseline's task: one event in, its output back, as an application would write it without batches. */

const program = compile(workerData);
const runtime = createRuntime({});
const origin = { machineName: 'bench', machineArn: '', roleArn: '', arnOf: () => '', nameOf: () => '', startTimeOf: () => 0 };

export default function task(text) {
  runtime.begin(program, JSON.parse(text), text.length, origin, 0, 0);
  return runtime.outcome.output;
}
