/** One line per fault the platform itself raises. docs/errors.md is held against this table by a test. */
export interface FaultCode {
  /** HTTP status with which the API answers. */
  readonly http: number;
  /** True when the same request may succeed later without being changed. */
  readonly retryable: boolean;
  /** What it means and what to do, one sentence each, for docs/errors.md. */
  readonly meaning: string;
  readonly remedy: string;
}

export const FAULTS = {
  BAD_REQUEST: { http: 400, retryable: false, meaning: 'The request is not of the form that the route takes.', remedy: 'Send what the message names.' },
  INVALID_JSON: { http: 400, retryable: false, meaning: 'A body, or a line of it, is not JSON.', remedy: 'Send one JSON text per event, UTF-8.' },
  INVALID_NAME: { http: 400, retryable: false, meaning: 'An execution name has characters or a length that AWS refuses too.', remedy: 'Use 1 to 80 characters, none of them a space, control character or one of <>{}[]?*"#%\\^|~`$&,;:/.' },
  INPUT_REJECTED: { http: 400, retryable: false, meaning: "The input does not satisfy the machine's inputSchema.", remedy: 'Correct the fields that the message lists.' },
  EVENT_REJECTED: { http: 400, retryable: false, meaning: "An event does not satisfy its source's schema, or the source's input expression failed on it.", remedy: 'Look at the dead letter; correct the producer, or the schema and input of the source.' },
  EMPTY_EVENT: { http: 400, retryable: false, meaning: 'An event of a source has no value, and tombstones are to be dead letters there.', remedy: 'Set tombstones to skip or run where such events are meant.' },
  PAYLOAD_TOO_LARGE: { http: 413, retryable: false, meaning: 'An event is larger than limits.payloadBytes.', remedy: 'Send less, send a reference to the data, or raise limits.payloadBytes.' },
  NO_SUCH_MACHINE: { http: 404, retryable: false, meaning: 'No state machine has that name.', remedy: 'Look at GET /v1/machines for those that are served.' },
  NO_SUCH_EXECUTION: { http: 404, retryable: false, meaning: 'The execution is not known, or no longer remembered.', remedy: 'Ask sooner, or raise executions.remember.' },
  NOT_FOUND: { http: 404, retryable: false, meaning: 'No route answers that method and path.', remedy: 'See docs/http.md for the routes.' },
  AT_CAPACITY: { http: 429, retryable: true, meaning: 'As many executions are in flight as limits.maxInFlight (or the machine\'s own maxInFlight) allows, or so much has ended that waits for outputs.', remedy: 'Try again after Retry-After seconds, or raise the limit; see to the outputs that the message names.' },
  JOURNAL_FULL: { http: 429, retryable: true, meaning: 'The journal holds as many bytes as journal.maxBytes allows.', remedy: 'Try again after Retry-After seconds, or raise journal.maxBytes.' },
  JOURNAL_UNAVAILABLE: { http: 503, retryable: true, meaning: 'The journal cannot be written: the disk is full or failing.', remedy: 'Free disk space under dataDir; running work goes on meanwhile.' },
  DRAINING: { http: 503, retryable: true, meaning: 'The server is shutting down and takes no new work.', remedy: 'Send the request to another replica, or again after the restart.' },
  POISON: { http: 500, retryable: false, meaning: 'The execution took its worker down as often as limits.poisonAfter allows.', remedy: 'Look for an endless loop, a crash or memory exhaustion in the functions that it calls.' },
  INTERNAL: { http: 500, retryable: true, meaning: 'Something failed that should not have.', remedy: 'See the log; report it with the stack trace that is there.' },
  SOURCE_MISCONFIGURED: { http: 500, retryable: false, meaning: 'A source, an output or a journal cannot work with its settings: its broker refuses them.', remedy: 'Change what the message names, and start again.' },
  SOURCE_UNAVAILABLE: { http: 503, retryable: true, meaning: 'The broker of a source, an output or a journal does not answer.', remedy: 'See that it runs and can be reached; it is tried again until it answers.' },
  INVALID_CONFIG: { http: 500, retryable: false, meaning: 'The configuration has mistakes.', remedy: 'Correct the lines that the diagnostics name.' },
  INVALID_DEFINITION: { http: 400, retryable: false, meaning: 'A state machine definition has mistakes.', remedy: 'Correct the states that the diagnostics name; millrace validate shows them in place.' },
  INVALID_FUNCTION: { http: 500, retryable: false, meaning: 'A file of the functions folder cannot be loaded or exports no handler.', remedy: 'Export a function named handler, or default, from the file.' },
  OUTPUT_UNAVAILABLE: { http: 503, retryable: true, meaning: 'An output takes nothing at present; what has ended waits for it, unacknowledged.', remedy: 'Look at what the message says of its peer; writing goes on by itself.' },
  OUTPUT_REFUSED: { http: 500, retryable: false, meaning: 'An output refuses one record for good: it is too large, or not of the form that the peer takes.', remedy: 'Look at its dead letter; correct the output or its peer, then redrive.' },
  TARGET_UNAVAILABLE: { http: 503, retryable: true, meaning: 'What millrace load is to send to does not answer, or has no such topic.', remedy: 'Start it, or correct the address that the message names.' },
  PORT_IN_USE: { http: 500, retryable: false, meaning: 'Another process listens on the port.', remedy: 'Stop it, or choose another with --port or server.port.' },
  DATA_DIR_UNUSABLE: { http: 500, retryable: false, meaning: 'The data folder cannot be created, written or locked.', remedy: 'Give the user of the process write access to dataDir, or name another folder; one process owns a folder at a time.' },
} as const satisfies Record<string, FaultCode>;

export type FaultName = keyof typeof FAULTS;

/** What the platform raises, as opposed to what a workflow raises (which is data: error and cause). */
export class MillraceError extends Error {
  readonly code: FaultName;
  readonly diagnostics: readonly Diagnostic[];

  constructor(code: FaultName, message: string, options: { cause?: unknown; diagnostics?: readonly Diagnostic[] } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MillraceError';
    this.code = code;
    this.diagnostics = options.diagnostics ?? [];
  }

  get retryable(): boolean {
    return FAULTS[this.code].retryable;
  }

  get httpStatus(): number {
    return FAULTS[this.code].http;
  }
}

/** One mistake in a definition or a configuration. All of them are reported at once, never just the first. */
export interface Diagnostic {
  readonly code: string;
  readonly severity: 'ERROR' | 'WARNING';
  /** RFC 6901 JSON pointer into the document; '' is the whole of it. */
  readonly pointer: string;
  readonly message: string;
  /** What to do about it, when more can be said than the message says. */
  readonly hint?: string;
  /** 1-based; present when the text of the document was at hand. */
  readonly line?: number;
  readonly column?: number;
  /** The file, when there is one. */
  readonly file?: string;
}
