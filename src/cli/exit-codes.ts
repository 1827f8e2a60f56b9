/** What the process ends with, and why: the table that `millrace --help` prints. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  invalidDefinition: 3,
  interrupted: 130,
  terminated: 143,
} as const;

/** A mistake of the command line or of a file that it names: the message is all there is to say. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
