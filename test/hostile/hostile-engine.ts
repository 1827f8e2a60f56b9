import { createServer, type ApiServer } from '../../src/api/server.ts';
import { createEngine, type Engine } from '../../src/engine.ts';
import type { Json } from '../../src/asl/types.ts';
import { MillraceError } from '../../src/errors.ts';
import { ask } from '../lib/server-process.ts';

export interface Ending {
  readonly status: string;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
  /** JSON text. */
  readonly output?: string | undefined;
}

/**
 * An engine of one worker under hostile starts. An HTTP client starts a harmless machine over and over meanwhile, on the same
 * worker, and is answered every time; a start that it loses to a dead worker is a failure of the test.
 */
export class HostileEngine {
  readonly engine: Engine;
  readonly restarts: readonly string[];
  readonly #server: ApiServer;
  readonly #port: number;
  #watching = true;
  readonly #watcher: Promise<void>;
  /** Harmless starts answered so far, and the longest that one of them took. */
  answered = 0;
  slowestMs = 0;
  #fault: unknown;

  static async create(timeoutSeconds?: number): Promise<HostileEngine> {
    const restarts: string[] = [];
    const engine = await createEngine({
      machines: { echo: { definition: '{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"got.$":"$"},"End":true}}}' } },
      workers: 1,
      dataDir: null,
      // Slower to give a worker up than usual: other tests share the CPU, and a worker must not be blocked at all.
      limits: { blockedMs: 30_000, ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) },
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: (message: string, fields?: object) => restarts.push(`${message} ${JSON.stringify(fields)}`) } as never,
    });
    const server = await createServer({ engine, host: '127.0.0.1', port: 0, payloadBytes: 262_144 });
    return new HostileEngine(engine, restarts, server, (await server.listen()).port);
  }

  private constructor(engine: Engine, restarts: readonly string[], server: ApiServer, port: number) {
    this.engine = engine;
    this.restarts = restarts;
    this.#server = server;
    this.#port = port;
    this.#watcher = this.#watch();
  }

  async #watch(): Promise<void> {
    while (this.#watching) {
      const began = performance.now();
      try {
        const { status, body } = await ask(this.#port, 'POST', '/v1/machines/echo/sync-executions', String(this.answered), { 'content-type': 'application/json' });
        if (status !== 200 || !body.includes(`"output":{"got":${this.answered}}`)) throw new Error(`echo answered ${status} ${body}`);
        this.answered++;
        this.slowestMs = Math.max(this.slowestMs, performance.now() - began);
      } catch (error) {
        this.#fault ??= error;
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Installs a machine and starts it once; what is refused ends as REFUSED with the first diagnostic. */
  async run(definition: Json | string, input: Json | string = {}): Promise<Ending> {
    try {
      await this.engine.install('hostile', { definition: typeof definition === 'string' ? definition : JSON.stringify(definition) });
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'INVALID_DEFINITION') return { status: 'REFUSED', error: error.diagnostics[0]?.code, cause: error.diagnostics[0]?.message };
      throw error;
    }
    const before = this.answered;
    const ending = await this.engine.startSync('hostile', Buffer.from(typeof input === 'string' ? input : JSON.stringify(input)));
    await this.#answersAgain(before);
    return ending;
  }

  /** Waits until a harmless start has been answered that began after the hostile one ended. */
  async #answersAgain(before: number): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (this.answered < before + 2) {
      if (this.#fault !== undefined) throw this.#fault;
      if (Date.now() > deadline) throw new Error('the engine answers nobody any more');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async close(): Promise<void> {
    this.#watching = false;
    await this.#watcher;
    await this.#server.close(1000);
    await this.engine.close(1000);
    if (this.#fault !== undefined) throw this.#fault;
    if (this.restarts.length > 0) throw new Error(`workers were replaced: ${this.restarts.join('; ')}`);
  }
}

/** A machine of one state. */
export const only = (state: Record<string, Json>, language: 'JSONPath' | 'JSONata' = 'JSONPath'): Json => ({
  QueryLanguage: language,
  StartAt: 'A',
  States: { A: state['Type'] === 'Choice' || state['Type'] === 'Fail' || state['Type'] === 'Succeed' ? state : { ...state, End: true }, ...(state['Type'] === 'Choice' ? { B: { Type: 'Succeed' } } : {}) },
});

export const jsonata = (expression: string): Json => only({ Type: 'Pass', Output: `{% ${expression} %}` }, 'JSONata');
