import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * When a process was started, as text that is only good for comparing; undefined when there is none. A pid alone is not enough to
 * know a process by: it is given to another one after a restart of the machine, and a zombie keeps it.
 */
export function startOf(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== 'EPERM') return undefined;
  }
  if (process.platform !== 'linux') {
    const [state, ...since] = spawnSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim().split(/\s+/);
    return state === '' || state.startsWith('Z') ? undefined : since.join(' ');
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program's name stands in parentheses and may itself contain spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** A process by pid and start. */
export const identify = (pid) => ({ pid, startedAt: startOf(pid) ?? '' });

export const isAlive = ({ pid, startedAt }) => pid > 0 && startOf(pid) === startedAt;

/** Sends a signal, unless the process is gone or another one has its pid. */
export function signal(identity, name) {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, name);
    return true;
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    throw error;
  }
}
