import { exhausted, faultOf } from '../fault.ts';
import { libraryFunction } from '../library-functions.ts';
import { spend, timestampMs } from '../limits.ts';
import { scalar, type Builtin, type BuiltinTable } from './builtin.ts';

/** Pictures and the texts that they are read from: longer ones are nobody's dates. */
const LONGEST = 4_096;

/**
 * A function that the library itself carries out: pictures of numbers, dates and times are a language of their own, and
 * nothing in them waits.
 */
function delegated(name: string, signature: string, params: number): Builtin {
  // Looked up by the first call: it loads the library.
  let implementation: ReturnType<typeof libraryFunction> | undefined;
  return scalar(signature, params, (args) => {
    for (const argument of args) {
      if (typeof argument === 'string' && argument.length > LONGEST) throw exhausted(`$${name} takes texts of at most ${LONGEST} characters`, LONGEST);
    }
    spend(32);
    try {
      return (implementation ??= libraryFunction(name))(timestampMs(), args);
    } catch (error) {
      throw faultOf(error);
    }
  });
}

const fromMillis = delegated('fromMillis', '<n-s?s?:s>', 3);

/** Dates and pictures. */
export const CALENDAR: BuiltinTable = {
  fromMillis,
  toMillis: delegated('toMillis', '<s-s?:n>', 2),
  formatNumber: delegated('formatNumber', '<n-so?:s>', 3),
  formatInteger: delegated('formatInteger', '<n-s:s>', 2),
  parseInteger: delegated('parseInteger', '<s-s:n>', 2),
  // Both answer the same instant throughout an evaluation.
  now: scalar('<s?s?:s>', 2, ([picture, zone], context) => fromMillis.run([timestampMs(), picture, zone], context)),
  millis: scalar('<:n>', 0, () => timestampMs()),
};
