// Node 20 runs no TypeScript: the fuzzer and the sources are compiled beside the packages, then run.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const out = `${root}node_modules/.cache/millrace-fuzz`;
mkdirSync(out, { recursive: true });
writeFileSync(`${out}/package.json`, '{ "type": "module" }\n');
const compiled = spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.json', '--noEmit', 'false', '--outDir', out], { cwd: root, stdio: 'inherit' });
if (compiled.error !== undefined) throw compiled.error;
process.exitCode = spawnSync(process.execPath, [`${out}/test/property/fuzz.js`, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' }).status ?? 1;
