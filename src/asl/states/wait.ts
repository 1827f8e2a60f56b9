import type { StateCompiler, StateContext } from '../context.ts';
import type { Fault } from '../fault.ts';
import { compilePathField, compileResult } from '../fields.ts';
import { compileJsonataResult, compileStage, typeFault } from '../jsonata-fields.ts';
import { compilePath, MISSING } from '../jsonpath/path.ts';
import { stateFault } from '../state-fault.ts';
import { parseTimestamp } from '../timestamp.ts';
import type { Continuation, Frame } from '../types.ts';
import { numberOf } from '../numbers/json-number.ts';
import { printJson } from '../json-text.ts';

/** AWS's bound of a wait, in seconds; beyond it the state fails instead of waiting. */
const MAX_WAIT_SECONDS = 99_999_999;

const tooLong = (frame: Frame, error: string): Fault => stateFault(frame, error, 'Wait state delay is too long.');

/** Wait (ASL spec, "Wait State"). A wait of nothing, or until a time that has passed, goes on without parking. */
export const compileWait: StateCompiler = (context) => (context.language === 'JSONata' ? compileJsonata(context) : compileJsonPath(context));

function pause(frame: Frame, ms: number, then: Continuation): number {
  return ms > 0 ? frame.sleep(ms, then) : then(frame, undefined);
}

function compileJsonPath(context: StateContext): { step: (frame: Frame) => number } {
  // AWS shows no result of a wait.
  const finish = compileResult({ ...context, trace: undefined });
  const input = compilePathField(context, 'InputPath');
  const effective = (frame: Frame): unknown => (input === null ? frame.value : input(frame.value, frame));
  const then: Continuation = (frame) => finish(frame, effective(frame));
  const delay = compileDelay(context);
  return { step: (frame) => pause(frame, delay(frame, effective(frame)), then) };
}

function compileDelay({ definition }: StateContext): (frame: Frame, input: unknown) => number {
  const { Seconds: seconds, Timestamp: timestamp, SecondsPath: secondsPath, TimestampPath: timestampPath } = definition;
  if (typeof seconds === 'number') return () => seconds * 1000;
  if (typeof timestamp === 'string') {
    const at = parseTimestamp(timestamp)?.ms ?? 0;
    return (frame) => at - frame.execution.now();
  }
  if (typeof secondsPath === 'string') {
    const path = compilePath(secondsPath);
    return (frame, input) => {
      const value = path.get(input, frame);
      if (value === MISSING) throw stateFault(frame, 'States.Runtime', `The SecondsPath parameter does not reference an input value: ${secondsPath}`);
      const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : numberOf(value);
      if (typeof number !== 'number' || !Number.isInteger(number)) {
        throw stateFault(frame, 'States.Runtime', `The SecondsPath parameter cannot be parsed as a long value: ${secondsPath} == ${show(value)}`);
      }
      if (number < 0) throw stateFault(frame, 'States.Runtime', `The SecondsPath parameter references a negative value: ${secondsPath} == ${number}`);
      if (number > MAX_WAIT_SECONDS) throw tooLong(frame, 'States.Runtime');
      return number * 1000;
    };
  }
  const path = compilePath(String(timestampPath));
  return (frame, input) => {
    const value = path.get(input, frame);
    if (value === MISSING) throw stateFault(frame, 'States.Runtime', `The TimestampPath parameter does not reference an input value: ${timestampPath}`);
    const at = typeof value === 'string' ? parseTimestamp(value) : null;
    if (at === null) {
      throw stateFault(frame, 'States.Runtime', `The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: ${timestampPath} == ${show(value)}`);
    }
    return until(frame, at.ms, 'States.Runtime');
  };
}

const show = (value: unknown): string => (typeof value === 'string' ? value : printJson(value) ?? 'null');

function until(frame: Frame, atMs: number, error: string): number {
  const ms = atMs - frame.execution.now();
  if (ms > MAX_WAIT_SECONDS * 1000) throw tooLong(frame, error);
  return ms;
}

function compileJsonata(context: StateContext): { step: (frame: Frame) => number } {
  const { definition } = context;
  const finish = compileJsonataResult(context);
  const then: Continuation = (frame) => finish(frame, { input: frame.value }, frame.value);
  const stage = compileStage({ Seconds: definition['Seconds'], Timestamp: definition['Timestamp'] });
  const wait: Continuation = (frame, values) => {
    const { Seconds: written, Timestamp: timestamp } = values as { Seconds?: unknown; Timestamp?: unknown };
    const seconds = numberOf(written);
    if (seconds !== undefined) {
      if (typeof seconds !== 'number' || !Number.isInteger(seconds)) throw typeFault(frame, definition['Seconds']!, 'Seconds', 'integer', seconds);
      if (seconds < 0) throw stateFault(frame, 'States.QueryEvaluationError', `The Seconds field references a negative value: ${seconds}`);
      if (seconds > MAX_WAIT_SECONDS) throw tooLong(frame, 'States.QueryEvaluationError');
      return pause(frame, seconds * 1000, then);
    }
    if (typeof timestamp !== 'string') throw typeFault(frame, definition['Timestamp']!, 'Timestamp', 'string', timestamp);
    const at = parseTimestamp(timestamp);
    if (at === null) {
      throw stateFault(frame, 'States.QueryEvaluationError', `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${timestamp}`);
    }
    return pause(frame, until(frame, at.ms, 'States.QueryEvaluationError'), then);
  };
  return { step: (frame) => (stage === null ? then(frame, undefined) : stage.run(frame, { input: frame.value }, wait)) };
}
