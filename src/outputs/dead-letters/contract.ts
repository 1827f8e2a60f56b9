import type { DeadLetter } from '../../delivery/dead-letter.ts';
import type { Log } from '../../telemetry/log.ts';

/** A dead letter, and what it is known by in its store. */
export interface Stored {
  readonly id: string;
  readonly letter: DeadLetter;
}

/** A place where dead letters are kept: what an output has written, read again. */
export interface DeadLetterStore {
  /**
   * The dead letters that are there when it begins, in lots, in the store's own order; what is put in meanwhile is not among
   * them. What else is in the store is passed by.
   *
   * @throws MillraceError when the store cannot be read
   */
  read(): AsyncIterable<readonly Stored[]>;
  /**
   * Removes some of the lot that was read last, and resolves when they are gone for good.
   *
   * @throws MillraceError when some may still be there
   */
  remove(letters: readonly Stored[]): Promise<void>;
  /** Disconnects; what was taken out to be read and not removed is put back before. */
  close(): Promise<void>;
  /** What whoever has removed letters should know, a sentence each. Asked for after `close`. */
  readonly notes: readonly string[];
}

export interface StoreParts {
  /** The name of the output in the configuration, or of the file's source. */
  readonly name: string;
  /** Nothing is removed, and nobody else is kept from doing so. */
  readonly readOnly: boolean;
  readonly log: Log;
}

/** A dead letter that could not be put where it is to be run. */
export interface PutFailure {
  readonly index: number;
  readonly message: string;
}

/** Where events of dead letters are put to be run again. */
export interface RedriveTarget {
  /** "the Kafka topic readings". */
  readonly name: string;
  /**
   * Resolves when the target has the events durably, bytes, keys and headers as they came; answers those that it did not
   * take.
   *
   * @throws MillraceError when nobody knows which of them it has
   */
  put(letters: readonly DeadLetter[]): Promise<readonly PutFailure[]>;
  close(): Promise<void>;
}
