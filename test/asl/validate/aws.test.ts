import { describe, expect, it } from 'vitest';

import { awsInvalidDefinitionMessage, toAwsDiagnostics } from '../../../src/asl/validate/aws.ts';
import { validateDefinition } from '../../../src/asl/validate/validate.ts';

const two = { StartAt: 'pass1', States: { pass1: { Type: 'Pass', Next: 'pass3' }, pass2: { Type: 'Pass', End: true, Parameters: { a: '$.b' } } } };

describe('AWS\'s forms', () => {
  it('joins all errors in the message of InvalidDefinition', () => {
    expect(awsInvalidDefinitionMessage(validateDefinition(two))).toBe(
      "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: pass3 at /States/pass1/Next, MISSING_TRANSITION_TARGET: State \"pass2\" is not reachable. at /States/pass2'",
    );
    expect(awsInvalidDefinitionMessage(validateDefinition({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'A' } } }))).toBe(
      "Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal state at null'",
    );
  });

  it('leaves the location out where AWS names none', () => {
    expect(toAwsDiagnostics(validateDefinition({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'A' } } }))).toEqual({
      result: 'FAIL', diagnostics: [{ severity: 'ERROR', code: 'MISSING_END_STATE', message: 'Workflow has no terminal state' }], truncated: false,
    });
  });

  it('gives warnings only when asked, and no code that AWS does not know', () => {
    const warned = { StartAt: 'A', States: { A: { Type: 'Pass', InputPath: '$unassigned', Parameters: { a: '$.b' }, End: true } } };
    expect(toAwsDiagnostics(validateDefinition(warned))).toEqual({ result: 'OK', diagnostics: [], truncated: false });
    expect(toAwsDiagnostics(validateDefinition(warned), { severity: 'WARNING' })).toMatchObject({ result: 'OK', diagnostics: [{ severity: 'WARNING', code: 'NO_DOLLAR', location: '/States/A/Parameters/a' }] });
  });

  it('cuts at maxResults and says so', () => {
    const found = validateDefinition(two);
    expect(toAwsDiagnostics(found, { maxResults: 1 })).toMatchObject({ diagnostics: [{ message: "Missing 'Next' target: pass3" }], truncated: true });
    expect(toAwsDiagnostics(found, { maxResults: 2 })).toMatchObject({ truncated: false });
    expect(toAwsDiagnostics(found, { maxResults: 0 }).diagnostics).toHaveLength(2);
  });

  it('derives a location from the pointer of a diagnostic that has none', () => {
    const diagnostic = { code: 'SCHEMA_VALIDATION_FAILED', severity: 'ERROR', pointer: '/States/a~1b/Choices/0/Next', message: 'm' } as const;
    expect(toAwsDiagnostics([diagnostic]).diagnostics[0]?.location).toBe('/States/a/b/Choices[0]/Next');
  });
});
