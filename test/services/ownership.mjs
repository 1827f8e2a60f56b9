import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const GUARD = fileURLToPath(new URL('guard.mjs', import.meta.url));

let guard;

/**
 * Has a server ended, and its folder removed, when this process ends in whatever way: a guard process holds the other end of
 * a pipe, and the pipe breaks with this process.
 */
export function own({ pid, startedAt, folder }) {
  tell({ own: { pid, startedAt, folder } });
}

/** Resolves when the guard has been told. */
export async function disown({ folder }) {
  if (guard !== undefined) await new Promise((resolve) => tell({ disown: folder }, resolve));
}

/** Has the lease of another process given back when that one ends; see `release` in services.mjs. */
export function guardLease({ pid, startedAt }) {
  spawn(process.execPath, [GUARD, String(pid), startedAt], { detached: true, stdio: 'ignore' }).unref();
}

function tell(message, told) {
  if (guard === undefined) {
    guard = spawn(process.execPath, [GUARD], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    guard.unref();
    guard.stdin.unref();
    guard.stdin.on('error', () => {});
  }
  guard.stdin.write(`${JSON.stringify(message)}\n`, told);
}
