import type { TaskCall } from '../asl/types.ts';
import type { RunFrame } from './frame.ts';

/** One attempt of a task. Its signal is made only for a task that looks at it: an AbortController costs about a kilobyte. */
export class RunCall implements TaskCall {
  readonly #frame: RunFrame;
  readonly stateName: string;
  readonly retryCount: number;
  #controller: AbortController | undefined;
  #abortReason: string | undefined;
  /** Set while the attempt is awaited and has HeartbeatSeconds. */
  onHeartbeat: (() => void) | undefined;

  constructor(frame: RunFrame) {
    this.#frame = frame;
    this.stateName = frame.program.names[frame.state]!;
    this.retryCount = frame.retryCount;
  }

  get executionArn(): string {
    return this.#frame.execution.arn;
  }

  get executionName(): string {
    return this.#frame.execution.name;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#abortReason !== undefined) this.#controller.abort(abortError(this.#abortReason));
    return this.#controller.signal;
  }

  remainingTimeMs(): number {
    return this.#frame.execution.remainingTimeMs();
  }

  heartbeat(): void {
    this.onHeartbeat?.();
  }

  abort(reason: string): void {
    this.#abortReason = reason;
    this.#controller?.abort(abortError(reason));
  }
}

const abortError = (reason: string): Error => new DOMException(reason, 'AbortError');
