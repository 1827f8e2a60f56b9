import { compileState } from '../asl/program.ts';
import type { Fault } from '../asl/fault.ts';
import { jsonBytes } from '../asl/size.ts';
import { END, type Frame, type Json, type Program, type StateType, type Step, type TaskResolver, type Variables } from '../asl/types.ts';
import { executionArn, machineArn, type ArnScope } from '../delivery/arn.ts';
import { SUCCEEDED, TIMED_OUT, PARKED, type Origin, type Outcome } from '../runtime/contract.ts';
import { createRuntime } from '../runtime/runtime.ts';
import { MAX_TEST_SECONDS, type TestStateReply, type TestStateRequest, type TestStateResult } from './contract.ts';
import { parseContext } from './context.ts';
import { findTested, type TestedState } from './definition.ts';
import { Inspection, textsAsSent, type ToText } from './inspection.ts';
import { parseMock, type Mock } from './mock.ts';
import { readItems } from './reader-data.ts';
import { invalid, isObject, parseMember, Refusal } from './refusal.ts';

export interface RunTestOptions {
  readonly compatibility: 'strict' | 'extended';
  /** Region and account of the ARNs in the context object that is made up; a roleArn's account goes before. */
  readonly arn: ArnScope;
  /** For tasks without a mock. */
  readonly resolveTask?: TaskResolver;
  readonly payloadBytes?: number;
}

/**
 * Runs one state alone (AWS's TestState): compiled as always, with a trace in it, and with a mock in place of its task or of
 * the bodies that it would run. A Retry ends the test as RETRIABLE instead of waiting; what a request does wrong is answered
 * as a refusal, never thrown.
 */
export async function runTestState(request: TestStateRequest, options: RunTestOptions): Promise<TestStateReply> {
  try {
    return { result: await run(request, options) };
  } catch (error) {
    if (error instanceof Refusal) return { refusal: { code: error.code, message: error.message } };
    throw error;
  }
}

interface Test {
  readonly program: Program;
  /** What became of the state, filled in as it runs. */
  readonly ended: { nextState: string | undefined; fault: Fault | undefined; frame: Frame | undefined };
}

async function run(request: TestStateRequest, options: RunTestOptions): Promise<TestStateResult> {
  const { stateConfiguration: settings = {}, inspectionLevel = 'INFO' } = request;
  const state = findTested(request, options.compatibility);
  const mock = parseMock(request, state);
  if (request.context !== undefined && mock === undefined) throw invalid('The Context object can only be specified when a mock is specified');
  const context = request.context === undefined ? undefined : parseContext(request.context);
  const variables = parseVariables(request.variables);
  const input = parseMember(request.input ?? '{}', () => new Refusal('InvalidExecutionInput', `Invalid State Machine Execution Input: 'Invalid execution input.'`));
  const inspection = new Inspection({
    mock,
    readItems: readItems(state, settings.mapItemReaderData),
    retriesBefore: settings.retrierRetryCount ?? 0,
    failedIterations: settings.mapIterationFailureCount ?? 0,
  });
  const test = compileTest(state, inspection, variables, mock, options.resolveTask);
  const outcome = await execute(test.program, input, originOf(request, context, options.arn), options.payloadBytes);
  if (inspection.refusal !== undefined) throw inspection.refusal;
  const toText = textsAsSent([
    [input, request.input],
    [mock !== undefined && 'result' in mock ? mock.result : undefined, request.mock?.result],
  ]);
  const inspectionData = inspectionLevel === 'INFO' ? undefined : inspection.data(input, variablesAfter(test), toText);
  return { ...resultOf(outcome, inspection, test, toText), ...(inspectionData === undefined ? {} : { inspectionData }) };
}

