import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, eventually, freePort, ServerProcess } from './server-process.ts';

export interface KillLoopResult {
  accepted: number;
  /** Accepted starts whose execution never ran to its end. */
  missing: string[];
  /** Runs beyond the first, of any start. */
  duplicates: number;
  /** Starts that ran again although their first run had ended longer before a kill than ends may wait to be written. */
  wronglyRepeated: string[];
  /** How long before its kill the first run of a repeated start had ended: median and most, in milliseconds. */
  repeatedAfterMs: { median: number; most: number };
  kills: number;
  recoveryMs: number[];
}

/** An end is on disk this long after it happened, at the latest. Generous: the machine may be busy. */
const WINDOW_MS = 700;

/**
 * Starts executions over HTTP while the server is killed (SIGKILL) and started again at random moments. Every execution
 * appends its name to a ledger as its last act; the ledger says what ran.
 */
export async function killLoop({ starts, kills, connections = 16, seed = 1 }: { starts: number; kills: number; connections?: number; seed?: number }): Promise<KillLoopResult> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-kill-'));
  const ledger = join(folder, 'ledger');
  mkdirSync(join(folder, 'functions'));
  writeFileSync(ledger, '');
  writeFileSync(
    join(folder, 'functions', 'note.mjs'),
    `import { appendFileSync } from 'node:fs';
export const handler = (event, context) => { appendFileSync(${JSON.stringify(ledger)}, context.executionName + ' ' + Date.now() + '\\n'); return event; };\n`,
  );
  // A third of the executions park before they write, so that kills also meet executions that wait.
  writeFileSync(
    join(folder, 'machine.asl.json'),
    JSON.stringify({
      StartAt: 'Which',
      States: {
        Which: { Type: 'Choice', Choices: [{ Variable: '$.wait', BooleanEquals: true, Next: 'Wait' }], Default: 'Note' },
        Wait: { Type: 'Wait', Seconds: 1, Next: 'Note' },
        Note: { Type: 'Task', Resource: 'note', End: true },
      },
    }),
  );
  writeFileSync(join(folder, 'millrace.yaml'), 'dataDir: ./data\nfunctions: ./functions\nworkers: 2\nmachines:\n  m: ./machine.asl.json\n');
  const port = await freePort();
  const config = join(folder, 'millrace.yaml');
  const random = mulberry(seed);
  const accepted = new Set<string>();
  const killedAt: number[] = [];
  const recoveryMs: number[] = [];
  let server = await new ServerProcess(['--config', config], port).ready();
  try {
    let next = 0;
    let done = false;
    const agent = new Agent({ keepAlive: true, maxSockets: connections });
    const client = async (): Promise<void> => {
      while (next < starts) {
        const number = next++;
        for (let attempt = 0; ; attempt++) {
          // Whether a start that was cut off was accepted is unknown; it is sent again under another name, to be told apart.
          const name = `k-${number}-${attempt}`;
          try {
            const answer = await ask(port, 'POST', `/v1/machines/m/executions?name=${name}`, JSON.stringify({ wait: number % 3 === 0 }), { 'content-type': 'application/json' }, agent);
            if (answer.status === 202) {
              accepted.add(name);
              break;
            }
          } catch {
            // The server is down, or went down while it answered.
          }
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
    };
    const killer = async (): Promise<void> => {
      for (let kill = 1; kill <= kills; kill++) {
        // Spread over the run: each at a random point of its own stretch.
        const at = Math.floor(((kill - 1 + random()) / kills) * starts * 0.95);
        await eventually(() => accepted.size >= at || done, `${at} starts`, 600_000);
        killedAt.push(Date.now());
        await server.end('SIGKILL');
        const begin = Date.now();
        server = await new ServerProcess(['--config', config], port).ready();
        recoveryMs.push(Date.now() - begin);
      }
    };
    const clients = Promise.all(Array.from({ length: connections }, client)).then(() => (done = true));
    await Promise.all([clients, killer()]);
    agent.destroy();
    await eventually(async () => /^millrace_journal_pending 0$/m.test((await ask(port, 'GET', '/metrics')).body), 'an empty journal', 120_000);
    await server.end('SIGTERM');
    return { ...judge(readFileSync(ledger, 'utf8'), accepted, killedAt), kills: killedAt.length, recoveryMs };
  } finally {
    if (server.child.exitCode === null) await server.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function judge(ledger: string, accepted: ReadonlySet<string>, killedAt: readonly number[]): Omit<KillLoopResult, 'kills' | 'recoveryMs'> {
  const runs = new Map<string, number[]>();
  for (const line of ledger.split('\n')) {
    const [name, at] = line.split(' ');
    if (name === undefined || name === '' || at === undefined) continue;
    runs.set(name, [...(runs.get(name) ?? []), Number(at)]);
  }
  const repeated = [...runs].filter(([, times]) => times.length > 1);
  const ages = repeated
    .map(([, times]) => Math.min(...killedAt.filter((kill) => kill >= times[0]! - 50).map((kill) => kill - times[0]!)))
    .toSorted((a, b) => a - b);
  return {
    accepted: accepted.size,
    repeatedAfterMs: { median: ages[ages.length >> 1] ?? 0, most: ages.at(-1) ?? 0 },
    missing: [...accepted].filter((name) => !runs.has(name)),
    duplicates: repeated.reduce((sum, [, times]) => sum + times.length - 1, 0),
    // Between two runs of one start there must be a kill that came soon after the first.
    wronglyRepeated: repeated
      .filter(([, times]) => times.some((time, i) => i > 0 && !killedAt.some((kill) => kill >= times[i - 1]! - 50 && kill <= time && kill - times[i - 1]! <= WINDOW_MS)))
      .map(([name]) => name),
  };
}

/** A small seeded generator (mulberry32), so that a run can be had again. */
function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
