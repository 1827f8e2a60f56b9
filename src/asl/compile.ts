import { compileValid, type ProgramOptions } from './program.ts';
import type { Json, Program } from './types.ts';
import { assertValid, type ValidityOptions } from './validate/assert-valid.ts';

export { MAX_TIMEOUT_SECONDS } from './types.ts';

export interface CompileOptions extends ProgramOptions, ValidityOptions {}

/**
 * Compiles an Amazon States Language definition (JSON text, or the value of one) into a program of closures.
 *
 * @throws MillraceError INVALID_DEFINITION with every mistake in `diagnostics`.
 */
export function compile(definition: string | Json, options: CompileOptions = {}): Program {
  assertValid(definition, options);
  return compileValid(definition, options);
}
