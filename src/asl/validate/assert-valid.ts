import { MillraceError } from '../../errors.ts';
import type { Json } from '../types.ts';
import { validateDefinition } from './validate.ts';

export interface ValidityOptions {
  /** strict refuses what AWS refuses on EXPRESS. */
  readonly compatibility?: 'strict' | 'extended';
  /** Whose rules the definition is held to; EXPRESS unless told otherwise. */
  readonly type?: 'EXPRESS' | 'STANDARD';
  /** For the diagnostics. */
  readonly file?: string;
}

/** @throws MillraceError INVALID_DEFINITION with every mistake in `diagnostics`, warnings among them. */
export function assertValid(definition: string | Json, options: ValidityOptions = {}): void {
  const diagnostics = validateDefinition(definition, {
    ...(options.file === undefined ? {} : { file: options.file }),
    ...(options.compatibility === undefined ? {} : { compatibility: options.compatibility }),
    ...(options.type === undefined ? {} : { type: options.type }),
  });
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'ERROR');
  if (errors.length === 0) return;
  const first = errors[0]!;
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
  throw new MillraceError('INVALID_DEFINITION', `${options.file ?? 'The definition'} is not valid: ${first.message} at ${first.pointer || '/'}${more}`, { diagnostics });
}
