import type { DeadLetter } from '../../delivery/dead-letter.ts';
import { MillraceError } from '../../errors.ts';
import type { PutFailure, RedriveTarget } from './contract.ts';

const CONCURRENCY = 16;
const TIMEOUT_MS = 30_000;
const QUOTED_CHARS = 300;

/** Starts an execution of the letter's machine for each event, at a Millrace server or at the URL of one machine. */
export function createHttpTarget(to: string): RedriveTarget {
  const base = new URL(to);
  const start = async ({ machine, value }: DeadLetter): Promise<string | null> => {
    const response = await fetch(urlFor(base, machine), { method: 'POST', body: Buffer.from(value), headers: { 'content-type': 'application/json' }, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const body = await response.text();
    if (response.ok) return null;
    const message = `${urlFor(base, machine).href} answered ${response.status}: ${body.slice(0, QUOTED_CHARS)}`;
    // What is wrong with the server, or the way there, is wrong for all.
    if (response.status >= 500 || response.status === 429 || response.status < 400) throw new MillraceError('OUTPUT_UNAVAILABLE', message);
    return message;
  };
  return {
    name: base.href,
    async put(letters) {
      const failures: PutFailure[] = [];
      for (let from = 0; from < letters.length; from += CONCURRENCY) {
        const answers = await Promise.allSettled(letters.slice(from, from + CONCURRENCY).map(start));
        for (const [i, answer] of answers.entries()) {
          if (answer.status === 'rejected') failures.push({ index: from + i, message: reasonOf(answer.reason, base) });
          else if (answer.value !== null) failures.push({ index: from + i, message: answer.value });
        }
        // Nothing of what follows would fare better.
        if (answers.every(({ status }) => status === 'rejected')) {
          const message = failures.at(-1)!.message;
          for (let index = from + answers.length; index < letters.length; index++) failures.push({ index, message });
          break;
        }
      }
      return failures;
    },
    close: () => Promise.resolve(),
  };
}

function urlFor(base: URL, machine: string): URL {
  if (base.pathname.includes('/v1/machines/')) return base;
  return new URL(`${base.pathname.replace(/\/$/, '')}/v1/machines/${encodeURIComponent(machine)}/executions`, base);
}

function reasonOf(error: unknown, { href }: URL): string {
  if (error instanceof MillraceError) return error.message;
  const { cause, message } = error as Error;
  return `${href} cannot be reached: ${cause instanceof Error ? cause.message : message}`;
}
