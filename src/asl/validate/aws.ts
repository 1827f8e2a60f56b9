import type { Diagnostic } from '../../errors.ts';
import type { DefinitionDiagnostic } from './report.ts';

/** Codes that AWS documents or answers; what Millrace says besides stays out of AWS's answers. */
const AWS_CODES: ReadonlySet<string> = new Set([
  'NO_DOLLAR', 'NO_PATH', 'PASS_RESULT_IS_STATIC', 'INVALID_JSON_DESCRIPTION', 'MISSING_DESCRIPTION', 'SCHEMA_VALIDATION_FAILED', 'INVALID_RESOURCE',
  'MISSING_END_STATE', 'DUPLICATE_STATE_NAME', 'INVALID_STATE_NAME', 'DUPLICATE_LABEL_NAME', 'INVALID_LABEL_NAME', 'MISSING_TRANSITION_TARGET',
  'TOO_DEEPLY_NESTED', 'INVALID_JSONATA_EXPRESSION', 'UNSUPPORTED_JSONATA_EXPRESSION', 'RESERVED_VARIABLE_NAME', 'INVALID_VARIABLE_NAME',
]);

const MAX_RESULTS = 100;

export interface AwsDiagnostic {
  readonly severity: 'ERROR' | 'WARNING';
  readonly code: string;
  readonly message: string;
  readonly location?: string;
}

export interface AwsValidation {
  readonly result: 'OK' | 'FAIL';
  readonly diagnostics: AwsDiagnostic[];
  readonly truncated: boolean;
}

/** Where AWS sees a fault; undefined where it names no place. */
function locationOf(diagnostic: DefinitionDiagnostic): string | undefined {
  if (diagnostic.location !== undefined) return diagnostic.location ?? undefined;
  if (diagnostic.code === 'INVALID_JSON_DESCRIPTION' || diagnostic.code === 'MISSING_DESCRIPTION') return undefined;
  const location = diagnostic.pointer.replaceAll(/\/(\d+)(?=\/|$)/g, '[$1]').replaceAll('~1', '/').replaceAll('~0', '~');
  return location === '' ? '/' : location;
}

/** The message of AWS's InvalidDefinition exception: all errors behind each other, with `null` where there is no place. */
export function awsInvalidDefinitionMessage(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'ERROR');
  const said = errors.map((diagnostic) => `${diagnostic.code}: ${diagnostic.message} at ${locationOf(diagnostic) ?? 'null'}`);
  return `Invalid State Machine Definition: '${said.join(', ')}'`;
}

function toAws(diagnostic: DefinitionDiagnostic): AwsDiagnostic {
  const { severity, code, message } = diagnostic;
  const location = locationOf(diagnostic);
  return location === undefined ? { severity, code, message } : { severity, code, message, location };
}

/**
 * The answer of ValidateStateMachineDefinition. `severity` is the least that is reported (ERROR unless told otherwise);
 * `maxResults` is 100 at the most, and 0 stands for 100.
 */
export function toAwsDiagnostics(diagnostics: readonly Diagnostic[], options: { maxResults?: number | undefined; severity?: 'ERROR' | 'WARNING' | undefined } = {}): AwsValidation {
  const failed = diagnostics.some((diagnostic) => diagnostic.severity === 'ERROR');
  const wanted = diagnostics.filter((diagnostic) => diagnostic.severity === 'ERROR' || (options.severity === 'WARNING' && AWS_CODES.has(diagnostic.code)));
  const asked = options.maxResults ?? 0;
  const most = asked <= 0 ? MAX_RESULTS : Math.min(asked, MAX_RESULTS);
  return {
    result: failed ? 'FAIL' : 'OK',
    diagnostics: wanted.slice(0, most).map(toAws),
    truncated: wanted.length > most,
  };
}
