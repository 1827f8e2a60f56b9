/** One mistake in an event pattern. */
export interface PatternFault {
  /** RFC 6901 JSON pointer into the pattern; '' is the whole of it. */
  readonly pointer: string;
  /** The reason, in EventBridge's words where it has some. */
  readonly message: string;
  readonly hint?: string;
}

/** Takes down a mistake found at `pointer`. */
export type Report = (pointer: string, message: string, hint?: string) => void;

/** The pointer of a member of what `pointer` points at. */
export const memberOf = (pointer: string, key: string | number): string => `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
