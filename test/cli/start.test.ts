import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { millrace, ROOT, startMillrace, until, type RunningProcess } from './millrace.ts';

let folder: string;
let running: RunningProcess[] = [];
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'millrace-start-'))));
afterEach(async () => {
  for (const { child, finished } of running) {
    if (child.exitCode === null) child.kill('SIGKILL');
    await finished;
  }
  running = [];
  rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, content: string): void => writeFileSync(join(folder, name), content);
const PASS = JSON.stringify({ Comment: 'Marks what passes', StartAt: 'P', States: { P: { Type: 'Pass', Result: true, ResultPath: '$.seen', End: true } } });
const WAIT = JSON.stringify({ StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 200, End: true } } });

/** Starts a server in the folder and waits until it has said that it is ready. */
async function serveHere(args: readonly string[] = [], cwd = folder): Promise<RunningProcess & { url: string }> {
  const server = startMillrace(['start', '--port', '0', ...args], { cwd });
  running.push(server);
  let url: string | undefined;
  await until(() => {
    if (server.child.exitCode !== null) throw new Error(`It has ended: ${server.stderr()}`);
    url = /ready in \d+ ms at (http:\S+)/.exec(server.stdout())?.[1];
    return url !== undefined && server.stdout().endsWith('\n\n');
  }, 'the server is ready');
  return { ...server, url: url! };
}

const post = (url: string, body: string): Promise<Response> => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });

