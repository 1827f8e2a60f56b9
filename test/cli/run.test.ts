import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { millrace, resultLines, startMillrace, until } from './millrace.ts';

let folder: string;
const at = (name: string): string => join(folder, name);

const CLASSIFY = {
  StartAt: 'C',
  States: {
    C: { Type: 'Choice', Choices: [{ Variable: '$.n', NumericGreaterThan: 2, Next: 'Large' }, { Variable: '$.fail', IsPresent: true, Next: 'Failed' }], Default: 'Small' },
    Large: { Type: 'Pass', Result: 'large', ResultPath: '$.size', End: true },
    Small: { Type: 'Pass', Result: 'small', ResultPath: '$.size', End: true },
    Failed: { Type: 'Fail', Error: 'Test.Failed', Cause: 'as told' },
  },
};
const WAIT = { StartAt: 'C', States: { C: { Type: 'Choice', Choices: [{ Variable: '$.seconds', NumericGreaterThan: 0, Next: 'W' }], Default: 'D' }, W: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'D' }, D: { Type: 'Succeed' } } };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-run-'));
  writeFileSync(at('classify.asl.json'), JSON.stringify(CLASSIFY));
  writeFileSync(at('wait.asl.json'), JSON.stringify(WAIT));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('millrace run', () => {
  it('writes one result line for each input line, in order, and a final line on standard error', async () => {
    const { code, stdout, stderr } = await millrace(['run', at('classify.asl.json')], { stdin: '{"n":1}\n{"n":3}\n{"n":0,"fail":1}\n' });
    expect(stdout).toBe(
      '{"index":0,"name":"classify-0","status":"SUCCEEDED","output":{"n":1,"size":"small"}}\n' +
        '{"index":1,"name":"classify-1","status":"SUCCEEDED","output":{"n":3,"size":"large"}}\n' +
        '{"index":2,"name":"classify-2","status":"FAILED","error":"Test.Failed","cause":"as told"}\n',
    );
    expect(stderr).toMatch(/^3 executions: 2 succeeded, 1 failed, 0 timed out in \d+\.\d\d s \(\d+\/s\)\n$/);
    expect(code).toBe(0);
  });

  it('goes on after a line that is not JSON, which becomes a result with its line number', async () => {
    const { code, stdout, stderr } = await millrace(['run', at('classify.asl.json')], { stdin: '{"n":1}\n\n{"n":\n{"n":5}\nhello' });
    expect(resultLines(stdout).map(({ index, line, status, error }) => ({ index, line, status, error }))).toEqual([
      { index: 0, line: undefined, status: 'SUCCEEDED', error: undefined },
      { index: 1, line: 3, status: 'REJECTED', error: 'INVALID_JSON' },
      { index: 2, line: undefined, status: 'SUCCEEDED', error: undefined },
      { index: 3, line: 5, status: 'REJECTED', error: 'INVALID_JSON' },
    ]);
    expect(stderr).toContain('2 executions: 2 succeeded, 0 failed, 0 timed out, 2 rejected in ');
    expect(code).toBe(0);
  });

  it('exits with 1 for failures and for rejections when --fail-on-error asks for it', async () => {
    const run = (stdin: string) => millrace(['run', at('classify.asl.json'), '--fail-on-error'], { stdin });
    expect((await run('{"n":1}\n')).code).toBe(0);
    expect((await run('{"n":0,"fail":1}\n')).code).toBe(1);
    expect((await run('nonsense\n')).code).toBe(1);
  });

  it('takes a JSON array, from a file to a file', async () => {
    writeFileSync(at('events.json'), JSON.stringify([{ n: 1 }, { n: 9, text: 'a]b"},{' }, 5], null, 2));
    const { code, stdout } = await millrace(['run', at('classify.asl.json'), '--input', at('events.json'), '--output', at('out.ndjson')]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const lines = resultLines(readFileSync(at('out.ndjson'), 'utf8'));
    expect(lines.map(({ index, status }) => [index, status])).toEqual([[0, 'SUCCEEDED'], [1, 'SUCCEEDED'], [2, 'FAILED']]);
    expect(lines[1]?.output).toEqual({ n: 9, text: 'a]b"},{', size: 'large' });
  });

  it('says where an array breaks off, keeps what came before it and exits with 1', async () => {
    const { code, stdout, stderr } = await millrace(['run', at('classify.asl.json')], { stdin: '[{"n":1}, {"n":2}' });
    expect(resultLines(stdout).map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'REJECTED']);
    expect(stderr).toMatch(/The input breaks off: At byte 17 of the input, after 2 elements .*\n2 executions: 2 succeeded, 0 failed, 0 timed out, 1 rejected/);
    expect(code).toBe(1);
  });

  it('takes lines that begin with a bracket as events when told that they are, or when the file says so', async () => {
    const pass = { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } };
    writeFileSync(at('pass.asl.json'), JSON.stringify(pass));
    writeFileSync(at('arrays.ndjson'), '[1]\n[2,3]\n');
    const outputs = async (args: readonly string[], stdin = ''): Promise<unknown[]> => resultLines((await millrace(['run', at('pass.asl.json'), ...args], { stdin })).stdout).map(({ output }) => output as unknown);
    expect(await outputs(['--ndjson'], '[1]\n[2,3]\n')).toEqual([[1], [2, 3]]);
    expect(await outputs(['--input', at('arrays.ndjson')])).toEqual([[1], [2, 3]]);
    expect(await outputs([], '[[1],[2,3]]')).toEqual([[1], [2, 3]]);
  });

  it('keeps the order of the input although a later execution ends first, unless told not to', async () => {
    const stdin = '{"seconds":1}\n{"seconds":0}\n{"seconds":0}\n';
    const indexes = async (args: readonly string[]): Promise<number[]> => resultLines((await millrace(['run', at('wait.asl.json'), ...args], { stdin })).stdout).map(({ index }) => index);
    expect(await indexes([])).toEqual([0, 1, 2]);
    expect((await indexes(['--unordered'])).at(-1)).toBe(0);
  });

  it('runs no more executions at once than --concurrency says', async () => {
    mkdirSync(at('busy'));
    mkdirSync(at('busy/functions'));
    writeFileSync(at('busy/busy.asl.json'), JSON.stringify({ StartAt: 'T', States: { T: { Type: 'Task', Resource: 'count', End: true } } }));
    writeFileSync(at('busy/functions/count.mjs'), 'let now = 0;\nexport async function handler() {\n  const seen = ++now;\n  await new Promise((resolve) => setTimeout(resolve, 5));\n  now -= 1;\n  return seen;\n}\n');
    const run = async (concurrency: number): Promise<number> => {
      const { stdout } = await millrace(['run', at('busy/busy.asl.json'), '--workers', '1', '--concurrency', String(concurrency)], { stdin: '{}\n'.repeat(60) });
      const seen = resultLines(stdout).map(({ output }) => Number(output));
      expect(seen.length).toBe(60);
      return Math.max(...seen);
    };
    expect(await run(1)).toBe(1);
    expect(await run(8)).toBeLessThanOrEqual(8);
    expect(await run(8)).toBeGreaterThan(1);
  });

  it('rejects an event over the payload limit without running it', async () => {
    const { stdout } = await millrace(['run', at('classify.asl.json')], { stdin: `{"n":1}\n{"n":1,"text":"${'x'.repeat(300_000)}"}\n{"n":3}\n` });
    const lines = resultLines(stdout);
    expect(lines.map(({ status }) => status)).toEqual(['SUCCEEDED', 'REJECTED', 'SUCCEEDED']);
    expect(lines[1]).toMatchObject({ index: 1, line: 2, error: 'PAYLOAD_TOO_LARGE' });
  });

  it('handles input with nothing in it', async () => {
    for (const stdin of ['', '\n\n', '[]']) {
      const { code, stdout, stderr } = await millrace(['run', at('classify.asl.json')], { stdin });
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(stderr).toContain('0 executions: 0 succeeded, 0 failed, 0 timed out in ');
    }
  });

  it('shows all that is wrong with a definition and exits with 3', async () => {
    writeFileSync(at('bad.asl.json'), JSON.stringify({ StartAt: 'X', States: { A: { Type: 'Pas', End: true }, B: { Type: 'Pass', Next: 'Nowhere' }, C: { Type: 'Wait', End: true } } }, null, 2));
    const { code, stdout, stderr } = await millrace(['run', at('bad.asl.json')], { stdin: '{}\n' });
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr.match(/bad\.asl\.json:\d+:\d+ error /g)?.length).toBeGreaterThanOrEqual(3);
  });

  it('exits with 2 and a sentence for mistakes on the command line', async () => {
    const mistakes: [string[], RegExp][] = [
      [['run'], /missing required argument 'machine'/],
      [['run', at('nothing.asl.json')], /There is no file .*nothing\.asl\.json\./],
      [['run', folder], /is a folder; a file is needed\./],
      [['run', at('classify.asl.json'), '--input', at('nothing.ndjson')], /There is no file .*nothing\.ndjson\./],
      [['run', at('classify.asl.json'), '--output', at('no/such/out.ndjson')], /There is no folder to put .*out\.ndjson into\./],
      [['run', at('classify.asl.json'), '--input', at('classify.asl.json'), '--output', at('classify.asl.json')], /Input and output are the same file\./],
      [['run', at('classify.asl.json'), '--functions', at('none')], /There is no folder .*none to take functions from\./],
      [['run', at('classify.asl.json'), '--concurrency', '0'], /A whole number of 1 or more is needed\./],
      [['run', at('classify.asl.json'), '--oops'], /unknown option '--oops'/],
    ];
    for (const [args, message] of mistakes) {
      const { code, stdout, stderr } = await millrace(args);
      expect([args, code, stdout]).toEqual([args, 2, '']);
      expect(stderr).toMatch(message);
    }
  });

  it('ends quietly when the reader of the results goes away', async () => {
    const running = startMillrace(['run', at('classify.asl.json')]);
    const { stdin, stdout } = running.child;
    let seen = 0;
    stdout!.on('data', (text: string) => {
      seen += text.length;
      stdout!.destroy();
    });
    const line = '{"n":1}\n'.repeat(5000);
    const feed = setInterval(() => stdin!.writable && stdin!.write(line), 1);
    const { code, stderr } = await running.finished;
    clearInterval(feed);
    expect(seen).toBeGreaterThan(0);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('stops reading at SIGINT, writes what has ended and exits with 130', async () => {
    const running = startMillrace(['run', at('wait.asl.json'), '--unordered']);
    running.child.stdin!.write('{"seconds":0}\n{"seconds":200}\n{"seconds":0}\n');
    await until(() => running.stdout().split('\n').length === 3, 'two results');
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.finished;
    expect(code).toBe(130);
    expect(resultLines(stdout).map(({ index }) => index).toSorted()).toEqual([0, 2]);
    expect(stderr).toMatch(/^Interrupted\. Executions that were under way and have no result: 1\.\n2 executions: 2 succeeded/);
  });

  it('treats keys such as __proto__ as data', async () => {
    const { stdout } = await millrace(['run', at('classify.asl.json')], { stdin: '{"n":3,"__proto__":{"polluted":1},"constructor":2}\n' });
    expect(stdout).toBe('{"index":0,"name":"classify-0","status":"SUCCEEDED","output":{"n":3,"__proto__":{"polluted":1},"constructor":2,"size":"large"}}\n');
  });
});
