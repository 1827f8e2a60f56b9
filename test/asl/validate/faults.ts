import { validateDefinition, type ValidateOptions } from '../../../src/asl/validate/validate.ts';
import { toAwsDiagnostics } from '../../../src/asl/validate/aws.ts';
import type { Json } from '../../../src/asl/types.ts';

/** One state named S that ends, and a state T that it may lead to when asked for. */
export const machine = (state: { [key: string]: Json }, more: { [key: string]: Json } = {}): Json => ({
  StartAt: 'S',
  States: { S: state, ...(JSON.stringify(state).includes('"T"') ? { T: { Type: 'Succeed' } } : {}) },
  ...more,
});

/** Errors as AWS would answer them: code (unless it is the usual one), message and location. */
export const faults = (definition: string | Json, options: ValidateOptions = {}): string[] =>
  toAwsDiagnostics(validateDefinition(definition, options)).diagnostics.map(
    ({ code, message, location }) => `${code === 'SCHEMA_VALIDATION_FAILED' ? '' : `${code}: `}${message} @ ${location ?? '-'}`,
  );

/** Warnings by code. */
export const warnings = (definition: string | Json, options: ValidateOptions = {}): string[] =>
  validateDefinition(definition, options).filter(({ severity }) => severity === 'WARNING').map(({ code, pointer }) => `${code} ${pointer}`);

export const jsonata = { QueryLanguage: 'JSONata' };
