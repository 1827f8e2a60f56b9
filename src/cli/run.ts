import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { createEngine, type Engine } from '../engine.ts';
import { createLog, type LogStream } from '../telemetry/log.ts';
import { EXIT, UsageError } from './exit-codes.ts';
import { fileTrouble, LineWriter, wantsColor } from './output.ts';
import { CLEAR_LINE, showProgress } from './progress.ts';
import { InputReader, openInput, type Portion } from './run-input.ts';
import { readMachine } from './run-machine.ts';
import { Results, type Counts } from './run-results.ts';

export interface RunOptions {
  /** `-` is standard input. */
  readonly input: string;
  /** `-` is standard output. */
  readonly output: string;
  readonly functions?: string;
  readonly concurrency?: number;
  readonly workers?: number | 'auto';
  readonly ordered: boolean;
  readonly failOnError: boolean;
  readonly linesOnly: boolean;
  readonly compatibility: 'strict' | 'extended';
}

/** AWS's limit of a payload; an event that is larger is rejected unread. */
const PAYLOAD_BYTES = 262_144;
const MAX_IN_FLIGHT = 100_000;
/** After an interrupt, executions under way have so long to end. */
const INTERRUPT_GRACE_MS = 2000;

/**
 * Runs one execution for each event of a file or a pipe and writes one result line each. Memory stays constant: events are
 * read no faster than executions end and results are taken. Answers the exit code.
 *
 * @throws UsageError, MillraceError with diagnostics
 */
export async function runCommand(file: string, options: RunOptions): Promise<number> {
  if (options.input !== '-' && resolve(options.input) === resolve(options.output)) throw new UsageError('Input and output are the same file.');
  const machine = await readMachine(file, options.functions);
  const input = await openInput(options.input, options.linesOnly);
  const engine = await createEngine({
    machines: { [machine.name]: { definition: machine.definition, file, ...(options.concurrency === undefined ? {} : { maxInFlight: options.concurrency }) } },
    ...(machine.functions === undefined ? {} : { functions: machine.functions }),
    ...(options.workers === undefined ? {} : { workers: options.workers }),
    compatibility: options.compatibility,
    limits: { maxInFlight: MAX_IN_FLIGHT, payloadBytes: PAYLOAD_BYTES },
    dataDir: null,
    log: createLog({ level: 'warn', stream: besideProgress(process.stderr) }),
  });
  try {
    const writer = new LineWriter(await openOutput(options.output));
    const run = new Run(engine, machine.name, new InputReader(input, PAYLOAD_BYTES), writer, options);
    return await run.toEnd(input.sizeBytes);
  } finally {
    input.stream.destroy();
    await engine.close(0);
  }
}

/** A log line takes the place of the progress bar, which is drawn again below it. */
function besideProgress(stderr: NodeJS.WriteStream): LogStream {
  return { isTTY: stderr.isTTY, write: (text) => stderr.write(stderr.isTTY ? CLEAR_LINE + text : text) };
}

async function openOutput(file: string): Promise<Writable> {
  if (file === '-') return process.stdout;
  try {
    return createWriteStream(file, { fd: await open(file, 'w'), highWaterMark: 1024 * 1024 });
  } catch (error) {
    throw new UsageError((error as NodeJS.ErrnoException).code === 'ENOENT' ? `There is no folder to put ${file} into.` : fileTrouble(error, file));
  }
}

/** One run over an input. What ends it early is kept in `#stop`; everything else follows from reading to the end. */
class Run {
  readonly #engine: Engine;
  readonly #machine: string;
  readonly #reader: InputReader;
  readonly #writer: LineWriter;
  readonly #results: Results;
  readonly #options: RunOptions;
  readonly #maxParcelEvents: number;
  #stop: { readonly exitCode: number; readonly note: string | undefined } | undefined;

  constructor(engine: Engine, machine: string, reader: InputReader, writer: LineWriter, options: RunOptions) {
    this.#engine = engine;
    this.#machine = machine;
    this.#reader = reader;
    this.#writer = writer;
    this.#results = new Results(writer, { ordered: options.ordered, prefix: machine });
    this.#options = options;
    // Parcels well below the limit keep the machine busy up to it; one that is larger would have to wait until nothing runs.
    this.#maxParcelEvents = Math.max(1, Math.floor((options.concurrency ?? MAX_IN_FLIGHT) / 4));
  }

