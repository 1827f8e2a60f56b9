import { existsSync, readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { awsInvalidDefinitionMessage, toAwsDiagnostics } from '../../../src/asl/validate/aws.ts';
import { validateDefinition } from '../../../src/asl/validate/validate.ts';

/** Answers recorded from AWS; the folder is not part of the repository. */
const DATA = new URL('../../../../shared/conformance/data/', import.meta.url);
const isThere = existsSync(DATA);
if (!isThere) console.warn('../shared/conformance is not there: recorded answers of AWS are not compared.');

interface Case {
  id: string;
  operation?: string;
  dupOf?: string;
  definitionText: string;
  request?: { definition?: string; type?: 'EXPRESS' | 'STANDARD'; loggingConfiguration?: unknown };
  expect: { status?: string; cause?: string; ok?: boolean; response?: unknown; error?: { code: string; message: string } };
  patterns?: Record<string, string>;
  needs: string[];
}

const read = (file: string): Case[] => (isThere ? (JSON.parse(readFileSync(new URL(file, DATA), 'utf8')) as Case[]) : []);
const unrecorded = (text: string, pattern: string | undefined, wanted: string): string => (pattern !== undefined && new RegExp(pattern).test(text) ? wanted : text);

describe.skipIf(!isThere)('recorded ValidateStateMachineDefinition and CreateStateMachine', () => {
  const cases = read('validate.json').filter((c) => c.dupOf === undefined && c.request?.definition !== undefined && c.request.loggingConfiguration === undefined);

  it.each(cases.filter((c) => c.operation === 'ValidateStateMachineDefinition').map((c) => [c.id.split('::').at(-1)!, c] as const))('%s', (_, c) => {
    const found = validateDefinition(c.request!.definition!, { type: c.request!.type ?? 'STANDARD', compatibility: 'strict' });
    expect(toAwsDiagnostics(found)).toEqual(c.expect.response);
  });

  it.each(cases.filter((c) => c.operation === 'CreateStateMachine').map((c) => [c.id.split('::').at(-1)!, c] as const))('%s', (_, c) => {
    const found = validateDefinition(c.request!.definition!, { type: c.request!.type ?? 'STANDARD', compatibility: 'strict' }).filter((d) => d.severity === 'ERROR');
    if (c.expect.error?.code === 'InvalidDefinition') {
      const said = awsInvalidDefinitionMessage(found);
      expect(unrecorded(said, c.patterns?.['/error/message'], c.expect.error.message)).toBe(c.expect.error.message);
    } else {
      expect(found).toEqual([]);
    }
  });
});

describe.skipIf(!isThere)('recorded executions', () => {
  const cases = read('cases.json').filter((c) => c.dupOf === undefined);

  it('refuses what AWS refused, with its message', () => {
    for (const c of cases.filter(({ expect: { status } }) => status === 'INVALID_DEFINITION')) {
      const said = awsInvalidDefinitionMessage(validateDefinition(c.definitionText, { compatibility: 'strict' }));
      expect(unrecorded(said, c.patterns?.['/cause'], c.expect.cause!)).toBe(c.expect.cause);
    }
  });

  it('accepts what AWS ran', () => {
    const refused = cases.filter(({ expect: { status } }) => status !== 'INVALID_DEFINITION').flatMap((c) => {
      const errors = validateDefinition(c.definitionText, { compatibility: 'strict', type: 'STANDARD' }).filter((d) => d.severity === 'ERROR');
      return errors.length === 0 ? [] : [`${c.id.split('::').at(-1)!}: ${awsInvalidDefinitionMessage(errors)}`];
    });
    expect(refused).toEqual([]);
  });

  it('accepts as Express what needs nothing but Express', () => {
    const refused = cases.filter((c) => c.expect.status !== 'INVALID_DEFINITION' && c.needs.every((need) => need.startsWith('lambda:'))).flatMap((c) => {
      const errors = validateDefinition(c.definitionText, { compatibility: 'strict' }).filter((d) => d.severity === 'ERROR');
      return errors.length === 0 ? [] : [`${c.id.split('::').at(-1)!}: ${awsInvalidDefinitionMessage(errors)}`];
    });
    expect(refused).toEqual([]);
  });
});
