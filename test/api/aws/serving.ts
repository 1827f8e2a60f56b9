import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from '../../../src/api/server.ts';
import { createEngine, type Engine, type EngineOptions } from '../../../src/engine.ts';

export interface AwsAnswer {
  readonly status: number;
  readonly type: string | null;
  readonly json: any;
}

/** A server over a real engine, spoken to as an AWS SDK does. */
export interface AwsServer {
  readonly url: string;
  readonly engine: Engine;
  send(target: string, body: string): Promise<AwsAnswer>;
  call(action: string, request: object): Promise<AwsAnswer>;
  close(): Promise<void>;
}

const FUNCTIONS = {
  double: 'export const handler = ({ n }) => ({ n: 2 * n });',
  fail: "export const handler = () => { throw Object.assign(new Error('no'), { name: 'Refused' }); };",
  spin: 'export const handler = () => { for (;;); };',
};

export async function serveAws(options: Partial<EngineOptions> = {}): Promise<AwsServer> {
  const functions = mkdtempSync(join(tmpdir(), 'millrace-aws-'));
  for (const [name, source] of Object.entries(FUNCTIONS)) writeFileSync(join(functions, `${name}.mjs`), source);
  const engine = await createEngine({ machines: {}, functions, workers: 1, compatibility: 'strict', dataDir: null, ...options });
  const server = await createServer({ engine, host: '127.0.0.1', port: 0, payloadBytes: 262_144 });
  const { port } = await server.listen();
  const url = `http://127.0.0.1:${port}/`;
  const send = async (target: string, body: string): Promise<AwsAnswer> => {
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target }, body });
    return { status: response.status, type: response.headers.get('content-type'), json: await response.json() };
  };
  return {
    url,
    engine,
    send,
    call: (action, request) => send(`AWSStepFunctions.${action}`, JSON.stringify(request)),
    async close() {
      await server.close(0);
      await engine.close(0);
      rmSync(functions, { recursive: true, force: true });
    },
  };
}

export const ROLE = 'arn:aws:iam::123456789012:role/runs-machines';
export const pass = (output: unknown): string => JSON.stringify({ StartAt: 'A', States: { A: { Type: 'Pass', Result: output, End: true } } });
export const task = (name: string): object => ({ Type: 'Task', Resource: `arn:aws:lambda:us-east-1:123456789012:function:${name}`, End: true });
export const machineOf = (state: object): string => JSON.stringify({ StartAt: 'A', States: { A: state } });