  async toEnd(sizeBytes: number | undefined): Promise<number> {
    const { stderr } = process;
    const startedMs = performance.now();
    const results = this.#results;
    if (this.#options.input === '-' && process.stdin.isTTY) stderr.write('Reading events from the terminal, one JSON text to a line; Ctrl-D ends.\n');
    const showsBar = stderr.isTTY && (this.#options.output !== '-' || !process.stdout.isTTY);
    const progress = showsBar
      ? showProgress({
          stream: stderr,
          color: wantsColor(stderr),
          state: () => ({
            ended: results.total,
            failures: results.total - results.counts.succeeded,
            share: sizeBytes === undefined || sizeBytes === 0 ? undefined : this.#reader.bytesRead / sizeBytes,
          }),
        })
      : undefined;
    const signals = this.#listen();
    let broken: string | undefined;
    try {
      for await (const portion of this.#reader.portions()) {
        if (portion.kind === 'broken') broken = portion.cause;
        await this.#take(portion);
        if (this.#stop !== undefined) break;
      }
      await this.#finish();
    } finally {
      signals.release();
      progress?.stop();
    }
    const stop = this.#stop;
    if (stop !== undefined && stop.note === undefined) return stop.exitCode;
    if (broken !== undefined) stderr.write(`The input breaks off: ${broken}\n`);
    if (stop !== undefined) stderr.write(`${stop.note}\n`);
    stderr.write(`${summary(results.counts, performance.now() - startedMs)}\n`);
    if (stop !== undefined) return stop.exitCode;
    if (broken !== undefined) return EXIT.failed;
    return this.#options.failOnError && results.total > results.counts.succeeded ? EXIT.failed : EXIT.done;
  }

  async #take(portion: Portion): Promise<void> {
    const { dispatch } = this.#engine;
    const results = this.#results;
    if (portion.kind === 'broken') {
      results.refuse(portion.index, undefined, 'INVALID_JSON', portion.cause);
      return;
    }
    if (portion.kind === 'oversize') {
      results.refuse(portion.index, portion.line, 'PAYLOAD_TOO_LARGE', `The event is larger than ${PAYLOAD_BYTES} bytes.`);
      return;
    }
    const { spans, firstIndex, lineOf } = portion;
    const total = spans.length / 2;
    for (let from = 0; from < total; from += this.#maxParcelEvents) {
      const count = Math.min(this.#maxParcelEvents, total - from);
      const part = count === total ? portion : excerpt(portion.bytes, spans, from, count);
      await this.#room(count, part.bytes.length);
      if (this.#stop !== undefined) return;
      dispatch.offer({
        settler: results,
        machine: this.#machine,
        count,
        bytes: part.bytes,
        spans: part.spans,
        names: { prefix: this.#machine, firstSerial: firstIndex + from },
        startTimeMs: Date.now(),
        wantsOutput: true,
        lane: -1,
        tag: results.expect(firstIndex + from, count, lineOf),
      });
    }
  }

  /** Waits until the dispatch and the results have room; at once when the run is to stop. */
  async #room(count: number, bytes: number): Promise<void> {
    const { dispatch } = this.#engine;
    while (this.#stop === undefined && !(dispatch.hasRoom(this.#machine, count, bytes) && this.#results.hasRoom(dispatch.inFlight))) {
      dispatch.onRoom(() => this.#results.wake());
      await this.#results.change();
    }
  }

  async #finish(): Promise<void> {
    const { dispatch } = this.#engine;
    while (dispatch.inFlight > 0 && this.#stop === undefined) await this.#results.change();
    const stop = this.#stop;
    if (stop === undefined) {
      await this.#writer.end();
      return;
    }
    if (stop.note === undefined) return;
    const left = await dispatch.drain(INTERRUPT_GRACE_MS);
    dispatch.forget(this.#results);
    this.#results.writeRest();
    await this.#writer.end();
    if (left > 0) this.#stop = { ...stop, note: `${stop.note} Executions that were under way and have no result: ${left}.` };
  }

  /** The first signal stops reading, a second one ends the process. A reader that has gone away ends the run quietly. */
  #listen(): { release(): void } {
    const onSignal = (signal: NodeJS.Signals): void => {
      const exitCode = signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
      if (this.#stop !== undefined) process.exit(exitCode);
      this.#halt(exitCode, 'Interrupted.');
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
    this.#writer.onGone = (error) => {
      if (error.code === 'EPIPE') this.#halt(EXIT.done, undefined);
      else this.#halt(EXIT.failed, `The results cannot be written: ${error.message}.`);
    };
    return {
      release() {
        process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      },
    };
  }

  #halt(exitCode: number, note: string | undefined): void {
    this.#stop = { exitCode, note };
    this.#reader.stop();
    this.#results.wake();
  }
}

/** A few of a portion's events, with the bytes between the first and the last of them. */
function excerpt(bytes: Buffer, spans: Uint32Array, from: number, count: number): { bytes: Buffer; spans: Uint32Array } {
  const part = spans.slice(2 * from, 2 * (from + count));
  const start = part[0]!;
  const end = part.at(-2)! + part.at(-1)!;
  for (let at = 0; at < part.length; at += 2) part[at]! -= start;
  return { bytes: bytes.subarray(start, end), spans: part };
}

function summary(counts: Counts, elapsedMs: number): string {
  const executions = counts.succeeded + counts.failed + counts.timedOut;
  const rejected = counts.rejected === 0 ? '' : `, ${counts.rejected} rejected`;
  const seconds = elapsedMs / 1000;
  return `${executions} executions: ${counts.succeeded} succeeded, ${counts.failed} failed, ${counts.timedOut} timed out${rejected} in ${seconds.toFixed(2)} s (${Math.round(executions / seconds)}/s)`;
}
