import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type { ArnScope } from '../delivery/arn.ts';
import { MillraceError } from '../errors.ts';
import { MAX_TEST_SECONDS, type TestStateReply, type TestStateRequest, type TestStateResult } from './contract.ts';

/** Node 20 loads no TypeScript in a thread: run from src, as tests do, the tester uses the built worker. */
const WORKER_FILE = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../dist/test-state/tester-worker.js' : './tester-worker.js', import.meta.url));

const THREADS = 2;
const QUEUED = 1000;
const IDLE_MS = 60_000;
/** What a test may take beyond its five minutes, waiting for a thread among it. */
const GRACE_MS = 5000;
const BLOCKED_MS = 10_000;
const LOOK_EVERY_MS = 250;

export interface TesterOptions {
  readonly compatibility: 'strict' | 'extended';
  readonly functions: string | undefined;
  readonly arn: ArnScope;
  readonly payloadBytes: number | undefined;
  /** A thread that runs one piece of code for so long without a break is ended, with its test. */
  readonly blockedMs: number | undefined;
}

/** What a worker of the tester is given. */
export interface TestTask {
  readonly request: TestStateRequest;
  readonly options: TesterOptions;
  readonly functionsRevision: string;
  /** Moved on by the worker for as long as it is not blocked; 0 before it has begun. */
  readonly pulse: Int32Array<SharedArrayBuffer>;
}

/**
 * Runs tests of states on threads of their own, so that what is tested can hold up neither the server nor executions. Threads
 * are started when they are needed and end when they are not; one that is blocked is ended together with its test.
 */
export class StateTester {
  readonly #options: TesterOptions;
  #piscina: Piscina | undefined;
  #functionsRevision = 0;

  constructor(options: TesterOptions) {
    this.#options = options;
  }

  /** @throws MillraceError AT_CAPACITY */
  async test(request: TestStateRequest): Promise<TestStateReply> {
    this.#piscina ??= new Piscina({ filename: WORKER_FILE, minThreads: 0, maxThreads: THREADS, idleTimeout: IDLE_MS, maxQueue: QUEUED, atomics: 'disabled' });
    const piscina = this.#piscina;
    if (piscina.queueSize >= QUEUED) throw new MillraceError('AT_CAPACITY', 'Too many states are being tested at once.');
    const pulse = new Int32Array(new SharedArrayBuffer(4));
    const task: TestTask = { request, options: this.#options, functionsRevision: String(this.#functionsRevision), pulse };
    const abort = new AbortController();
    const late = setTimeout(() => abort.abort(TIMEOUT), MAX_TEST_SECONDS * 1000 + GRACE_MS);
    const watch = watchPulse(pulse, this.#options.blockedMs ?? BLOCKED_MS, (cause) => abort.abort({ status: 'FAILED', error: 'States.Runtime', cause }));
    try {
      return (await piscina.run(task, { signal: abort.signal })) as TestStateReply;
    } catch (error) {
      if (abort.signal.aborted) return { result: abort.signal.reason as TestStateResult };
      throw error;
    } finally {
      clearTimeout(late);
      clearInterval(watch);
    }
  }

  /** Later tests load the functions anew. */
  reloadFunctions(): void {
    this.#functionsRevision++;
  }

  async close(): Promise<void> {
    await this.#piscina?.destroy();
  }
}

const TIMEOUT: TestStateResult = { status: 'FAILED', error: 'States.Timeout' };

/** Calls back when a pulse that has begun stands still. */
function watchPulse(pulse: Int32Array, blockedMs: number, blocked: (cause: string) => void): NodeJS.Timeout {
  let seen = 0;
  let movedAtMs = performance.now();
  return setInterval(() => {
    const now = Atomics.load(pulse, 0);
    if (now === 0 || now !== seen) movedAtMs = performance.now();
    else if (performance.now() - movedAtMs >= blockedMs) blocked(`The state held its thread for more than ${blockedMs} ms without a break.`);
    seen = now;
  }, LOOK_EVERY_MS).unref();
}
