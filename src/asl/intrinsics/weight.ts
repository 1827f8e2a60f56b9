import { jsonBytes } from '../size.ts';
import type { Frame } from '../types.ts';
import { refuse } from './failure.ts';

/** Bytes of JSON that one argument may stand for, and characters that one function may write. */
export const WEIGHT_LIMIT = 16_777_216;

/**
 * Measures an argument before a function walks all of it: one that holds the same part many times is small in memory and
 * large as text. Answers its bytes as JSON and tells the run loop of the work.
 */
export function weigh(value: unknown, frame: Frame, limit = WEIGHT_LIMIT): number {
  const bytes = jsonBytes(value, limit);
  frame.execution.spend(bytes, bytes);
  if (bytes > limit) refuse(`Invalid arguments: an argument has more than ${limit} bytes.`);
  return bytes;
}
