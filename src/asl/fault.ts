/**
 * What a workflow raises: a name and a cause, as ASL has them. Thrown by steps and expressions. Not an Error: it carries no
 * stack, so that raising one costs as much as any object.
 */
export class Fault {
  readonly error: string | undefined;
  readonly cause: string | undefined;
  /** A raised States.Runtime is never retried or caught, not even where a Catch names it (as on AWS). */
  readonly terminal: boolean;

  constructor(error: string | undefined, cause: string | undefined, terminal = error === 'States.Runtime') {
    this.error = error;
    this.cause = cause;
    this.terminal = terminal;
  }
}

export const runtimeFault = (cause: string): Fault => new Fault('States.Runtime', cause);
