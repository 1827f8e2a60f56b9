import type { ExecutionDescription, MachineSummary, Started, SyncExecution } from './contract.ts';

/*
 * The answers are put together as text: outputs and inputs are JSON text already and are spliced in as they are, and the two
 * answers that come once per execution cost less than a serialiser's walk over an object made for it.
 */

/** Starts come many to a millisecond: the last timestamp is formatted once. */
let lastMs = Number.NaN;
let lastText = '';

function isoDate(unixMs: number): string {
  if (unixMs !== lastMs) {
    lastText = new Date(unixMs).toISOString();
    lastMs = unixMs;
  }
  return lastText;
}

const startedMembers = (started: Started): string =>
  `"executionArn":${JSON.stringify(started.executionArn)},"name":${JSON.stringify(started.name)},"startDate":"${isoDate(started.startTimeMs)}"`;

const textMember = (name: string, value: string | undefined): string => (value === undefined ? '' : `,"${name}":${JSON.stringify(value)}`);

const jsonMember = (name: string, json: string | undefined): string => (json === undefined ? '' : `,"${name}":${json}`);

export const startedJson = (started: Started): string => `{${startedMembers(started)}}`;

export function syncJson(execution: SyncExecution): string {
  const outcome = jsonMember('output', execution.output) + textMember('error', execution.error) + textMember('cause', execution.cause);
  return `{${startedMembers(execution)},"stopDate":"${isoDate(execution.stopTimeMs)}","status":"${execution.status}"${outcome},"billingDetails":{"billedDurationInMilliseconds":${execution.billedDurationMs},"billedMemoryUsedInMB":${execution.billedMemoryMB}}}`;
}

export function executionJson(execution: ExecutionDescription): string {
  const stopDate = execution.stopTimeMs === undefined ? '' : `,"stopDate":"${isoDate(execution.stopTimeMs)}"`;
  return `{${startedMembers(execution)}${stopDate},"stateMachineArn":${JSON.stringify(execution.machineArn)},"status":"${execution.status}"${jsonMember('input', execution.input)}${jsonMember('output', execution.output)}${textMember('error', execution.error)}${textMember('cause', execution.cause)}}`;
}

export function machinesJson(machines: readonly MachineSummary[]): string {
  return `{"machines":[${machines
    .map((machine) => `{"name":${JSON.stringify(machine.name)},"stateMachineArn":${JSON.stringify(machine.arn)},"revision":${machine.revision}${textMember('comment', machine.comment)}}`)
    .join(',')}]}`;
}
