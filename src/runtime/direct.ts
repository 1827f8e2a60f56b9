import { exit } from '../asl/direct/contract.ts';
import type { RunFrame } from './frame.ts';

/** Gives a frame what direct code has come to; answers the index of the state that goes on. */
export function goOnAfterDirect(frame: RunFrame, inputBytes: number): number {
  const { factor, plus } = frame.program.direct!;
  frame.value = exit.value;
  frame.bytes = factor * inputBytes + plus;
  exit.value = null;
  return exit.index;
}
