import { watch, type FSWatcher } from 'chokidar';
import { join, resolve } from 'node:path';
import { changesBetween, foldersOn, takeSnapshot, type Snapshot } from './watch-snapshot.ts';

export interface WatchOptions {
  /** Changes within this time of each other are told together; 100 unless told otherwise. */
  readonly debounceMs?: number;
}

const DEBOUNCE_MS = 100;
/** Under changes that never pause, a call comes at least once in so many debounce times. */
const LONGEST_DEBOUNCES = 10;
/** Where the system has no notifications to give (too many watches, some network file systems). */
const POLL_MS = 2000;

/**
 * Calls back with the absolute paths of files that were changed, added or removed. A path may be a file or a folder with all
 * that is below it (not node_modules, and nothing whose name begins with a dot), and need not exist yet.
 *
 * A notification only says that it is time to look; what has changed is found by comparing what is there with what was
 * there before. So a file replaced by a rename (as editors do), or reached over symbolic links of which one is replaced (as
 * Kubernetes does with ConfigMaps), is a change like any other, and a notification without one is none.
 */
export function watchFiles(paths: string[], onChange: (changed: string[]) => void, options: WatchOptions = {}): { close(): Promise<void> } {
  const debounceMs = options.debounceMs ?? DEBOUNCE_MS;
  const roots = paths.map((path) => resolve(path));
  let snapshot: Snapshot = takeSnapshot(roots);
  let timer: NodeJS.Timeout | undefined;
  let poll: NodeJS.Timeout | undefined;
  let firstNoticeMs = 0;
  let closed = false;
  const watcher: FSWatcher = watch([], {
    ignoreInitial: true,
    followSymlinks: false,
    // Folders that hold a path or a link on the way to it are watched with what concerns it, and not with all that is in them.
    ignored: (path) => !snapshot.concerns(path),
  });
  let watched = new Set<string>();

  function follow(): void {
    const folders = foldersOn(snapshot, roots);
    const added = folders.filter((folder) => !watched.has(folder));
    // One that is gone has to be added again when it comes back.
    watched = new Set(folders);
    if (added.length > 0) watcher.add(added);
  }

  function look(): void {
    timer = undefined;
    firstNoticeMs = 0;
    if (closed) return;
    const before = snapshot;
    snapshot = takeSnapshot(roots);
    follow();
    const changed = changesBetween(before, snapshot);
    if (changed.length > 0) onChange(changed);
  }

  function notice(): void {
    if (closed) return;
    const nowMs = performance.now();
    if (timer === undefined) firstNoticeMs = nowMs;
    clearTimeout(timer);
    timer = setTimeout(look, Math.max(0, Math.min(debounceMs, firstNoticeMs + LONGEST_DEBOUNCES * debounceMs - nowMs)));
  }

  watcher.on('all', notice);
  // 'all' is silent for 50 ms after a change and drops what comes meanwhile; what the system itself says is not.
  watcher.on('raw', (_event, name: string | null, details) => {
    const { watchedPath } = details as { watchedPath: string };
    if (name === null || snapshot.ways.has(watchedPath) || snapshot.concerns(join(watchedPath, name))) notice();
  });
  // What changed between the snapshot and the first watch was notified to nobody.
  watcher.on('ready', notice);
  watcher.on('error', () => (poll ??= setInterval(notice, POLL_MS).unref()));
  follow();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      clearInterval(poll);
      await watcher.close();
    },
  };
}
