import { readFileSync, writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BINARY, millrace } from './millrace.ts';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'millrace-main-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('millrace', () => {
  it('is executable by its first line', () => {
    expect(readFileSync(BINARY, 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node');
  });

  it('prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(await millrace(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('teaches with examples and exit codes in the help of every command', async () => {
    const { code, stdout, stderr } = await millrace(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of ['run', 'start', 'validate', 'test-state', 'graph', 'load']) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
      const help = (await millrace([command, '--help'])).stdout;
      expect(help).toContain('Examples:\n  $ ');
      expect(help).toContain('Exit codes:');
    }
  });

  it('shows help on standard error and exits with 2 when nothing is asked for, and names what it does not know', async () => {
    const nothing = await millrace([]);
    expect({ code: nothing.code, stdout: nothing.stdout }).toEqual({ code: 2, stdout: '' });
    expect(nothing.stderr).toContain('Usage: millrace');
    const unknown = await millrace(['strat']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/unknown command 'strat'\n\(Did you mean start\?\)/);
  });

  it('writes no escape sequences where there is no terminal', async () => {
    const { stdout } = await millrace(['--help']);
    expect(stdout).not.toContain('\u001b');
  });

  it('validates: 0 for what is right, 3 for what is wrong, 2 for what cannot be read', async () => {
    const bad = join(folder, 'bad.asl.json');
    writeFileSync(bad, '{"StartAt":"A","States":{}}');
    const good = await millrace(['validate', 'examples/two-functions/convert.asl.json', 'examples/billing/billing.asl.json', 'examples/earthquakes/triage.asl.json']);
    expect([good.code, good.stdout]).toEqual([0, '']);
    const wrong = await millrace(['validate', '--format', 'json', bad]);
    expect(wrong.code).toBe(3);
    expect((JSON.parse(wrong.stdout) as unknown[]).length).toBeGreaterThan(0);
    expect((await millrace(['validate', join(folder, 'none.json')])).code).toBe(2);
    expect((await millrace(['validate', '--format', 'xml', bad])).code).toBe(2);
  });

  it('draws: a mermaid diagram unless told otherwise', async () => {
    const mermaid = await millrace(['graph', 'examples/earthquakes/triage.asl.json']);
    expect([mermaid.code, mermaid.stderr]).toEqual([0, '']);
    expect(mermaid.stdout).toMatch(/^(?:flowchart|stateDiagram|graph|---)/);
    expect((await millrace(['graph', 'examples/earthquakes/triage.asl.json', '--format', 'dot'])).stdout).toMatch(/^digraph /);
    expect((await millrace(['graph', '-'], { stdin: 'not json' })).code).toBe(3);
    expect((await millrace(['graph', join(folder, 'none.json')])).code).toBe(2);
  });
});
