import { type ArnScope, DEFAULT_ARN_SCOPE } from '../delivery/arn.ts';
import type { Lane, Machines } from '../delivery/lane.ts';
import { MillraceError } from '../errors.ts';
import type { MachineCounts } from '../telemetry/batch-totals.ts';
import { CountReader, createCounts } from './counts.ts';
import { workerCount } from '../telemetry/cpus.ts';
import { WorkerLane } from './lane.ts';
import type { Revision } from './messages.ts';

export type { Revision } from './messages.ts';

export interface PoolOptions {
  /** One lane each; 'auto', also when left out: as many as there are CPUs for this process. */
  readonly workers?: number | 'auto';
  readonly payloadBytes?: number;
  readonly compatibility?: 'strict' | 'extended';
  readonly arn?: ArnScope;
  readonly maxBatchEvents?: number;
  readonly maxBatchBytes?: number;
  /** A worker that runs one thing for so long without a break is replaced; 10,000 unless told otherwise. */
  readonly blockedMs?: number;
  /** Heap limit of each worker in MiB; Node's own unless told otherwise. */
  readonly maxHeapMb?: number;
  /** A machine that was removed is counted no longer: nothing of it runs any more. */
  readonly onForgotten?: (machine: string) => void;
  /** A worker died, and why. Another takes its place. */
  readonly onRestart?: (cause: string) => void;
}

export interface Pool extends Machines {
  readonly lanes: readonly Lane[];
  /** How many workers have been replaced. */
  readonly restarts: number;
  /** Executions that wait for a timer, a retry or a task, over all lanes. */
  readonly parked: number;
  /** Resolves once every lane has a worker. */
  ready(): Promise<void>;
  /**
   * Gives a revision of a machine to every lane; new executions run on it once this resolves with its number, those under way
   * keep theirs. Two installs of one machine: the later call wins, whichever is done first.
   *
   * @throws MillraceError with the diagnostics; the machine keeps the revision that it had.
   */
  install(revision: Revision): Promise<number>;
  /** Takes a machine, or a route to one, out of service. Its executions under way go on. */
  remove(machine: string): void;
  /** Calls back about once a second with what was counted since, if anything was. */
  onCounts(callback: (counts: readonly MachineCounts[]) => void): void;
  /** Does so now, as before a scrape. */
  flushCounts(): void;
  /** Cancels what is parked, gives handlers `graceMs` to see it, and ends the workers. Drain the dispatch before. */
  close(graceMs?: number): Promise<void>;
}

/** Also the most events that may be the input of one execution. */
const MAX_BATCH_EVENTS = 1024;
const MAX_BATCH_BYTES = 512 * 1024;
const NAME_BYTES = 256;
/** So many machines may be gone before what was counted of them is let go of. */
const REMOVED_KEPT = 64;
const PAYLOAD_BYTES = 262_144;
const BLOCKED_MS = 10_000;
const COUNTS_EVERY_MS = 1000;
/** As many as dispatch may have outstanding. */
const ARENAS = 2;

