import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listCommand, purgeCommand, redriveCommand, showCommand, type DeadLetterFlags, type Terminal } from '../../src/cli/dead-letters.ts';
import type { Outcome } from '../../src/delivery/outcome.ts';
import { MillraceError } from '../../src/errors.ts';
import { failureOf, outcomeOf } from '../delivery/outcome-kit.ts';
import { WebhookServer } from '../outputs/webhook-server.ts';
import { createProject, putLetters, run } from './dead-letters-kit.ts';
import { millrace, startMillrace, until } from './millrace.ts';

const YAML = `
machines: { triage: ./triage.asl.json, billing: ./triage.asl.json }
sources:
  readings: { kafka: { brokers: [127.0.0.1:1], topics: [readings], groupId: g }, machine: triage }
  orders: { redisStream: { url: "redis://127.0.0.1:1", stream: orders, group: g }, machine: billing, deadLetters: lost }
  careless: { bullmq: { url: "redis://127.0.0.1:1", queue: q }, machine: billing, deadLetters: none }
outputs:
  lost: { file: { path: ./lost.ndjson } }
  hook: { webhook: { url: "https://example.org/" } }
`;

const START = Date.parse('2026-11-21T08:00:00Z');
const at = (minutes: number): Pick<Outcome, 'startTimeMs' | 'stopTimeMs'> => ({ startTimeMs: START + minutes * 60_000, stopTimeMs: START + minutes * 60_000 });

/** A configuration with dead letters of two sources in two stores. */
async function project(): Promise<string> {
  const folder = createProject(YAML);
  await putLetters({ file: { path: join(folder, 'data/dead-letters/readings.ndjson') } }, [
    { ...failureOf('readings-1', 'INVALID_JSON', 'a } is missing', { ...at(0), status: 'REJECTED', value: Buffer.from('{"a":1'), key: Buffer.from('k'), coordinate: '{"topic":"readings","partition":3,"offset":17}', headers: '{"trace":"t-1"}' }) },
    failureOf('readings-2', 'Card.Declined', 'no money', { ...at(10), value: Buffer.from('{"b":[1,2]}'), attempts: 3 }),
    failureOf('readings-3', 'States.Timeout', '', { ...at(20), status: 'TIMED_OUT', value: Buffer.from([0xff, 0x00]) }),
  ]);
  await putLetters({ file: { path: join(folder, 'lost.ndjson') } }, [
    failureOf('orders-1', 'Card.Expired', 'old', { ...at(30), source: 'orders', machine: 'billing' }),
    failureOf('other-1', 'X', '', { ...at(40), source: 'gone', machine: 'billing' }),
    { ...outcomeOf('orders-2', { ...at(50), source: 'orders', machine: 'billing' }), refusal: { output: 'hook', error: new MillraceError('OUTPUT_REFUSED', '404') } } as Outcome,
  ]);
  return folder;
}

const show = (id: string) => (flags: DeadLetterFlags, terminal: Terminal): Promise<number> => showCommand(id, flags, terminal);

