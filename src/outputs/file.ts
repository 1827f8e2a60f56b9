import type { Output, OutputRecord, Refusal } from '../delivery/outcome.ts';
import { recordLine } from '../delivery/record-line.ts';
import { MillraceError } from '../errors.ts';
import { createAppender, explainWriting } from './appender.ts';
import type { CreateOutput } from './contract.ts';

export interface FileSettings {
  readonly path: string;
}

const LIMITS = { maxRecords: 10_000, maxBytes: 8 * 1024 * 1024, maxWrites: 1 };
const NOTHING_REFUSED: readonly Refusal[] = [];

interface Waiting {
  readonly lines: string;
  readonly resolve: () => void;
  readonly reject: (error: MillraceError) => void;
}

/**
 * Appends a line of JSON for each record, and has it on disk before it says so; writes that come while one is under way share
 * the next one's sync.
 */
export const createFileOutput: CreateOutput<FileSettings> = ({ path }) => {
  const appender = createAppender(path);
  let waiting: Waiting[] = [];
  let working: Promise<void> | undefined;
  let trouble: string | undefined;
  let closed = false;

  const work = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await appender.append(Buffer.from(batch.map(({ lines }) => lines).join(''), 'utf8'));
        trouble = undefined;
        for (const { resolve } of batch) resolve();
      } catch (error) {
        trouble = explainWriting(error as NodeJS.ErrnoException, path);
        const fault = new MillraceError('OUTPUT_UNAVAILABLE', trouble, { cause: error });
        for (const { reject } of batch) reject(fault);
      }
    }
    working = undefined;
  };

  const output: Output = {
    limits: LIMITS,
    async write(records: readonly OutputRecord[]) {
      if (closed) throw new MillraceError('OUTPUT_UNAVAILABLE', `The output to the file ${path} is closed.`);
      if (records.length === 0) return NOTHING_REFUSED;
      await new Promise<void>((resolve, reject) => {
        waiting.push({ lines: records.map(recordLine).join(''), resolve, reject });
        working ??= work();
      });
      return NOTHING_REFUSED;
    },
    async close() {
      closed = true;
      await working;
      await appender.close();
    },
    get trouble() {
      return trouble;
    },
  };
  return output;
};
