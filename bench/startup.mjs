import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definition, jsonataDefinition } from './lib/machine.mjs';
import { figuresOf, row } from './lib/measure.mjs';
import { CLI, serverProcess } from './lib/processes.mjs';
import { median } from './lib/statistics.mjs';

const MACHINES = 10;
/** What any server in Node costs: a process that listens, and says so. */
const BARE = `require('node:http').createServer((request, response) => response.end('{"status":"ok"}')).listen(0, '127.0.0.1', function () { console.log('http://127.0.0.1:' + this.address().port) })`;

/** From the start of the process to the line that says where it listens: a whole process each time, ours and the bare one in turn. */
export async function run({ rounds = 5, progress } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  try {
    const rows = [];
    for (const [name, one] of [
      [`${MACHINES} machines, JSONPath`, definition],
      [`${MACHINES} machines, half JSONata`, (i) => (i % 2 === 0 ? definition : jsonataDefinition)],
    ]) {
      writeMachines(folder, typeof one === 'function' ? one : () => one);
      rows.push(await compare(name, folder, rounds, progress));
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

async function compare(name, folder, rounds, progress) {
  const dataDir = join(folder, 'data');
  const [ours, bare] = [newFigures(), newFigures()];
  for (let round = 0; round < rounds; round++) {
    progress?.(`${name} round ${round + 1} of ${rounds}`);
    take(bare, await readyAfter(['-e', BARE], '/healthz'));
    take(ours, await readyAfter([CLI, 'start', '--config', join(folder, 'millrace.yaml'), '--port', '0', '--data-dir', dataDir], '/readyz'));
    rmSync(dataDir, { recursive: true });
  }
  const of = ({ ms, rssBytes }) => figuresOf(ms, { rssBytes: median(rssBytes) });
  return row({
    suite: 'startup',
    case: name,
    unit: 'ms to ready',
    better: 'lower',
    ours: of(ours),
    baseline: of(bare),
    baselineName: 'node:http',
    details: { 'processor time to ready, ms': median(ours.cpuMs), 'of the baseline, ms': median(bare.cpuMs) },
  });
}

const newFigures = () => ({ ms: [], cpuMs: [], rssBytes: [] });

function take(figures, one) {
  for (const [name, list] of Object.entries(figures)) list.push(one[name]);
}

/** Milliseconds until the process names its address; it is asked there then, so that "ready" is more than a line of text. */
async function readyAfter(args, path) {
  const begin = performance.now();
  const server = await serverProcess(args, { flags: [] });
  const ms = performance.now() - begin;
  try {
    const answer = await fetch(server.address + path);
    assert.equal(answer.status, 200, await answer.text());
    return { ms, cpuMs: server.cpuMs(), rssBytes: server.rssBytes() };
  } finally {
    await server.close();
  }
}
