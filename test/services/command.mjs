import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program is on the PATH; undefined when it is not. */
export function which(program, env = process.env) {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const file = join(folder, program);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {}
  }
  return undefined;
}

/**
 * Runs a program to its end. Resolves with its exit code, which is null when it was stopped at the time limit or could not be
 * started, and with what it wrote; never rejects.
 */
export function run(program, args, { withinMs, cwd, env = process.env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: withinMs, killSignal: 'SIGKILL' });
    const out = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', (text) => (out[stream] += text));
    child.on('error', (error) => resolve({ code: null, ...out, stderr: error.message }));
    child.on('close', (code) => resolve({ code, ...out }));
  });
}

/** The last lines of a text that say something. */
export const tail = (text, lines = 3) => text.split('\n').map((line) => line.trimEnd()).filter((line) => line !== '').slice(-lines).join('\n');
