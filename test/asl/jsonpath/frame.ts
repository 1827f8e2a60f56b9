import type { Fault } from '../../../src/asl/fault.ts';
import { Fault as FaultClass } from '../../../src/asl/fault.ts';
import type { Frame, Json, Variables } from '../../../src/asl/types.ts';

/** As much of a running state as paths, templates and intrinsic functions read. */
export function frameOf(options: { context?: Json; variables?: Record<string, unknown>; state?: number; parent?: Frame | null; name?: string } = {}): Frame {
  const scope = options.variables === undefined ? null : (Object.assign(Object.create(null) as object, options.variables) as Variables);
  return {
    program: { names: [options.name ?? 'Here'] },
    parent: options.parent ?? null,
    state: options.state ?? 0,
    variables: scope,
    execution: { random: () => 0.5, spend: () => undefined },
    context: () => options.context ?? {},
  } as unknown as Frame;
}

/** What a call raised; fails the test when it raised nothing, or something else than a Fault. */
export function faultOf(run: () => unknown): Fault {
  try {
    run();
  } catch (error) {
    if (error instanceof FaultClass) return error;
    throw error;
  }
  throw new Error('nothing was raised');
}

/** Nests arrays: deeper than a recursive walk could go. */
export function nestedArrays(depth: number): Json {
  let value: Json = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}
