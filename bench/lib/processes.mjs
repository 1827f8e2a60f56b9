import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The command line of this checkout. */
export const CLI = fileURLToPath(new URL('../../dist/bin/main.js', import.meta.url));

/** The kernel counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** User and system time of /proc/…/stat; undefined where there is no such file. */
function cpuMsOf(file) {
  try {
    const stat = readFileSync(file, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return undefined;
  }
}

/** Processor milliseconds of all threads of a process since it began. */
export const cpuMs = (pid) => cpuMsOf(`/proc/${pid}/stat`);

/** Processor milliseconds of its main thread: steadier than throughput where clients and workers share the processors. */
export const mainThreadMs = (pid) => cpuMsOf(`/proc/${pid}/task/${pid}/stat`);

/** Resident bytes of a process; undefined where the platform does not say. */
export function rssBytes(pid) {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/** How many file descriptors a process has open; undefined where the platform does not say. */
export function openFiles(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

/**
 * Starts a process of Node and resolves once it has printed an address.
 *
 * @param args a script and its arguments; BENCH_SERVER_FLAGS stands before them
 * @param options env: variables besides this process's own; node: another executable; pattern: what to wait for instead of an address
 * @throws what the process has printed, when it ends before
 */
export async function serverProcess(args, { env = {}, node = process.execPath, flags = process.env.BENCH_SERVER_FLAGS?.split(' ') ?? [], pattern = /http:\/\/[\d.]+:\d+/ } = {}) {
  const child = spawn(node, [...flags, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const gone = once(child, 'exit');
  const kill = () => child.kill();
  process.once('exit', kill);
  const found = await new Promise((resolve, reject) => {
    let text = '';
    const read = (chunk) => {
      text = (text + chunk).slice(-20_000);
      const match = pattern.exec(text);
      if (match !== null) resolve(match[0]);
    };
    child.on('error', reject).on('exit', (code) => reject(new Error(`${args[0]} ended with ${code}: ${text.trim()}`)));
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
  });
  return {
    address: found,
    pid: child.pid,
    cpuMs: () => cpuMs(child.pid),
    mainThreadMs: () => mainThreadMs(child.pid),
    rssBytes: () => rssBytes(child.pid),
    openFiles: () => openFiles(child.pid),
    async close() {
      process.off('exit', kill);
      kill();
      await gone;
    },
  };
}
