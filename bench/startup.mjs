import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { definition, jsonataDefinition } from './lib/machine.mjs';
import { median } from './lib/measure.mjs';

const MACHINES = 10;
const CLI = fileURLToPath(new URL('../dist/bin/main.js', import.meta.url));
/** What any server in Node costs: a process that listens, and says so. */
const BARE = `require('node:http').createServer((request, response) => response.end('{"status":"ok"}')).listen(0, '127.0.0.1', function () { console.log('http://127.0.0.1:' + this.address().port) })`;

/** From the start of the process to the line that says where it listens: a whole process each time, ours and the bare one in turn. */
export async function run({ rounds = 5 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  try {
    const rows = [];
    for (const [name, one] of [
      [`${MACHINES} machines, JSONPath`, definition],
      [`${MACHINES} machines, half JSONata`, (i) => (i % 2 === 0 ? definition : jsonataDefinition)],
    ]) {
      writeMachines(folder, typeof one === 'function' ? one : () => one);
      rows.push(await compare(name, folder, rounds));
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeMachines(folder, definitionOf) {
  const lines = ['machines:'];
  for (let i = 0; i < MACHINES; i++) {
    writeFileSync(join(folder, `m${i}.asl.json`), JSON.stringify(definitionOf(i)));
    lines.push(`  m${i}: ./m${i}.asl.json`);
  }
  writeFileSync(join(folder, 'millrace.yaml'), `${lines.join('\n')}\n`);
}

async function compare(name, folder, rounds) {
  const dataDir = join(folder, 'data');
  const ours = [];
  const bare = [];
  for (let round = 0; round < rounds; round++) {
    bare.push(await readyAfter(['-e', BARE], '/healthz'));
    ours.push(await readyAfter([CLI, 'start', '--config', join(folder, 'millrace.yaml'), '--port', '0', '--data-dir', dataDir], '/readyz'));
    rmSync(dataDir, { recursive: true });
  }
  return {
    suite: 'startup',
    case: name,
    value: median(ours),
    unit: 'ms to ready',
    baseline: { name: 'node:http', value: median(bare) },
    ratio: median(ours.map((ms, round) => ms / bare[round])),
    spread: [Math.min(...ours), Math.max(...ours)],
  };
}

/** Milliseconds until the process names its address; it is asked there then, so that "ready" is more than a line of text. */
async function readyAfter(args, path) {
  const begin = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  try {
    const { elapsedMs, address } = await new Promise((resolve, reject) => {
      let text = '';
      child.on('error', reject).on('exit', (code) => reject(new Error(`it ended with ${code}: ${text}`)));
      child.stdout.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
        const found = /http:\/\/[\d.]+:\d+/.exec(text);
        if (found !== null) resolve({ elapsedMs: performance.now() - begin, address: found[0] });
      });
    });
    const answer = await fetch(address + path);
    assert.equal(answer.status, 200, await answer.text());
    return elapsedMs;
  } finally {
    child.kill();
    await ended;
  }
}