function resultOf(outcome: Outcome, { handled }: Inspection, { ended: { fault, nextState } }: Test, toText: ToText): TestStateResult {
  if (handled !== undefined) {
    const raised = { error: fault?.error, cause: fault?.cause };
    if (handled === 'RETRIABLE') return { status: handled, ...raised };
    // A Catch whose own Output or Assign fails has caught nothing.
    if (outcome.status === SUCCEEDED) return { status: handled, output: toText(outcome.output), ...raised, nextState };
  }
  if (outcome.status === SUCCEEDED) return { status: 'SUCCEEDED', output: toText(outcome.output), nextState };
  if (outcome.status === TIMED_OUT) return { status: 'FAILED', error: 'States.Timeout' };
  return { status: 'FAILED', error: outcome.error, cause: outcome.cause };
}

/** A program of the state, which is number 0, and of one state for each name that it leads to, which only notes that it came there. */
function compileTest(state: TestedState, inspection: Inspection, variables: Variables | null, mock: Mock | undefined, resolveTask: TaskResolver | undefined): Test {
  const ended: Test['ended'] = { nextState: undefined, fault: undefined, frame: undefined };
  const steps: Step[] = [];
  const onFault: Program['onFault'][number][] = [];
  const names: string[] = [state.name];
  const types: StateType[] = [state.definition.Type];
  const numbers = new Map<string, number>();
  const compiled = compileState(state.name, state.definition, state.language, {
    trace: inspection,
    resolveTask: mock === undefined ? resolveTask : () => () => play(mock),
    target(name) {
      let number = numbers.get(name);
      if (number === undefined) {
        number = names.push(name) - 1;
        numbers.set(name, number);
        types.push('Succeed');
        onFault[number] = null;
        steps[number] = () => {
          ended.nextState = name;
          return END;
        };
      }
      return number;
    },
  });
  steps[0] = (frame) => {
    ended.frame = frame;
    if (variables !== null) frame.variables = variables;
    frame.retryCount = inspection.retriesBefore;
    return compiled.step(frame);
  };
  const { onFault: handle } = compiled;
  onFault[0] =
    handle === undefined
      ? null
      : (frame, fault) => {
          ended.fault = fault;
          return handle(frame, fault);
        };
  return { program: { start: 0, steps, onFault, names, types, timeoutSeconds: MAX_TEST_SECONDS, comment: undefined, exact: true, direct: null }, ended };
}

function play(mock: Mock): unknown {
  if ('fault' in mock) throw mock.fault;
  return mock.result;
}

function execute(program: Program, input: unknown, origin: Origin, payloadBytes: number | undefined): Promise<Outcome> {
  return new Promise((resolve) => {
    const done = (outcome: Outcome): void => {
      resolve({ ...outcome });
      runtime.close();
    };
    const runtime = createRuntime({ ...(payloadBytes === undefined ? {} : { payloadBytes }), onEnd: (_ticket, outcome) => done(outcome) });
    if (runtime.begin(program, input, jsonBytes(input, Infinity), origin, 0, 0) !== PARKED) done(runtime.outcome);
  });
}

/** AWS makes up an execution for a test; so does this. */
function originOf({ roleArn }: TestStateRequest, context: Json | undefined, scope: ArnScope): Origin {
  const account = roleArn?.split(':')[4];
  const own: ArnScope = account === undefined || account === '' ? scope : { ...scope, account };
  const machineName = crypto.randomUUID();
  const name = crypto.randomUUID();
  const startTimeMs = Date.now();
  return {
    machineName,
    machineArn: machineArn(own, machineName),
    roleArn: roleArn ?? `arn:aws:iam::${own.account}:role/${machineName}`,
    arnOf: () => executionArn(own, machineName, name, startTimeMs),
    nameOf: () => name,
    startTimeOf: () => startTimeMs,
    ...(context === undefined ? {} : { context }),
  };
}

function parseVariables(text: string | undefined): Variables | null {
  if (text === undefined) return null;
  const variables = parseMember(text, () => invalid('Variables must be valid JSON'));
  if (!isObject(variables)) throw invalid('Variables must be a JSON object');
  return Object.assign(Object.create(null) as object, variables) as Variables;
}

/** The variables as the state leaves them; undefined when there are none. */
function variablesAfter({ ended }: Test): Variables | undefined {
  const variables = ended.frame?.variables ?? null;
  return variables === null || Object.keys(variables).length === 0 ? undefined : variables;
}
