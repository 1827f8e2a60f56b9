import type { Functions } from '../integrations/functions.ts';
import { loadFunctions } from '../integrations/functions.ts';
import { createTaskResolver } from '../integrations/table.ts';
import type { TestStateReply } from './contract.ts';
import { runTestState } from './run.ts';
import type { TestTask } from './tester.ts';

/** The thread entry: piscina calls the function below for each test. */

let loaded: { readonly key: string; readonly functions: Promise<Functions> } | undefined;

const PULSE_MS = 100;

export default async function test({ request, options, functionsRevision, pulse }: TestTask): Promise<TestStateReply> {
  const beat = (): void => void Atomics.add(pulse, 0, 1);
  beat();
  const beating = setInterval(beat, PULSE_MS);
  try {
    return await run(request, options, functionsRevision);
  } finally {
    clearInterval(beating);
  }
}

async function run(request: TestTask['request'], options: TestTask['options'], functionsRevision: string): Promise<TestStateReply> {
  const { functions: folder, compatibility, arn, payloadBytes } = options;
  // A mock takes the place of the task: nothing of the user's is loaded then.
  const functions = folder === undefined || request.mock !== undefined ? null : await load(folder, functionsRevision);
  return runTestState(request, { compatibility, arn, resolveTask: createTaskResolver({ functions }), ...(payloadBytes === undefined ? {} : { payloadBytes }) });
}

function load(folder: string, revision: string): Promise<Functions> {
  const key = `${revision}\n${folder}`;
  if (loaded?.key !== key) loaded = { key, functions: loadFunctions(folder, revision) };
  return loaded.functions;
}
