import { jsonataLibrary } from './library-module.ts';

/** Called with the instant that an evaluation takes for the present. */
type Implementation = (nowMs: number, args: readonly unknown[]) => unknown;

interface Environment {
  lookup(name: string): unknown;
}

/** The library calls what is bound to this symbol before it evaluates anything, and hands it the environment. */
const ENTRY = Symbol.for('jsonata.__evaluate_entry');

let environment: Environment | undefined;

/**
 * The implementation of one of the library's own functions that answers at once. An expression that looks a function up
 * answers it in a promise only; the entry hook has it before anything is awaited.
 */
export function libraryFunction(name: string): Implementation {
  environment ??= findEnvironment();
  const { implementation } = environment.lookup(name) as { implementation: (...args: unknown[]) => unknown };
  return (nowMs, args) => implementation.apply({ environment: { timestamp: new Date(nowMs) } }, args as unknown[]);
}

function findEnvironment(): Environment {
  let found: Environment | undefined;
  const probe = jsonataLibrary()('0');
  probe.assign(ENTRY as unknown as string, (_node: unknown, _input: unknown, given: Environment) => {
    found = given;
  });
  void probe.evaluate(undefined);
  if (found === undefined) throw new Error('this version of jsonata does not call its entry hook at once');
  return found;
}
