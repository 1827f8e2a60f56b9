import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ROUTES } from '../../src/api/rest.ts';
import { ARN, START_MS } from './stand-in-engine.ts';
import { serve } from './serving.ts';

const doc = readFileSync(new URL('../../docs/http.md', import.meta.url), 'utf8');

describe('docs/http.md', () => {
  it('names every route, and no other', () => {
    const documented = [...doc.matchAll(/^\| `(GET|POST) (\S+)` \|/gm)].map(([, method, path]) => `${method} ${path!.replaceAll(/\{(\w+)\}/g, ':$1')}`);
    expect(documented.toSorted()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).toSorted());
  });

  const curl = hasCurl();
  it.skipIf(!curl)(`has curl examples that work${curl ? '' : ' (skipped: there is no curl here)'}`, async () => {
    const { engine, port } = await serve();
    engine.descriptions.set(`${ARN}made-up-4`, { executionArn: `${ARN}made-up-4`, name: 'n', machineArn: 'm', startTimeMs: START_MS, status: 'RUNNING' });
    const examples = [...doc.matchAll(/```sh\n([^]*?)```/g)].map((match) => match[1]!.replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`).replaceAll('curl ', 'curl --fail-with-body '));
    expect(examples.length).toBeGreaterThan(4);
    for (const example of examples) {
      const { stdout } = await promisify(execFile)('sh', ['-e', '-c', example]);
      expect(stdout).not.toContain('"code"');
    }
    expect(engine.started.map(({ name }) => name)).toEqual([undefined, 'event-17', undefined, undefined]);
    expect(engine.bulks.map(({ accepted, rejectedCount }) => [accepted, rejectedCount])).toEqual([[2, 0], [2, 0], [2, 0]]);
  });
});

function hasCurl(): boolean {
  try {
    execFileSync('curl', ['--version']);
    return true;
  } catch {
    return false;
  }
}
