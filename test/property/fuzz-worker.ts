import { existsSync, readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import * as fc from 'fast-check';
import { compile } from '../../src/asl/compile.ts';
import { jsonText } from '../../src/asl/json-text.ts';
import { parseJson } from '../../src/asl/numbers/parse-json.ts';
import { compileValid } from '../../src/asl/program.ts';
import type { Json, Program, Task } from '../../src/asl/types.ts';
import { awsInvalidDefinitionMessage, toAwsDiagnostics } from '../../src/asl/validate/aws.ts';
import { validateDefinition } from '../../src/asl/validate/validate.ts';
import { graph } from '../../src/cli/graph.ts';
import { MillraceError } from '../../src/errors.ts';
import { PARKED } from '../../src/runtime/contract.ts';
import { createRuntime } from '../../src/runtime/runtime.ts';
import { origin } from '../lib/run.ts';
import { machine } from './machines.ts';
import { mutate, mutateText, seeded } from './mutate.ts';
import { engineTasks } from './running.ts';
import { input } from './values.ts';
import type { FuzzCase, FuzzSetup } from './fuzz.ts';

const { seed, clock, text: shared } = workerData as FuzzSetup;
const stepAt = new Float64Array(clock);
const encoder = new TextEncoder();
const random = seeded(seed);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

/** Tells the main thread what is being done, so that it can say so when it is never done. */
function begin(step: string, definition: Json | string, given?: Json): void {
  const said = JSON.stringify({ step, definition, input: given } satisfies FuzzCase);
  const bytes = new Uint8Array(shared);
  const { written } = encoder.encodeInto(said, bytes.subarray(4));
  new DataView(shared).setUint32(0, written);
  stepAt[0] = Date.now();
}

const recordings = '../shared/conformance/data/cases.json';
interface Seedling {
  readonly definition: Json;
  readonly input: Json;
}
/** Definitions that AWS has run, where they are at hand, and generated ones; each with an input that suits it. */
function corpus(): Seedling[] {
  const recorded = existsSync(recordings) ? (JSON.parse(readFileSync(recordings, 'utf8')) as Seedling[] | { cases: Seedling[] }) : [];
  const cases = Array.isArray(recorded) ? recorded : recorded.cases;
  const generated = fc.sample(fc.record({ definition: machine, input }), { numRuns: 400, seed });
  return [...cases.filter(({ definition }) => typeof definition === 'object'), ...generated].map(({ definition, input = {} }) => ({ definition, input }));
}

const odd: Task = () => pick([null, 1, 'x'.repeat(10_000), [1, [2]], { n: 1, list: [] }, undefined as unknown as null]);
const tasks: Record<string, Task> = { ...engineTasks, odd };
const resolveTask = (resource: string): Task => (Object.hasOwn(tasks, resource) ? tasks[resource]! : pick(Object.values(tasks)));

const names = (object: object): string => Reflect.ownKeys(object).map(String).sort().join();
const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype, Number.prototype, Map.prototype, Promise.prototype];
const before = prototypes.map(names);

const counts = { validated: 0, valid: 0, runs: 0, parked: 0, ended: {} as Record<string, number> };

/** Runs a program; what waits is given a moment and then cancelled. */
async function run(program: Program, given: Json): Promise<void> {
  let ended: (status: number) => void = () => undefined;
  const end = new Promise<number>((resolve) => (ended = resolve));
  const runtime = createRuntime({ random: () => random() * 1e-3, onEnd: (_ticket, outcome) => ended(outcome.status) });
  // Numbers that AWS prints otherwise than JavaScript does go through everything as objects.
  const plain = JSON.stringify(given);
  const source = random() < 0.3 ? plain.replaceAll(/(?<=[:[,])(\d+)(?=[,\]}])/g, '$1.0') : plain;
  let status: number = runtime.begin(program, parseJson(source), Buffer.byteLength(source), origin, 7, 1);
  counts.runs++;
  if (status === PARKED) {
    counts.parked++;
    const patience = setTimeout(() => ended(PARKED), 20);
    status = await end;
    clearTimeout(patience);
    runtime.cancel(1);
  } else if (status === 0) JSON.parse(jsonText(runtime.outcome.output));
  counts.ended[`${status} ${status === 1 ? runtime.outcome.error : ''}`] = (counts.ended[`${status} ${status === 1 ? runtime.outcome.error : ''}`] ?? 0) + 1;
  if (status === 1 && /The runtime failed/.test(runtime.outcome.cause ?? '')) throw new Error(`a fault of ours: ${runtime.outcome.cause}`);
  runtime.close();
}

async function tryOne(definition: Json, inputs: readonly Json[]): Promise<void> {
  begin('validate', definition);
  const diagnostics = validateDefinition(definition);
  toAwsDiagnostics(diagnostics);
  awsInvalidDefinitionMessage(diagnostics);
  counts.validated++;
  const errors = diagnostics.filter(({ severity }) => severity === 'ERROR');
  begin('validate text', JSON.stringify(definition) ?? '');
  const ofText = validateDefinition(JSON.stringify(definition) ?? '').filter(({ severity }) => severity === 'ERROR');
  if (errors.length !== ofText.length) throw new Error(`the value has ${errors.length} faults, its text ${ofText.length}`);
  begin('graph', definition);
  graph(definition, 'mermaid');
  begin('compile', definition);
  if (errors.length > 0) {
    try {
      compile(definition, { resolveTask });
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'INVALID_DEFINITION') return;
      throw error;
    }
    throw new Error('a definition with errors was compiled');
  }
  counts.valid++;
  const program = compileValid(definition, { resolveTask, timeoutSeconds: 5 });
  for (const given of inputs) {
    begin('run', definition, given);
    await run(program, given);
  }
}

async function main(): Promise<void> {
  begin('gather', '');
  const pool = corpus();
  const inputs = fc.sample(input, { numRuns: 300, seed });
  process.on('unhandledRejection', (error) => parentPort!.postMessage({ finding: `unhandled rejection: ${String((error as Error)?.stack ?? error)}` }));
  for (let n = 0; ; n++) {
    // What was valid after a change is changed further: the pool drifts away from what people write.
    const from = pick(pool);
    const definition = mutate(random, from.definition, [pick(pool).definition, pick(pool).definition]) ?? null;
    const given = [from.input, mutate(random, from.input, inputs) ?? null, pick(inputs)];
    const { valid } = counts;
    const began = Date.now();
    try {
      await tryOne(definition, given);
      if (random() < 0.1) {
        const text = mutateText(random, JSON.stringify(definition) ?? '');
        begin('validate text', text);
        validateDefinition(text);
      }
    } catch (error) {
      parentPort!.postMessage({ finding: String((error as Error)?.stack ?? error) });
    }
    // What computes up to its limits is tried, but is no seedling: its offspring would take all the time.
    if (counts.valid > valid && Date.now() - began < 500 && JSON.stringify(definition).length < 20_000) {
      pool[pool.length < 3000 ? pool.length : Math.floor(random() * pool.length)] = { definition, input: from.input };
    }
    if (n % 200 === 0) {
      const polluted = prototypes.filter((prototype, i) => names(prototype) !== before[i]);
      if (polluted.length > 0) parentPort!.postMessage({ finding: `polluted: ${polluted.map(names).join(' ')}` });
      parentPort!.postMessage({ counts, heapMb: Math.round(process.memoryUsage().heapUsed / 1e6) });
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

await main();
