/** An event, and what makes it the same as others. */
export interface SeenEvent {
  /** At most 80 printable ASCII characters. */
  readonly id: string;
  /** Execution name: the event's own again when it is redelivered, another one for another event of the same id. */
  readonly name: string;
}

/**
 * new: the id is this event's from now on. again: it was so already, and the event has not ended: it is redelivered, and its
 * first run may have died. duplicate: the id is another event's. done: this very event has ended before.
 */
export type Verdict = 'new' | 'again' | 'duplicate' | 'done';

/**
 * Remembers which event has an id, and whether that event has ended: for the window, counted anew from each write.
 *
 * Nothing is lost by what a store forgets, through a failover or a crash: the worst is that a duplicate runs.
 */
export interface SeenStore {
  /**
   * Answers a verdict for each event, in their order: of two events of one id the second is the duplicate. May be asked
   * again after a rejection, whatever became of the first attempt.
   */
  claim(events: readonly SeenEvent[]): Promise<readonly Verdict[]>;
  /** Resolves once it is remembered that the events have ended. An id that has become another event's stays so. */
  done(events: readonly SeenEvent[]): Promise<void>;
  /** Resolves once the ids are free again, of events that are to run when they come again. Those of other events stay theirs. */
  forget(events: readonly SeenEvent[]): Promise<void>;
  /** This process will not end the events. A store that others share keeps their claims: another process may run them now. */
  abandon(events: readonly SeenEvent[]): void;
  /** Resolves once the store answers, however long that takes; rejects with a MillraceError when it never will. */
  ready(): Promise<void>;
  close(): Promise<void>;
}
