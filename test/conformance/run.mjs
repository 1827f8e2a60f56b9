#!/usr/bin/env node
// Plays the recorded AWS cases of ../shared/conformance against a server of this build. Arguments go to the runner:
//   node test/conformance/run.mjs --suite execution --min 0.99 --verbose
// Exit status: the runner's; 0 with a word where the recordings are not there; 2 when the server does not start.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const runner = fileURLToPath(new URL('../../../shared/conformance/run.mjs', import.meta.url));
if (!existsSync(runner)) {
  console.log('Skipped: the recordings (../shared/conformance) are not there.');
  process.exit(0);
}
const START_MS = 30_000;
const server = spawn(process.execPath, [fileURLToPath(new URL('serve.mjs', import.meta.url))], { stdio: ['ignore', 'pipe', 'inherit'] });
const gone = new Promise((resolve) => server.once('exit', resolve));
const late = setTimeout(() => server.kill('SIGKILL'), START_MS);
const lines = createInterface({ input: server.stdout });
const endpoint = await Promise.race([new Promise((resolve) => lines.once('line', resolve)), gone.then(() => undefined)]);
clearTimeout(late);
if (endpoint === undefined) {
  console.error('The server did not start.');
  process.exit(2);
}
const run = spawn(process.execPath, [runner, '--endpoint', endpoint, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => run.kill(signal));
const code = await new Promise((resolve) => run.once('exit', (status) => resolve(status ?? 1)));
server.kill('SIGTERM');
const stuck = setTimeout(() => server.kill('SIGKILL'), 10_000);
await gone;
clearTimeout(stuck);
process.exit(code);
