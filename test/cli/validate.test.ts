import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';

import { afterAll, describe, expect, it } from 'vitest';

import { validateDefinition } from '../../src/asl/validate/validate.ts';
import { formatDiagnostics, validateCommand } from '../../src/cli/validate.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-validate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const BAD = '{\n  "StartAt": "A",\n  "States": {\n\t"A": {"Type": "Pass", "Nxt": "B", "End": true}\n  }\n}\n';
const GOOD = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}';

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

function collect(): { stream: Writable; text: () => string } {
  let said = '';
  return { stream: new Writable({ write: (chunk, _, done) => void ((said += String(chunk)), done()) }), text: () => said };
}

async function run(files: string[], options: Partial<Parameters<typeof validateCommand>[1]> = {}) {
  const out = collect();
  const err = collect();
  const code = await validateCommand(files, { format: 'text', compatibility: 'extended', color: false, stdout: out.stream, stderr: err.stream, ...options });
  return { code, out: out.text(), err: err.text() };
}

describe('formatDiagnostics', () => {
  const diagnostics = validateDefinition(BAD, { file: 'm.json' });
  const sources = new Map([['m.json', BAD]]);

  it('shows the line and the place, the pointer and a hint', () => {
    expect(formatDiagnostics(diagnostics, 'text', { color: false, sources })).toBe(
      [
        "m.json:4:24 error SCHEMA_VALIDATION_FAILED Field 'Nxt' is not supported",
        '  4 | \t"A": {"Type": "Pass", "Nxt": "B", "End": true}',
        '    | \t                      ^^^^^',
        '  at /States/A/Nxt',
        "  hint: Did you mean 'Next'?",
        '',
      ].join('\n'),
    );
  });

  it('colours on demand only', () => {
    expect(formatDiagnostics(diagnostics, 'text', { color: true, sources })).toContain('\u001b[1;31merror\u001b[0m');
    expect(formatDiagnostics(diagnostics, 'text', { color: false, sources })).not.toContain('\u001b');
  });

  it('cuts long lines around the fault', () => {
    const text = JSON.stringify({ Comment: 'x'.repeat(500), StartAt: 'A', States: { A: { Type: 'Pass', Nxt: 1, End: true } }, Version: '1.0' });
    const said = formatDiagnostics(validateDefinition(text, { file: 'x' }), 'text', { color: false, sources: new Map([['x', text]]) });
    const [, line, carets] = said.split('\n');
    expect(line!.length).toBeLessThan(140);
    expect(line!.slice(carets!.indexOf('^')).startsWith('"Nxt"')).toBe(true);
    expect(carets!.trimEnd().endsWith('^^^^^')).toBe(true);
  });

  it('writes JSON', () => {
    expect(JSON.parse(formatDiagnostics(diagnostics, 'json', { color: false, sources }))).toMatchObject([{ code: 'SCHEMA_VALIDATION_FAILED', severity: 'ERROR', pointer: '/States/A/Nxt', line: 4, column: 24, file: 'm.json', hint: "Did you mean 'Next'?" }]);
    expect(formatDiagnostics([], 'json', { color: false, sources })).toBe('[]\n');
  });

  it('writes GitHub workflow commands, escaped', () => {
    expect(formatDiagnostics(diagnostics, 'github', { color: false, sources })).toBe("::error file=m.json,line=4,col=24,title=SCHEMA_VALIDATION_FAILED::Field 'Nxt' is not supported at /States/A/Nxt (Did you mean 'Next'?)\n");
    expect(formatDiagnostics([{ code: 'X', severity: 'WARNING', pointer: '', message: '100%\nof it', file: 'a,b:c' }], 'github', { color: false, sources })).toBe('::warning file=a%2Cb%3Ac,title=X::100%25%0Aof it at /\n');
  });
});

describe('validateCommand', () => {
  it('answers 0 when all is valid', async () => {
    expect(await run([file('good.json', GOOD)])).toEqual({ code: 0, out: '', err: '1 definition: 1 valid, 0 invalid (0 errors, 0 warnings)\n' });
  });

  it('answers 3 when a definition is not, and goes through all files', async () => {
    const bad = file('bad.json', BAD);
    const { code, out, err } = await run([bad, file('good.json', GOOD), file('broken.json', '{"StartAt": }')]);
    expect(code).toBe(3);
    expect(out).toContain(`${bad}:4:24 error`);
    expect(out).toContain("broken.json:1:13 error INVALID_JSON_DESCRIPTION Expected a value, but found \"}\".");
    expect(err).toBe('3 definitions: 1 valid, 2 invalid (2 errors, 0 warnings)\n');
  });

  it('answers 2 when a file cannot be read', async () => {
    const { code, err } = await run([join(folder, 'none.json'), folder, file('bad.json', BAD)]);
    expect(code).toBe(2);
    expect(err).toContain('none.json: there is no such file\n');
    expect(err).toContain('it is a folder\n');
  });

  it('reads standard input', async () => {
    const { code, out } = await run(['-'], { stdin: Readable.from([BAD]), format: 'github' });
    expect(code).toBe(3);
    expect(out).toContain('file=<stdin>,line=4');
  });

  it('refuses more in strict mode', async () => {
    const path = file('callback.json', JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken', End: true } } }));
    expect((await run([path])).code).toBe(0);
    expect((await run([path], { compatibility: 'strict' })).code).toBe(3);
  });
});
