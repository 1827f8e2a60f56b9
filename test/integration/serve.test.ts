import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, eventually, freePort, ServerProcess } from '../lib/server-process.ts';

let folder: string;
let server: ServerProcess;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-serve-'));
  mkdirSync(join(folder, 'functions'));
});
afterEach(async () => {
  if (server.child.exitCode === null && server.child.signalCode === null) await server.end('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, content: unknown): void => writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
const serve = async (config: string): Promise<void> => {
  write('millrace.yaml', config);
  server = await new ServerProcess([], await freePort(), { cwd: folder }).ready();
};
const start = async (machine: string, event: unknown): Promise<{ status: string; output?: unknown; error?: string; cause?: string }> => {
  const { body } = await ask(server.port, 'POST', `/v1/machines/${machine}/sync-executions`, JSON.stringify(event));
  return JSON.parse(body) as { status: string };
};

describe('a server whose files change', () => {
  it('takes new definitions, functions and schemas, and keeps what it has when they are wrong', async () => {
    const machine = (result: unknown): object => ({ StartAt: 'A', States: { A: { Type: 'Task', Resource: 'f', ResultPath: '$.f', Next: 'B' }, B: { Type: 'Pass', Result: result, ResultPath: '$.b', End: true } } });
    write('m.asl.json', machine(1));
    write('in.schema.json', { type: 'object' });
    write('functions/f.mjs', 'export const handler = () => "one";');
    await serve('functions: ./functions\nworkers: 1\nmachines:\n  m: { definition: ./m.asl.json, inputSchema: ./in.schema.json }\n');
    expect(await start('m', {})).toMatchObject({ output: { f: 'one', b: 1 } });

    write('functions/f.mjs', 'export const handler = () => "two";');
    await eventually(async () => (await start('m', {})).output !== undefined && JSON.stringify((await start('m', {})).output).includes('two'), 'the new function');

    // As editors and Kubernetes do it: a new file takes the place of the old.
    write('m.asl.json.new', machine(2));
    renameSync(join(folder, 'm.asl.json.new'), join(folder, 'm.asl.json'));
    await eventually(async () => JSON.stringify(await start('m', {})).includes('"b":2'), 'the new definition');

    write('m.asl.json', '{ "StartAt": "Nowhere", "States": {} }');
    await eventually(() => server.stderr.includes('not reloaded'), 'the complaint about the definition');
    expect(await start('m', {})).toMatchObject({ status: 'SUCCEEDED', output: { f: 'two', b: 2 } });

    write('in.schema.json', { type: 'object', required: ['id'] });
    write('m.asl.json', machine(3));
    await eventually(async () => JSON.stringify(await start('m', {})).includes('INPUT_REJECTED'), 'the new schema');
    expect(await start('m', { id: 1 })).toMatchObject({ output: { b: 3 } });
  });
});

describe('a start whose body is no event', () => {
  it.each(['executions', 'sync-executions'])('is refused by POST %s, which tells what is wrong', async (path) => {
    write('m.asl.json', { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } });
    await serve('workers: 1\nmachines: { m: ./m.asl.json }\n');
    for (const body of ['{"a":', '{"a":1} x', ' ', Buffer.of(0x22, 0xff, 0xfe, 0x22)]) {
      const answer = await fetch(`http://127.0.0.1:${server.port}/v1/machines/m/${path}`, { method: 'POST', body });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toEqual({ code: 'INVALID_JSON', message: expect.stringMatching(/^The (event|body) is (not JSON|not UTF-8|empty)/) });
    }
    expect(await start('m', { a: 1 })).toMatchObject({ status: 'SUCCEEDED', output: { a: 1 } });
  });
});

describe('a server under stress', () => {
  it('answers 429 with Retry-After at a limit, and the start again later', async () => {
    const open = JSON.stringify(join(folder, 'open'));
    write('functions/gate.mjs', `import { existsSync } from 'node:fs';\nexport const handler = async () => { while (!existsSync(${open})) await new Promise((resolve) => setTimeout(resolve, 10)); };`);
    write('gate.asl.json', { StartAt: 'G', States: { G: { Type: 'Task', Resource: 'gate', End: true } } });
    await serve('workers: 1\nfunctions: ./functions\nlimits: { maxInFlight: 2 }\nmachines: { gate: ./gate.asl.json }\n');
    const post = (): ReturnType<typeof ask> => ask(server.port, 'POST', '/v1/machines/gate/executions', '{}');
    expect([(await post()).status, (await post()).status]).toEqual([202, 202]);
    const refused = await post();
    expect(refused.status).toBe(429);
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'AT_CAPACITY' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    write('open', '');
    await eventually(async () => (await post()).status === 202, 'room');
  });

  it('replaces a worker that an endless handler blocks; others are served, the culprit ends as poison', async () => {
    write('functions/f.mjs', 'export const handler = (event) => { while (event.endless) ; return event; };');
    write('f.asl.json', { StartAt: 'F', States: { F: { Type: 'Task', Resource: 'f', End: true } } });
    await serve('workers: 1\nfunctions: ./functions\nlimits: { blockedMs: 1000, poisonAfter: 2 }\nmachines: { f: ./f.asl.json }\n');
    const accepted = JSON.parse((await ask(server.port, 'POST', '/v1/machines/f/executions', '{"endless":true}')).body) as { executionArn: string };
    await eventually(async () => (await start('f', { n: 1 })).status === 'SUCCEEDED', 'another execution gets through');
    const describePath = `/v1/executions/${encodeURIComponent(accepted.executionArn)}`;
    await eventually(async () => !(await ask(server.port, 'GET', describePath)).body.includes('RUNNING'), 'the end of the endless one');
    expect((await ask(server.port, 'GET', describePath)).body).toContain('POISON');
    const { body } = await ask(server.port, 'GET', '/metrics');
    expect(body).toMatch(/^millrace_worker_restarts_total\{reason="blocked"\} 2$/m);
    expect(body).toMatch(/^millrace_executions_ended_total\{machine="f",status="POISON"\} 1$/m);
    expect(await start('f', { n: 2 })).toMatchObject({ status: 'SUCCEEDED', output: { n: 2 } });
  });
});
