import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, freePort, ServerProcess } from '../lib/server-process.ts';
import { temporaryFolder } from '../lib/temporary-folder.ts';
import { load, type Summary, throughAnOutage } from './load-kit.ts';
import { BINARY, millrace, startMillrace, until } from './millrace.ts';

const folder = temporaryFolder();
let server: ServerProcess;
let url: string;

beforeAll(async () => {
  writeFileSync(join(folder, 'check.asl.json'), JSON.stringify({ StartAt: 'Large', States: { Large: { Type: 'Choice', Choices: [{ Variable: '$.n', NumericGreaterThan: 90, Next: 'TooLarge' }], Default: 'Fine' }, TooLarge: { Type: 'Fail', Error: 'TooLarge' }, Fine: { Type: 'Succeed' } } }));
  writeFileSync(join(folder, 'millrace.yaml'), 'machines: { check: ./check.asl.json }\nworkers: 1\ndataDir: ./data\n');
  server = await new ServerProcess(['--config', join(folder, 'millrace.yaml')], await freePort()).ready();
  url = `http://127.0.0.1:${server.port}`;
});
afterAll(() => server.end('SIGTERM'));

const started = async (): Promise<number> => {
  const { body } = await ask(server.port, 'GET', '/metrics');
  return [...body.matchAll(/^millrace_executions_ended_total\{.*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
};

describe('millrace load http', () => {
  it('starts as many executions as it says, at the rate that was asked for', async () => {
    const before = await started();
    const summary = await load('http', '--url', url, '--machine', 'check', '--rate', '200', '--duration', '2s', '--event', '{"n":{{int 1 50}}}');
    expect(summary).toMatchObject({ code: 0, target: `${url}/v1/machines/check/executions`, failed: 0, refused: 0, targetRate: 200, openLoop: true, errors: {}, exceeded: [] });
    // A machine that is busy with something else may not send all of them in time, and says how many.
    expect(summary.sent + summary.unsent).toBe(400);
    expect(summary.ok).toBe(summary.sent);
    expect(summary.series.reduce((sum, { ok }) => sum + ok, 0)).toBe(summary.ok);
    expect(summary.latencyMs!['p50']).toBeGreaterThan(0);
    await until(async () => (await started()) - before === summary.ok, 'all executions have ended');
  });

  it('waits for the end in mode sync, and counts executions that fail', async () => {
    const summary = await load('http', '--url', url, '--mode', 'sync', '--count', '100', '--event', '{"n":{{seq 1}}}', '--connections', '4');
    expect(summary).toMatchObject({ code: 1, sent: 100, ok: 90, failed: 10, errors: { 'execution FAILED TooLarge': 10 }, exceeded: ['failed>0'], targetRate: null, openLoop: false });
  });

  it('sends many to a request in mode bulk, and counts what is rejected', async () => {
    const events = join(folder, 'events.ndjson');
    writeFileSync(events, '{"n":1}\n\n{"n":2}\n{"n":3}\n');
    const before = await started();
    expect(await load('http', '--url', url, '--mode', 'bulk', '--events', events, '--count', '10000', '--batch', '300')).toMatchObject({ code: 0, sent: 10_000, ok: 10_000 });
    expect(await load('http', '--url', url, '--mode', 'bulk', '--events', events, '--once')).toMatchObject({ code: 0, sent: 3, ok: 3 });
    await until(async () => (await started()) - before === 10_003, 'all executions have ended');
  });

  it('says what it did to people too', async () => {
    const { code, stdout, stderr } = await millrace(['load', 'http', '--url', url, '--count', '50', '--bytes', '500', '--fail-if', 'p99>1us', '--seed', '1']);
    expect(code).toBe(1);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^Sent to http:.*\n {2}events {5}50 sent, 50 ok, 0 refused, 0 failed\n {2}rate .*as fast as it went\n {2}latency {4}p50 .* p99\.9 .*\n {2}bytes {6}25\.0 kB of events, .*\n {2}sender {5}\d+ % busy.*\n {2}failed by {2}p99>1us\n/);
  });

  it('stops at Ctrl-C and sums up', async () => {
    const process = startMillrace(['load', 'http', '--url', url, '--rate', '100', '--json']);
    const before = await started();
    await until(async () => (await started()) - before > 20, 'events are sent');
    process.child.kill('SIGINT');
    const { code, stdout } = await process.finished;
    const summary = JSON.parse(stdout) as Summary & { interrupted: boolean };
    expect(code).toBe(130);
    expect(summary.interrupted).toBe(true);
    expect(summary.ok).toBe(summary.sent);
    expect(summary.ok).toBeGreaterThan(20);
  });

  it('goes on when its target dies, and when it comes back', async () => {
    const port = await freePort();
    let target: Server;
    const start = async (): Promise<void> => {
      target = createServer((request, response) => request.resume().on('end', () => response.writeHead(202).end('{}')));
      await once(target.listen(port, '127.0.0.1'), 'listening');
    };
    const kill = async (): Promise<void> => {
      target.closeAllConnections();
      target.close();
      await once(target, 'close');
    };
    await start();
    const { failed, ok, errors } = await throughAnOutage(['http', '--url', `http://127.0.0.1:${port}`, '--machine', 'm', '--connections', '8'], { start, kill });
    await kill();
    expect(ok).toBeGreaterThan(200);
    expect(failed).toBeGreaterThan(0);
    expect(Object.keys(errors)).toContain('ECONNREFUSED');
  });

  it.each([
    [['--url', 'nonsense'], /--url takes the URL of a server/],
    [['--url', 'http://127.0.0.1:1', '--rate', 'fast'], /--rate takes events a second/],
    [['--url', 'http://127.0.0.1:1', '--rate', '5', '--shape', 'constant:5'], /Give one of --rate and --shape/],
    [['--url', 'http://127.0.0.1:1', '--duration', '5'], /--duration takes a duration such as/],
    [['--url', 'http://127.0.0.1:1', '--event', '{"a":{{pick x}}}'], /--event makes no JSON: .* It makes: \{"a":x\}/],
    [['--url', 'http://127.0.0.1:1', '--event', '@none.json'], /There is no file none\.json/],
    [['--url', 'http://127.0.0.1:1', '--events', 'package.json'], /Line 1 of package\.json is not JSON/],
    [['--url', 'http://127.0.0.1:1', '--header', 'x'], /--header takes 'Name: value'/],
    [['--url', 'http://127.0.0.1:1', '--fail-if', 'x'], /--fail-if 'x' is not understood/],
    [['--url', 'http://127.0.0.1:1', '--shape', 'ramp:0..5', '--duration', '5s', '--warm-up', '1s'], /--warm-up goes at the rate with which the shape begins/],
    [[], /required option '--url <url>'/],
  ])('refuses what is wrong on its command line: %j', async (args, message) => {
    const { code, stderr } = await millrace(['load', 'http', ...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('says when nothing answers, and what to do', async () => {
    const { code, stderr } = await millrace(['load', 'http', '--url', 'http://127.0.0.1:1', '--rate', '5']);
    expect(stderr).toMatch(/Nothing answers at http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED.*\. Start the server there \(millrace start\), or correct --url\. \[TARGET_UNAVAILABLE\]/);
    expect(code).toBe(1);
  });
});

const hasScript = ((): boolean => {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux');
  } catch {
    return false;
  }
})();

describe.skipIf(!hasScript)('on a terminal (by script of util-linux)', () => {
  const onTerminal = (command: string): { readonly shown: () => string; readonly finished: Promise<unknown>; readonly type: (text: string) => void } => {
    const child = spawn('script', ['-qefc', `stty cols 90 rows 30; exec ${process.execPath} ${BINARY} ${command}`, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    return { shown: () => text, finished: once(child, 'close').then(([code]) => code as unknown), type: (keys) => child.stdin.write(keys) };
  };

  it('draws a dashboard in place, and leaves the terminal as it was', async () => {
    const run = onTerminal(`load http --url ${url} --machine check --rate 100 --duration 2s`);
    expect(await run.finished).toBe(0);
    expect(run.shown().startsWith('\u001b[?25l')).toBe(true);
    expect(run.shown()).toContain('\u001b[10A\r\u001b[J');
    expect(run.shown()).toContain('of 100/s');
    expect(run.shown().lastIndexOf('\u001b[?25h')).toBeGreaterThan(run.shown().lastIndexOf('\u001b[?25l'));
    expect(run.shown()).toMatch(/(\d+) sent, \1 ok, 0 refused, 0 failed\r\n/);
  });

  it('obeys Ctrl-C', async () => {
    const run = onTerminal(`load http --url ${url} --machine check --rate 100`);
    await until(() => /[1-9]\d* ok/.test(run.shown()), 'events are sent');
    run.type('\u0003');
    expect(await run.finished).toBe(130);
    expect(run.shown()).toContain('Interrupted. Sent to');
    expect(run.shown()).toContain('\u001b[?25h');
  });
});
