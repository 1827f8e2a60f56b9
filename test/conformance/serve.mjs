#!/usr/bin/env node
// Serves the AWS protocol for the conformance runner: strict, on a free port, with the functions that recorded cases call.
// Prints its address on standard output; SIGTERM or SIGINT ends it. Needs dist/ (npm run build) and ../shared/conformance.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const functions = fileURLToPath(new URL('../shared/conformance/functions', root));
const built = fileURLToPath(new URL('dist/engine.js', root));

if (!existsSync(built)) {
  console.error('dist/ is missing: run `npm run build` first.');
  process.exit(2);
}
if (!existsSync(functions)) {
  console.error('../shared/conformance/functions is not there; cases that call functions would fail.');
  process.exit(2);
}
const { createEngine } = await import(new URL('dist/engine.js', root).href);
const { createServer } = await import(new URL('dist/api/server.js', root).href);

const payloadBytes = 262_144;
// The account is that of the recordings: it shows in ARNs.
const engine = await createEngine({
  machines: {},
  functions,
  compatibility: 'strict',
  arn: { region: 'us-east-1', account: '111111111111' },
  limits: { payloadBytes },
  dataDir: null,
});
const server = await createServer({ engine, host: '127.0.0.1', port: Number(process.env.PORT ?? 0), payloadBytes });
const { host, port } = await server.listen();
console.log(`http://${host}:${port}`);

let ending = false;
const end = async () => {
  if (ending) process.exit(1);
  ending = true;
  await server.close(1000);
  await engine.close(1000);
};
process.on('SIGTERM', end).on('SIGINT', end);
