import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/cli/exit-codes.ts';
import { reportFault, wantsColor } from '../../src/cli/output.ts';
import { MillraceError, type Diagnostic } from '../../src/errors.ts';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'millrace-output-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function report(error: unknown, isTTY = false): Promise<{ code: number; text: string }> {
  let text = '';
  const code = await reportFault(error, 'millrace test', { write: (more) => (text += more), isTTY });
  return { code, text };
}

const diagnostic = (fields: Partial<Diagnostic>): Diagnostic => ({ code: 'WRONG', severity: 'ERROR', pointer: '/a', message: 'It is wrong.', ...fields });

describe('reportFault', () => {
  it('answers the exit code of each kind of mistake', async () => {
    expect(await report(new UsageError('No such thing.'))).toEqual({ code: 2, text: 'error millrace test: No such thing.\n' });
    expect((await report(new MillraceError('INVALID_CONFIG', 'x'))).code).toBe(2);
    expect((await report(new MillraceError('INVALID_DEFINITION', 'x'))).code).toBe(3);
    expect((await report(new MillraceError('INVALID_FUNCTION', 'x'))).code).toBe(3);
    expect(await report(new MillraceError('PORT_IN_USE', 'Port 1 is taken.'))).toEqual({ code: 1, text: 'error millrace test: Port 1 is taken. [PORT_IN_USE]\n' });
  });

  it('shows the stack of what nobody foresaw', async () => {
    const { code, text } = await report(new TypeError('oops'));
    expect(code).toBe(1);
    expect(text).toMatch(/TypeError: oops\n {4}at /);
  });

  it('shows all diagnostics by their place, with short names for what lies below the current folder', async () => {
    const file = join(process.cwd(), 'x', 'm.yaml');
    const diagnostics = [diagnostic({ file, line: 9, column: 1, message: 'Last.' }), diagnostic({ file, line: 2, column: 5, message: 'Second.' }), diagnostic({ file, line: 2, column: 3, message: 'First.' })];
    const { text } = await report(new MillraceError('INVALID_CONFIG', 'x', { diagnostics }));
    expect(text).toMatch(/^x\/m\.yaml:2:3 error WRONG First\.[^]*x\/m\.yaml:2:5 [^]*x\/m\.yaml:9:1 [^]*3 mistakes \[INVALID_CONFIG\]\n$/);
  });

  it('adds code frames on a terminal, also for YAML', async () => {
    const file = join(folder, 'm.yaml');
    writeFileSync(file, 'a: 1\nport: many\n');
    const error = new MillraceError('INVALID_CONFIG', 'x', { diagnostics: [diagnostic({ file, line: 2, column: 7, pointer: '/port' })] });
    expect((await report(error)).text).not.toContain('port: many');
    expect((await report(error, true)).text).toContain('port: many');
  });
});

describe('wantsColor', () => {
  it('is for terminals, and for those who have not refused it', () => {
    const terminal = { write: () => true, isTTY: true };
    expect(wantsColor(terminal, {})).toBe(true);
    expect(wantsColor({ write: () => true }, {})).toBe(false);
    expect(wantsColor(terminal, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColor(terminal, { NO_COLOR: '' })).toBe(true);
    expect(wantsColor(terminal, { TERM: 'dumb' })).toBe(false);
  });
});