describe('millrace dead-letters list', () => {
  it('writes a line of JSON for each, of every store', async () => {
    const { code, lines, stderr } = await run(listCommand, await project());
    expect(code).toBe(0);
    expect(lines.map(({ execution }) => execution).toSorted()).toEqual(['orders-1', 'orders-2', 'other-1', 'readings-1', 'readings-2', 'readings-3']);
    expect(lines.find(({ execution }) => execution === 'readings-1')).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
      store: expect.stringMatching(/dead-letters\/readings\.ndjson$/) as string,
      time: '2026-11-21T08:00:00.000Z',
      reason: 'REJECTED',
      error: 'INVALID_JSON',
      cause: 'a } is missing',
      execution: 'readings-1',
      machine: 'triage',
      source: 'readings',
      attempts: 1,
      headers: { trace: 't-1' },
      coordinate: { topic: 'readings', partition: 3, offset: 17 },
      key: 'k',
      bytes: 6,
      value: '{"a":1',
      encoding: 'utf8',
    });
    expect(lines.find(({ execution }) => execution === 'readings-3')).toMatchObject({ value: '/wA=', encoding: 'base64', bytes: 2 });
    expect(lines.find(({ execution }) => execution === 'orders-2')).toMatchObject({ reason: 'OUTPUT_REFUSED', output: 'hook', error: 'OUTPUT_REFUSED', cause: '404' });
    expect(stderr).toBe('6 dead letters (3 FAILED, 1 OUTPUT_REFUSED, 1 REJECTED, 1 TIMED_OUT)\n');
  });

  it.each<[string, DeadLetterFlags, string[]]>([
    ['a source with a file of its own', { source: 'readings' }, ['readings-1', 'readings-2', 'readings-3']],
    ['a source, out of a store that others share', { source: 'orders' }, ['orders-1', 'orders-2']],
    ['an output', { output: 'lost' }, ['orders-1', 'other-1', 'orders-2']],
    ['a file', { file: 'lost.ndjson' }, ['orders-1', 'other-1', 'orders-2']],
    ['reasons', { reason: ['rejected', 'TIMED_OUT'] }, ['readings-1', 'readings-3']],
    ['an error', { error: 'Card.Expired' }, ['orders-1']],
    ['errors', { error: 'Card.*' }, ['orders-1', 'readings-2']],
    ['a machine', { machine: 'billing' }, ['orders-1', 'other-1', 'orders-2']],
    ['an execution', { name: 'readings-2' }, ['readings-2']],
    ['executions', { name: '*-1' }, ['orders-1', 'other-1', 'readings-1']],
    ['times', { since: '2026-11-21T08:10:00Z', until: '2026-11-21T08:40:00Z' }, ['orders-1', 'readings-2', 'readings-3']],
    ['how long ago', { until: '1h', since: '100000d' }, ['orders-1', 'other-1', 'orders-2', 'readings-1', 'readings-2', 'readings-3']],
    ['no more than some', { limit: 4 }, ['orders-1', 'other-1', 'orders-2', 'readings-1']],
    ['all of these', { source: 'readings', reason: ['FAILED', 'REJECTED'], error: 'INVALID*', machine: 'triage' }, ['readings-1']],
    ['nothing', { error: 'No.Such' }, []],
  ])('takes %s', async (_, flags, expected) => {
    const folder = await project();
    const { code, lines, stderr } = await run(listCommand, folder, flags);
    expect([code, lines.map(({ execution }) => execution).toSorted()]).toEqual([0, expected.toSorted()]);
    expect(stderr).toMatch(new RegExp(`^${expected.length} dead letter`));
    // And by their ids.
    const ids = lines.map(({ id }) => String(id));
    if (ids.length === 0) return;
    expect((await run(listCommand, folder, { id: ids })).lines.map(({ execution }) => execution).toSorted()).toEqual(expected.toSorted());
  });

  it('is a table on a terminal, with nothing in it that could move the cursor', async () => {
    const folder = await project();
    await putLetters({ file: { path: join(folder, 'lost.ndjson') } }, [failureOf('nasty', 'E\u001b[2J\n', '', { ...at(60), source: 'orders' })]);
    const { stdout } = await run(listCommand, folder, { source: 'orders' }, { answer: '' });
    const rows = stdout.split('\n');
    expect(rows[0]).toMatch(/^ID +TIME +REASON +ERROR +MACHINE +EXECUTION +BYTES$/);
    expect(rows[1]).toMatch(/^[0-9a-f]{12} +2026-11-21T08:30:00Z +FAILED +Card\.Expired +billing +orders-1 +8$/);
    expect(rows[3]).toMatch(/FAILED +E \[2J +triage/);
    expect(rows).toHaveLength(5);
    expect(stdout).not.toContain('\u001b');
    expect((await run(listCommand, folder, { source: 'orders', format: 'ndjson' }, { answer: '' })).lines).toHaveLength(3);
  });

  it.each<[string, DeadLetterFlags, RegExp]>([
    ['a source that there is not', { source: 'reading' }, /no source 'reading'; it has readings, orders, careless/],
    ['an output that there is not', { output: 'x' }, /no output 'x'; it has lost, hook/],
    ['a webhook', { output: 'hook' }, /is a webhook/],
    ['a source without dead letters', { source: 'careless' }, /are dropped/],
    ['a file that there is not', { file: 'x.ndjson' }, /There is no file x\.ndjson/],
    ['two places', { source: 'orders', output: 'lost' }, /Give one of/],
    ['a reason that there is not', { reason: ['LOST'] }, /no reason 'LOST'/],
    ['a time that is none', { since: 'yesterday' }, /--since takes a time/],
    ['a date that is none', { until: '2026-13-41' }, /--until takes a time/],
  ])('refuses %s', async (_, flags, message) => {
    const { code, stderr } = await run(listCommand, await project(), flags);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe('millrace dead-letters show', () => {
  it('shows everything, the value as what it is', async () => {
    const folder = await project();
    const { code, stdout } = await run(show('readings-2'), folder, { source: 'readings' }, { answer: '' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^reason +FAILED$/m);
    expect(stdout).toMatch(/^attempts +3$/m);
    expect(stdout).toContain('value (11 bytes)\n{\n  "b": [\n    1,\n    2\n  ]\n}\n');
    expect((await run(show('readings-1'), folder, {}, { answer: '' })).stdout).toMatch(/^key +k\nheader trace +t-1\nvalue \(6 bytes\)\n\{"a":1$/m);
    expect((await run(show('readings-3'), folder, {}, { answer: '' })).stdout).toContain('value (2 bytes)\nbase64: /wA=\n');
  });

  it('takes the id, and writes JSON to a pipe', async () => {
    const folder = await project();
    const [{ id } = {}] = (await run(listCommand, folder, { name: 'orders-1' })).lines;
    expect((await run(show(String(id)), folder)).lines).toMatchObject([{ id, execution: 'orders-1' }]);
  });

  it('asks for an id where an execution has several, and says when there is none', async () => {
    const folder = await project();
    await putLetters({ file: { path: join(folder, 'lost.ndjson') } }, [failureOf('orders-1', 'Again', '', { ...at(60), source: 'orders' })]);
    expect(await run(show('orders-1'), folder)).toMatchObject({ code: 2, stderr: expect.stringMatching(/has 2 dead letters: [0-9a-f]{12}, [0-9a-f]{12}\./) as string });
    expect(await run(show('nobody'), folder)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining("no dead letter 'nobody'") as string });
  });
});

const names = async (folder: string, flags: DeadLetterFlags = {}): Promise<string[]> => (await run(listCommand, folder, flags)).lines.map(({ execution }) => String(execution)).toSorted();

describe('millrace dead-letters purge', () => {
  it('removes those that are asked for, and tells how many', async () => {
    const folder = await project();
    expect(await run(purgeCommand, folder, { source: 'readings', reason: ['REJECTED'], yes: true })).toMatchObject({ code: 0, stderr: '1 dead letter (1 REJECTED) removed.\n' });
    expect(await names(folder, { source: 'readings' })).toEqual(['readings-2', 'readings-3']);
    // Of a shared store, what is another's stays.
    await run(purgeCommand, folder, { source: 'orders', yes: true });
    expect(await names(folder)).toEqual(['other-1', 'readings-2', 'readings-3']);
    expect(readdirSync(folder).filter((name) => name.startsWith('lost.'))).toEqual(['lost.ndjson']);
  });

  it('removes nothing in a dry run, nor without a yes', async () => {
    const folder = await project();
    const before = readFileSync(join(folder, 'lost.ndjson'), 'utf8');
    expect(await run(purgeCommand, folder, { output: 'lost', dryRun: true })).toMatchObject({ code: 0, stderr: '3 dead letters (2 FAILED, 1 OUTPUT_REFUSED) would be removed.\n' });
    expect(await run(purgeCommand, folder, { output: 'lost' })).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') as string });
    expect(await run(purgeCommand, folder, { yes: true })).toMatchObject({ code: 2, stderr: expect.stringContaining('Say whose dead letters') as string });
    expect(await run(purgeCommand, folder, { output: 'lost' }, { answer: 'n' })).toMatchObject({ code: 0, stderr: expect.stringMatching(/Remove for good 3 dead letters .* of lost\? \[y\/N\] .*Nothing was done/s) as string });
    expect(readFileSync(join(folder, 'lost.ndjson'), 'utf8')).toBe(before);
    expect(await run(purgeCommand, folder, { output: 'lost' }, { answer: 'y' })).toMatchObject({ code: 0 });
    expect(await names(folder, { output: 'lost' })).toEqual([]);
  });

  it('leaves what it does not understand where it was', async () => {
    const folder = await project();
    const file = join(folder, 'lost.ndjson');
    writeFileSync(file, `not JSON\n{"execution":"a result","status":"SUCCEEDED","value":1}\n${readFileSync(file, 'utf8')}{"torn`);
    await run(purgeCommand, folder, { output: 'lost', yes: true });
    expect(readFileSync(file, 'utf8')).toBe('not JSON\n{"execution":"a result","status":"SUCCEEDED","value":1}\n');
  });
});

describe('millrace dead-letters redrive', () => {
  async function server(reply: WebhookServer['reply'] = () => ({ status: 202 })): Promise<WebhookServer & { readonly base: string }> {
    const made = new WebhookServer();
    made.reply = reply;
    await made.start();
    return Object.assign(made, { base: new URL(made.url).origin });
  }

  it('starts executions at a server, with the bytes as they came, and removes what that took', async () => {
    const folder = await project();
    const hook = await server((request) => (request.body === '{"a":1' ? { status: 400, body: 'INVALID_JSON' } : { status: 202 }));
    const { code, stderr } = await run(redriveCommand, folder, { source: 'readings', to: hook.base, yes: true });
    await hook.stop();
    expect(code).toBe(1);
    expect(hook.taken.map(({ path, body }) => [path, body.length])).toEqual([
      ['/v1/machines/triage/executions', 11],
      ['/v1/machines/triage/executions', 2],
    ]);
    expect(stderr).toMatch(/^[0-9a-f]{12} was not redriven: .* answered 400: INVALID_JSON\n2 redriven to http:.*; 1 not, which are where they were\.\n$/);
    expect(await names(folder, { source: 'readings' })).toEqual(['readings-1']);
  });

  it('changes nothing in a dry run, nor when it is answered no', async () => {
    const folder = await project();
    const hook = await server();
    expect(await run(redriveCommand, folder, { source: 'readings', to: hook.base, dryRun: true })).toMatchObject({ code: 0, stderr: '3 dead letters (1 REJECTED, 1 FAILED, 1 TIMED_OUT) would be redriven.\n' });
    expect(await run(redriveCommand, folder, { source: 'readings', to: hook.base }, { answer: '' })).toMatchObject({ code: 0, stderr: expect.stringContaining('Nothing was done.') as string });
    await hook.stop();
    expect(hook.received).toEqual([]);
    expect(await names(folder, { source: 'readings' })).toHaveLength(3);
  });

  it('leaves letters whose source is gone, or away, and says so', async () => {
    const folder = await project();
    expect(await run(redriveCommand, folder, { output: 'lost', name: 'other-1' })).toMatchObject({ code: 1, stderr: expect.stringContaining("the configuration has no source 'gone'") as string });
    // Nothing listens where the source is.
    expect(await run(redriveCommand, folder, { source: 'orders' })).toMatchObject({ code: 1, stderr: expect.stringMatching(/Redis of source orders .*127\.0\.0\.1:1/) as string });
    expect(await names(folder, { output: 'lost' })).toEqual(['orders-1', 'orders-2', 'other-1']);
  }, 60_000);

  it('leaves everything when the server is away', async () => {
    const folder = await project();
    const hook = await server();
    await hook.stop();
    expect(await run(redriveCommand, folder, { source: 'readings', to: hook.base })).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be reached') as string });
    expect(await names(folder, { source: 'readings' })).toHaveLength(3);
    expect(await run(redriveCommand, folder, { source: 'readings', to: 'nowhere' })).toMatchObject({ code: 2 });
  });

  it('ends in order when it is interrupted: what was put is removed, the rest is where it was', async () => {
    const folder = createProject(YAML);
    const path = join(folder, 'lost.ndjson');
    await putLetters({ file: { path } }, Array.from({ length: 900 }, (_, i) => failureOf(`o-${i}`, 'E', '', { source: 'orders', value: Buffer.from(String(i)) })));
    const hook = await server(() => ({ status: 202, delayMs: 2 }));
    const running = startMillrace(['dead-letters', 'redrive', '--output', 'lost', '--to', hook.base], { cwd: folder });
    await until(() => hook.taken.length > 50, 'it has begun');
    running.child.kill('SIGINT');
    const { code, stderr } = await running.finished;
    await hook.stop();
    expect([code, stderr]).toEqual([130, expect.stringMatching(/\d+ redriven to/)]);
    const redriven = new Set(hook.taken.map(({ body }) => `o-${body}`));
    const left = await names(folder, { output: 'lost' });
    expect(redriven.size).toBeLessThan(900);
    expect(left.toSorted()).toEqual(Array.from({ length: 900 }, (_, i) => `o-${i}`).filter((name) => !redriven.has(name)).toSorted());
  });

  it('loses nothing when it is killed: what it had taken out is found the next time', async () => {
    const folder = createProject(YAML);
    const path = join(folder, 'lost.ndjson');
    await putLetters({ file: { path } }, Array.from({ length: 900 }, (_, i) => failureOf(`o-${i}`, 'E', '', { source: 'orders', value: Buffer.from(String(i)) })));
    const hook = await server(() => ({ status: 202, delayMs: 2 }));
    const running = startMillrace(['dead-letters', 'redrive', '--output', 'lost', '--to', hook.base], { cwd: folder });
    await until(() => hook.taken.length > 300, 'it is in the middle');
    running.child.kill('SIGKILL');
    await running.finished;
    expect(existsSync(path)).toBe(false);
    // Meanwhile a server goes on.
    await putLetters({ file: { path } }, [failureOf('o-900', 'E', '', { source: 'orders', value: Buffer.from('900') })]);
    expect((await names(folder, { output: 'lost' }))).toHaveLength(901);
    expect(await run(redriveCommand, folder, { output: 'lost', to: hook.base })).toMatchObject({ code: 0 });
    await hook.stop();
    expect(new Set(hook.taken.map(({ body }) => body)).size).toBe(901);
    expect(readdirSync(folder).filter((name) => name.startsWith('lost.'))).toEqual([]);
  });

  it('lets one process at a time change a file', async () => {
    const folder = createProject(YAML);
    const path = join(folder, 'lost.ndjson');
    await putLetters({ file: { path } }, [failureOf('o-1', 'E', '', { source: 'orders' })]);
    writeFileSync(`${path}.lock`, String(process.pid));
    expect(await run(purgeCommand, folder, { output: 'lost', yes: true })).toMatchObject({ code: 1, stderr: expect.stringContaining(`The process ${process.pid} is changing`) as string });
    // One that is dead holds nothing.
    writeFileSync(`${path}.lock`, '4194999');
    expect(await run(purgeCommand, folder, { output: 'lost', yes: true })).toMatchObject({ code: 0 });
    expect(existsSync(`${path}.lock`)).toBe(false);
  });
});

describe('the command line', () => {
  it('says what dead-letters can do, and what is wrong', async () => {
    const folder = await project();
    expect(await millrace(['dead-letters', '--help'], { cwd: folder })).toMatchObject({ code: 0, stdout: expect.stringMatching(/list.*show.*redrive.*purge/s) as string });
    expect(await millrace(['dead-letters', 'list', '--limit', '0'], { cwd: folder })).toMatchObject({ code: 2 });
    expect(await millrace(['dead-letters', 'list', '--source', 'nobody'], { cwd: folder })).toMatchObject({ code: 2, stderr: expect.stringContaining("no source 'nobody'") as string });
    const { code, stdout } = await millrace(['dead-letters', 'list', '--source', 'readings', '--reason', 'REJECTED,FAILED', '-n', '1'], { cwd: folder });
    expect([code, (JSON.parse(stdout) as { execution: string }).execution]).toEqual([0, 'readings-1']);
    expect(await millrace(['dead-letters', 'show', 'readings-1'], { cwd: folder })).toMatchObject({ code: 0 });
  });
});
