import { type BigIntStats, type Dirent, type Stats, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, parse, resolve, sep } from 'node:path';

/** What was at some paths at one time. */
export interface Snapshot {
  /** A mark by file; another mark is another content, or the same written again. */
  readonly files: ReadonlyMap<string, string>;
  /** Every link passed on the way to a path, and the path itself. */
  readonly ways: ReadonlySet<string>;
  /** Folders below paths, where they really are. */
  readonly folders: ReadonlySet<string>;
  /** True for what has to be watched to hear of changes. */
  concerns(path: string): boolean;
}

/** More links than this in one path are a loop, as the system sees it too. */
const MAX_LINKS = 40;

/** Names below a folder that are not looked at. */
const isSkipped = (name: string): boolean => name.startsWith('.') || name === 'node_modules';

/** Looks at files, and at folders with all that is below them. Synchronous: a gap between two looks could hide a change. */
export function takeSnapshot(roots: readonly string[]): Snapshot {
  const files = new Map<string, string>();
  const ways = new Set<string>();
  const folders = new Set<string>();
  for (const root of roots) {
    walkLinks(root, ways);
    visit(root, files, folders, ways);
  }
  const watchedFolders = new Set([...ways].map((way) => dirname(way)));
  const concerns = (path: string): boolean => ways.has(path) || folders.has(path) || watchedFolders.has(path) || roots.some((root) => path.startsWith(root + sep) && !path.slice(root.length).split(sep).some(isSkipped));
  return { files, ways, folders, concerns };
}

/** The folders to watch: those that hold a step of a way, and those below the roots. */
export function foldersOn(snapshot: Snapshot, roots: readonly string[]): string[] {
  const folders = new Set([...snapshot.ways, ...roots].map((way) => dirname(way)));
  return [...folders, ...snapshot.folders].filter((folder) => statOf(folder)?.isDirectory() ?? false);
}

export function changesBetween(before: Snapshot, after: Snapshot): string[] {
  const changed = [...after.files].filter(([path, mark]) => before.files.get(path) !== mark).map(([path]) => path);
  const removed = [...before.files.keys()].filter((path) => !after.files.has(path));
  return [...changed, ...removed].toSorted();
}

function visit(path: string, files: Map<string, string>, folders: Set<string>, ways: Set<string>, above: ReadonlySet<string> = new Set()): void {
  const stat = statOf(path);
  if (stat === undefined) return;
  if (!stat.isDirectory()) {
    files.set(path, `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`);
    return;
  }
  // A link to a folder that is being looked at has no end.
  const real = `${stat.dev}:${stat.ino}`;
  if (above.has(real)) return;
  folders.add(path);
  const below = new Set([...above, real]);
  for (const entry of entriesOf(path)) {
    if (isSkipped(entry.name)) continue;
    const inner = join(path, entry.name);
    if (entry.isSymbolicLink()) walkLinks(inner, ways);
    visit(inner, files, folders, ways, below);
  }
}

/** Undefined also for what cannot be looked at: links in a circle, folders without access. */
function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false, bigint: true });
  } catch {
    return undefined;
  }
}

function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Follows a path step by step, noting the links on the way, the end, and where it breaks off the first step that is missing. */
function walkLinks(path: string, ways: Set<string>, links = 0): void {
  const { root } = parse(path);
  const steps = path.slice(root.length).split(sep).filter((step) => step !== '');
  let here = root;
  for (const [index, step] of steps.entries()) {
    const next = join(here, step);
    const stat = lstatOf(next);
    if (stat === undefined || index === steps.length - 1) ways.add(next);
    if (stat === undefined) return;
    if (stat.isSymbolicLink() && links < MAX_LINKS) {
      ways.add(next);
      const target = readlinkSync(next);
      const rest = steps.slice(index + 1);
      walkLinks(join(isAbsolute(target) ? target : resolve(here, target), ...rest), ways, links + 1);
      return;
    }
    here = next;
  }
}