describe('millrace start', () => {
  it('serves what lies in the folder when there is no configuration, and stops with 0 at SIGTERM', async () => {
    write('mark.asl.json', PASS);
    write('other.asl.json', PASS);
    const server = await serveHere();
    expect(server.stdout()).toContain(`  mark   POST ${server.url}/v1/machines/mark/executions  mark.asl.json\n`);
    expect(server.stdout()).toContain('Marks what passes');
    expect(server.stdout()).toMatch(/^Journal {4}data$/m);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    const answer = await post(`${server.url}/v1/machines/mark/sync-executions`, '{"n":1}');
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ status: 'SUCCEEDED' });
    server.child.kill('SIGTERM');
    const { code, stderr } = await server.finished;
    expect(code).toBe(0);
    expect(stderr).toContain('"stopped"');
  });

  it('serves the examples, and the curl line that it prints works', async () => {
    const server = await serveHere(['--config', 'examples/millrace.yaml', '--data-dir', join(folder, 'data')], ROOT);
    const text = server.stdout();
    for (const machine of ['triage', 'convert', 'billing']) expect(text).toContain(`/v1/machines/${machine}/executions`);
    expect(text).toMatch(/^Functions {2}charge-card, choose-desks, from-celsius, from-fahrenheit, locate, price-line, send-alert, total-invoice {2}examples\/functions$/m);
    const line = /^ {2}(curl .*)$/m.exec(text)?.[1];
    expect(line).toMatch(/^curl -s -X POST http:\S+\/v1\/machines\/triage\/sync-executions /);
    if (spawnSync('curl', ['--version']).status === 0) {
      const answer = JSON.parse(execFileSync('sh', ['-c', line!], { cwd: ROOT, encoding: 'utf8' })) as { status: string; output: string | object };
      expect(answer.status).toBe('SUCCEEDED');
      expect(JSON.stringify(answer.output)).toContain('strong');
    }
    for (const [machine, input] of [['convert', 'two-functions/convert.input.json'], ['billing', 'billing/billing.input.json']] as const) {
      const answer = await post(`${server.url}/v1/machines/${machine}/sync-executions`, readFileSync(join(ROOT, 'examples', input), 'utf8'));
      expect(await answer.json()).toMatchObject({ status: 'SUCCEEDED' });
    }
    server.child.kill('SIGINT');
    expect((await server.finished).code).toBe(0);
  });

  it('leaves to the journal what does not end within the grace period, and runs it again at the next start', async () => {
    write('long.asl.json', WAIT);
    write('millrace.yaml', 'machines:\n  long: ./long.asl.json\nlimits: { graceMs: 200 }\n');
    const first = await serveHere();
    expect((await post(`${first.url}/v1/machines/long/executions`, '{}')).status).toBe(202);
    first.child.kill('SIGTERM');
    const { code, stderr } = await first.finished;
    expect(code).toBe(0);
    expect(stderr).toMatch(/"stopped with executions under way[^\n]*"left":1/);
    const second = await serveHere();
    await until(() => second.stderr().includes('"count":1'), 'the execution runs again');
    second.child.kill('SIGTERM');
    expect((await second.finished).code).toBe(0);
  });

  it('exits at once, with 1, at a second signal', async () => {
    write('long.asl.json', WAIT);
    const server = await serveHere();
    expect((await post(`${server.url}/v1/machines/long/executions`, '{}')).status).toBe(202);
    server.child.kill('SIGTERM');
    await until(() => server.stderr().includes('shutting down'), 'the first signal is obeyed');
    server.child.kill('SIGTERM');
    const { code, stderr } = await server.finished;
    expect(code).toBe(1);
    expect(stderr).toContain('a second signal');
  });

  it('shows every mistake of the configuration with its place and exits with 2', async () => {
    write('a.asl.json', PASS);
    write('millrace.yaml', 'server: { port: http }\nmachines:\n  a: ./a.asl.json\n  b: ./missing.asl.json\nfuntions: ./f\n');
    const { code, stdout, stderr } = await millrace(['start'], { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    for (const place of [/millrace\.yaml:1:\d+ error/, /millrace\.yaml:4:\d+ error/, /millrace\.yaml:5:\d+ error/]) expect(stderr).toMatch(place);
    expect(stderr).toMatch(/3 mistakes \[INVALID_CONFIG\]\n$/);
  });

  it('exits with 2 for a configuration that is not YAML or not there', async () => {
    write('bad.yaml', 'machines: [\n');
    const malformed = await millrace(['start', '--config', 'bad.yaml'], { cwd: folder });
    expect(malformed.code).toBe(2);
    expect(malformed.stderr).toMatch(/bad\.yaml:\d+:\d+ error/);
    const missing = await millrace(['start', '--config', 'none.yaml'], { cwd: folder });
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain('none.yaml');
  });

  it('exits with 3 for definitions and functions that are wrong, showing all that is', async () => {
    write('a.asl.json', '{\n  "StartAt": "A",\n  "States": { "A": { "Type": "Pass", "Next": "B" }, "C": { "Type": "Wait", "End": true } }\n}');
    const definition = await millrace(['start', '--port', '0'], { cwd: folder });
    expect(definition.code).toBe(3);
    expect(definition.stderr.match(/a\.asl\.json:\d+:\d+ error/g)?.length).toBeGreaterThanOrEqual(2);
    write('a.asl.json', PASS);
    mkdirSync(join(folder, 'functions'));
    write('functions/empty.mjs', 'export const nothing = 1;\n');
    const functions = await millrace(['start', '--port', '0'], { cwd: folder });
    expect(functions.code).toBe(3);
    expect(functions.stderr).toMatch(/empty\.mjs.*exports no handler/);
  });

  it('exits with 1 when the port is taken', async () => {
    write('a.asl.json', PASS);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const { code, stdout, stderr } = await millrace(['start', '--port', String(port)], { cwd: folder });
    other.close();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`millrace start: .*${port}.* \\[PORT_IN_USE\\]\\n$`));
  });

  it('exits with 1 when the data folder cannot be one, and when another process has it', async () => {
    write('a.asl.json', PASS);
    write('file', '');
    const unusable = await millrace(['start', '--port', '0', '--data-dir', 'file'], { cwd: folder });
    expect(unusable.code).toBe(1);
    expect(unusable.stderr).toMatch(/\[DATA_DIR_UNUSABLE\]\n$/);
    await serveHere();
    const shared = await millrace(['start', '--port', '0'], { cwd: folder });
    expect(shared.code).toBe(1);
    expect(shared.stderr).toMatch(/\[DATA_DIR_UNUSABLE\]\n$/);
  });

  it('exits with 2 for options that make no sense', async () => {
    for (const args of [['--port', '70000'], ['--port', ''], ['--workers', '0'], ['extra']]) {
      const { code, stdout } = await millrace(['start', ...args], { cwd: folder });
      expect([args, code, stdout]).toEqual([args, 2, '']);
    }
  });
});
