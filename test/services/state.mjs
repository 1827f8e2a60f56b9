import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache.mjs';
import { identify, isAlive } from './pids.mjs';
import { poll } from './poll.mjs';

/** As long as the slowest first time: an installation and a download, one after the other. */
const LOCK_MS = 20 * 60_000;
const EMPTY = { kept: false, holders: [], services: {} };

const stateFile = () => join(cacheFolder(), 'services.json');
const lockFile = () => join(cacheFolder(), 'services.lock');

/**
 * What has been started and for whom. `services` has a record per service, `kept` says that they stay until told otherwise,
 * `holders` are the processes (test runs) that use them; those that are gone are left out.
 */
export function readState() {
  try {
    const state = JSON.parse(readFileSync(stateFile(), 'utf8'));
    return { ...EMPTY, ...state, holders: (state.holders ?? []).filter(isAlive) };
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return structuredClone(EMPTY);
    throw error;
  }
}

export function writeState(state) {
  if (Object.keys(state.services).length === 0) {
    rmSync(stateFile(), { force: true });
    return;
  }
  const temporary = `${stateFile()}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(temporary, stateFile());
}

/** Runs a change of the state with no other process doing the same. A lock whose owner is dead does not count. */
export async function exclusively(change, note = () => {}) {
  mkdirSync(cacheFolder(), { recursive: true });
  let told = false;
  const locked = await poll(
    () => {
      if (takeLock()) return true;
      if (!told) note('waiting for another process that is starting or stopping services');
      told = true;
      return false;
    },
    LOCK_MS,
    100,
  );
  if (!locked) throw new Error(`Another process has held ${lockFile()} for ${LOCK_MS / 60_000} minutes.`);
  try {
    return await change();
  } finally {
    rmSync(lockFile(), { force: true });
  }
}

function takeLock() {
  try {
    writeFileSync(lockFile(), JSON.stringify(identify(process.pid)), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  const owner = lockOwner(lockFile());
  if (owner === undefined || isAlive(owner)) return false;
  // Moved and looked at again before it is dropped: in between, somebody else may have done so and taken the lock.
  const aside = `${lockFile()}.${process.pid}`;
  try {
    renameSync(lockFile(), aside);
  } catch {
    return false;
  }
  const moved = lockOwner(aside);
  if (moved !== undefined && isAlive(moved)) {
    renameSync(aside, lockFile());
    return false;
  }
  rmSync(aside, { force: true });
  return takeLock();
}

/** Undefined while its owner is still writing it, or when it is gone. */
function lockOwner(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
