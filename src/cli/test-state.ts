import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { DEFAULT_ARN_SCOPE } from '../delivery/arn.ts';
import { MillraceError, type Diagnostic } from '../errors.ts';
import { loadFunctions } from '../integrations/functions.ts';
import { createTaskResolver } from '../integrations/table.ts';
import type { MockInput, TestStateRequest, TestStateResult } from '../test-state/contract.ts';
import { runTestState } from '../test-state/run.ts';
import { validateDefinition } from '../asl/validate/validate.ts';
import { EXIT, UsageError } from './exit-codes.ts';
import { fileTrouble } from './output.ts';
import { readMachine } from './run-machine.ts';

export interface TestStateCommandOptions {
  /** A state of the machine in the file; without it the file is one state. */
  readonly state?: string;
  /** A file, `-` for standard input, or JSON text. */
  readonly input?: string;
  readonly level: 'INFO' | 'DEBUG' | 'TRACE';
  /** JSON text. */
  readonly mockResult?: string;
  /** `Name` or `Name:cause`. */
  readonly mockError?: string;
  readonly variables?: string;
  readonly context?: string;
  readonly retryCount?: number;
  readonly functions?: string;
  readonly compatibility: 'strict' | 'extended';
  readonly stdout: { write(text: string): unknown };
}

/**
 * Runs one state alone and writes what became of it as JSON, data as data. Answers the exit code: 0 when the state succeeded or
 * its Catch took the error, 1 when it failed or its Retry would have it run again.
 *
 * @throws UsageError, MillraceError INVALID_DEFINITION with diagnostics, INVALID_FUNCTION
 */
export async function testStateCommand(file: string, options: TestStateCommandOptions): Promise<number> {
  const machine = await readMachine(file, options.functions);
  if (options.state === undefined && isMachine(machine.definition)) throw new UsageError(`${file} is a whole state machine: name the state to test with --state.`);
  const mock = mockOf(options);
  // A mock takes the place of the task: nothing of the user's is loaded then.
  const functions = machine.functions === undefined || mock !== undefined ? null : await loadFunctions(machine.functions, '');
  const request: TestStateRequest = {
    definition: machine.definition,
    stateName: options.state,
    input: options.input === undefined ? undefined : await readInput(options.input),
    inspectionLevel: options.level,
    mock,
    variables: options.variables,
    context: options.context,
    stateConfiguration: options.retryCount === undefined ? undefined : { retrierRetryCount: options.retryCount },
  };
  const { compatibility, stdout } = options;
  const reply = await runTestState(request, { compatibility, arn: DEFAULT_ARN_SCOPE, resolveTask: createTaskResolver({ functions }) });
  if ('refusal' in reply) {
    if (reply.refusal.code !== 'InvalidDefinition') throw new UsageError(reply.refusal.message);
    throw invalidDefinition(file, machine.definition, options, reply.refusal.message);
  }
  stdout.write(`${JSON.stringify(asData(reply.result), null, 2)}\n`);
  return reply.result.status === 'SUCCEEDED' || reply.result.status === 'CAUGHT_ERROR' ? EXIT.done : EXIT.failed;
}

function isMachine(definition: string): boolean {
  try {
    const value = JSON.parse(definition) as Record<string, unknown> | null;
    return typeof value === 'object' && value !== null && Object.hasOwn(value, 'States') && !Object.hasOwn(value, 'Type');
  } catch {
    return false;
  }
}

function mockOf({ mockResult, mockError }: TestStateCommandOptions): MockInput | undefined {
  if (mockResult === undefined && mockError === undefined) return undefined;
  if (mockError === undefined) return { result: mockResult };
  // Names such as States.Timeout have dots, and causes may have colons: the first one parts them.
  const colon = mockError.indexOf(':');
  const errorOutput = colon < 0 ? { error: mockError } : { error: mockError.slice(0, colon), cause: mockError.slice(colon + 1) };
  return { errorOutput, ...(mockResult === undefined ? {} : { result: mockResult }) };
}

/** JSON text is recognised by its first character: no sensible file name begins with one of these. */
const BEGINS_AS_JSON = /^\s*[{["]/;

async function readInput(input: string): Promise<string> {
  if (input === '-') return readAll(process.stdin);
  if (BEGINS_AS_JSON.test(input) || /^(?:-?\d[\d.eE+-]*|true|false|null)$/.test(input)) return input;
  try {
    return await readFile(input, 'utf8');
  } catch (error) {
    throw new UsageError(fileTrouble(error, input));
  }
}

/** The diagnostics with line and column where the file is a whole machine; of a lone state the message says it all. */
function invalidDefinition(file: string, text: string, { state, compatibility }: TestStateCommandOptions, message: string): MillraceError {
  const diagnostics: readonly Diagnostic[] = state === undefined ? [] : validateDefinition(text, { file, compatibility, type: 'STANDARD' });
  return new MillraceError('INVALID_DEFINITION', message, { diagnostics });
}

/** Members that are JSON text in the API are data here: people read them. */
function asData(result: TestStateResult): object {
  const { output, inspectionData, ...rest } = result;
  const inspected = Object.entries(inspectionData ?? {}).map(([member, value]) => [member, typeof value === 'string' ? (JSON.parse(value) as unknown) : value]);
  return {
    ...rest,
    ...(output === undefined ? {} : { output: JSON.parse(output) as unknown }),
    ...(inspectionData === undefined ? {} : { inspectionData: Object.fromEntries(inspected) as object }),
  };
}