export function createPool(options: PoolOptions = {}): Pool {
  const maxEvents = options.maxBatchEvents ?? MAX_BATCH_EVENTS;
  const maxBatchBytes = options.maxBatchBytes ?? MAX_BATCH_BYTES;
  const blockedMs = options.blockedMs ?? BLOCKED_MS;
  const workers = workerCount(options.workers ?? 'auto');
  const current = new Map<string, number>();
  const counts = new CountReader();
  /** By machine, one for each lane. */
  const countsOf = new Map<string, SharedArrayBuffer[]>();
  const removed = new Set<string>();
  let removedBeforeLook = REMOVED_KEPT;
  const countCallbacks: ((counts: readonly MachineCounts[]) => void)[] = [];
  let restarts = 0;
  let lastId = 0;

  const lanes = Array.from(
    { length: workers },
    () =>
      new WorkerLane({
        arenas: ARENAS,
        arenaBytes: maxBatchBytes + NAME_BYTES * maxEvents,
        maxBatchBytes,
        blockedMs,
        maxHeapMb: options.maxHeapMb,
        open: {
          maxEvents,
          payloadBytes: options.payloadBytes ?? PAYLOAD_BYTES,
          arn: options.arn ?? DEFAULT_ARN_SCOPE,
        },
        onRestart: (cause) => {
          restarts++;
          options.onRestart?.(cause);
        },
      }),
  );

  const watchEveryMs = Math.max(10, Math.min(250, blockedMs / 4));
  let watchedAtMs = performance.now();
  const watchdog = setInterval(() => {
    const late = performance.now() - watchedAtMs > 4 * watchEveryMs;
    watchedAtMs = performance.now();
    // A main thread that was itself held up has not heard what the workers said meanwhile.
    for (const lane of lanes) {
      if (late) lane.excuse();
      else lane.watch();
    }
  }, watchEveryMs).unref();

  function flushCounts(): void {
    if (countCallbacks.length === 0) return;
    const taken = counts.take();
    if (taken.length > 0) for (const callback of countCallbacks) callback(taken);
  }
  const counting = setInterval(flushCounts, COUNTS_EVERY_MS).unref();

  function countsFor(machine: string): SharedArrayBuffer[] {
    removed.delete(machine);
    let shared = countsOf.get(machine);
    if (shared === undefined) {
      shared = lanes.map(createCounts);
      countsOf.set(machine, shared);
      for (const one of shared) counts.add(machine, one);
    }
    return shared;
  }

  /** Where machines come and go, what is kept of those that went must not grow without bound. */
  function forgetRemoved(): void {
    flushCounts();
    for (const machine of counts.drop(removed)) {
      removed.delete(machine);
      countsOf.delete(machine);
      options.onForgotten?.(machine);
    }
    removedBeforeLook = 2 * removed.size + REMOVED_KEPT;
  }

  return {
    lanes,
    get restarts() {
      return restarts;
    },
    get parked() {
      return lanes.reduce((sum, lane) => sum + lane.parked, 0);
    },
    current: (machine) => current.get(machine),

    async ready() {
      await Promise.all(lanes.map((lane) => lane.whenReady()));
    },

    async install(revision) {
      const { machine, definition, type, route } = revision;
      const name = route?.name ?? machine;
      const id = ++lastId;
      // Not loaded before: workers are started by then, and load what they need meanwhile.
      const { assertValid } = await import('../asl/validate/assert-valid.ts');
      assertValid(definition, { compatibility: options.compatibility ?? 'extended', ...(type === undefined ? {} : { type }) });
      const shared = countsFor(machine);
      const failures = await Promise.all(lanes.map((lane, i) => lane.install({ kind: 'install', id, revision, counts: shared[i]! })));
      const failure = failures.find((one) => one !== null);
      const before = current.get(name) ?? 0;
      if ((failure !== undefined && failure !== null) || before > id) for (const lane of lanes) lane.retire(id);
      if (failure !== undefined && failure !== null && before === 0 && route === undefined) removed.add(machine);
      if (failure !== undefined && failure !== null) throw new MillraceError(failure.code, failure.message, { diagnostics: failure.diagnostics });
      if (before > id) return before;
      current.set(name, id);
      for (const lane of lanes) lane.retire(before);
      return id;
    },

    remove(machine) {
      const id = current.get(machine);
      if (id === undefined) return;
      current.delete(machine);
      for (const lane of lanes) lane.retire(id);
      if (!countsOf.has(machine)) return;
      removed.add(machine);
      if (removed.size > removedBeforeLook) forgetRemoved();
    },

    onCounts(callback) {
      countCallbacks.push(callback);
    },
    flushCounts,

    async close(graceMs = 1000) {
      clearInterval(watchdog);
      clearInterval(counting);
      await Promise.all(lanes.map((lane) => lane.close(graceMs)));
      flushCounts();
    },
  };
}
