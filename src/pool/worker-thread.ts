import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { createControl, whoRuns } from './control.ts';
import { HALT, type LateMessage, type Open, type Task } from './messages.ts';
import { Arena } from './wire.ts';

/** Node 20 loads no TypeScript in a thread: run from src, as tests do, the pool uses the built worker. */
const WORKER_FILE = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../dist/pool/worker.js' : './worker.js', import.meta.url));

export interface ThreadOptions {
  readonly arenas: number;
  readonly arenaBytes: number;
  readonly open: Omit<Open, 'kind' | 'port' | 'control' | 'arenas'>;
  /** Heap limit of the worker; undefined: Node's own. */
  readonly maxHeapMb: number | undefined;
  readonly onLate: (message: LateMessage) => void;
  /** Called once, after the last message of the worker. */
  readonly onGone: (ticket: number, cause: string) => void;
}

/**
 * One worker thread from its start to its end: a piscina of exactly one thread. It is never restarted; its lane makes another.
 *
 * Atomics waits stay off, because a worker that waits in one runs nothing that is parked.
 */
export class WorkerThread {
  readonly arenas: readonly Arena[];
  /** When the worker last showed that it is not blocked; performance.now(). */
  aliveAtMs = performance.now();
  gone = false;
  readonly #options: ThreadOptions;
  readonly #piscina: Piscina;
  readonly #port: MessagePort;
  readonly #control = createControl();
  #cause: string | undefined;
  #asked = false;
  #onHalted: () => void = () => undefined;
  #lastTicket = whoRuns(this.#control);

  constructor(options: ThreadOptions) {
    this.#options = options;
    this.arenas = Array.from({ length: options.arenas }, () => Arena.create(options.open.maxEvents, options.arenaBytes));
    this.#piscina = new Piscina({
      filename: WORKER_FILE,
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Infinity,
      concurrentTasksPerWorker: 1_000_000,
      atomics: 'disabled',
      ...(options.maxHeapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: options.maxHeapMb } }),
    });
    this.#piscina.on('error', (error: unknown) => this.#die(error));
    this.#piscina.on('workerDestroy', () => this.#die(undefined));
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.on('message', (message: LateMessage | typeof HALT | null) => this.#receive(message));
    port1.unref();
    const open: Open = { ...options.open, kind: 'open', port: port2, control: this.#control.buffer, arenas: this.arenas.map((arena) => arena.shared) };
    this.#piscina.run(open, { transferList: [port2] }).catch((error: unknown) => this.#die(error));
  }

  /** Rejects only when the worker dies, or in place of a result that its lane would wait for in vain. */
  async run<Result>(task: Task): Promise<Result> {
    try {
      const result = (await this.#piscina.run(task)) as Result;
      this.#alive();
      return result;
    } catch (error) {
      this.#die(error);
      throw error;
    }
  }

  /** Keeps the process alive while something is parked. */
  set needed(needed: boolean) {
    if (needed) this.#port.ref();
    else this.#port.unref();
  }

  /**
   * Looks whether the worker is blocked: the same execution (or none) was running at every look for `blockedMs`, and it
   * answered nothing meanwhile. A worker that takes long over many executions moves on; one that waits answers.
   */
  watch(blockedMs: number): void {
    const ticket = whoRuns(this.#control);
    if (ticket !== this.#lastTicket) {
      this.#lastTicket = ticket;
      this.#alive();
    }
    if (performance.now() - this.aliveAtMs >= blockedMs) this.kill(`it was blocked for more than ${blockedMs} ms`);
    else if (!this.#asked) {
      this.#asked = true;
      this.#port.postMessage(null);
    }
  }

  /** Resolves when everything that had ended has been reported, and the rest is let go; or when the worker is gone. */
  halt(): Promise<void> {
    return new Promise((resolve) => {
      this.#onHalted = resolve;
      if (this.gone) resolve();
      else this.#port.postMessage(HALT);
    });
  }

  kill(cause: string): void {
    this.#die(new Error(cause));
  }

  /** Ends the thread without a word to its lane. */
  async close(): Promise<void> {
    this.gone = true;
    this.#port.close();
    await this.#piscina.destroy();
  }

  #alive(): void {
    this.aliveAtMs = performance.now();
  }

  #receive(message: LateMessage | typeof HALT | null): void {
    this.#alive();
    if (message === null) this.#asked = false;
    else if (message === HALT) this.#onHalted();
    else this.#options.onLate(message);
  }

  /** Piscina tells of one death in several ways, and of the reason not in the first: they are gathered before the lane hears. */
  #die(error: unknown): void {
    if (error !== undefined) this.#cause ??= error instanceof Error ? error.message : String(error);
    if (this.gone) return;
    this.gone = true;
    // Besides ending the thread, this keeps piscina from starting another: restarts are the lane's to pace.
    void this.#piscina.destroy();
    setImmediate(() => {
      for (let late = receiveMessageOnPort(this.#port); late !== undefined; late = receiveMessageOnPort(this.#port)) {
        if (late.message !== null && late.message !== HALT) this.#options.onLate(late.message as LateMessage);
      }
      this.#port.close();
      this.#onHalted();
      this.#options.onGone(whoRuns(this.#control), this.#cause ?? 'the worker ended without saying why');
    });
  }
}
