import { randomUUID } from 'node:crypto';
import type { Frame } from '../types.ts';
import { refuse, wantInteger } from './failure.ts';
import { seededInteger } from './java-random.ts';

/** Rounds each argument first: 1.5 + 1.51 = 4. */
export function add(a: unknown, b: unknown): number {
  const sum = wantInteger(a, 'the first addend') + wantInteger(b, 'the second addend');
  return Number.isFinite(sum) ? sum : refuse('Invalid arguments: the sum is too large.');
}

/** A whole number from the start, included, to the end, excluded; with a seed always the same one. */
export function random(args: readonly unknown[], frame: Frame): number {
  const start = wantInteger(args[0], 'the start');
  const end = wantInteger(args[1], 'the end');
  if (end <= start) refuse('Invalid arguments: the end must be greater than the start.');
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || !Number.isSafeInteger(end - start)) refuse('Invalid arguments: the start and the end are too far apart.');
  if (args.length > 2) return seededInteger(start, end, wantInteger(args[2], 'the seed'));
  return start + Math.floor(frame.execution.random() * (end - start));
}

/** Version 4. */
export function uuid(): string {
  return randomUUID();
}
