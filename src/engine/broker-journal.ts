import { deadLetterFile } from '../config/dead-letter-file.ts';
import type { JournalConfig, OutputKindSettings } from '../config/settings.ts';
import { type ArnScope, executionArn } from '../delivery/arn.ts';
import type { Outcome } from '../delivery/outcome.ts';
import { createOutput } from '../outputs/table.ts';
import type { ExecutionStore } from '../store/contract.ts';
import type { Log } from '../telemetry/log.ts';
import { BrokerStarts } from './broker-starts.ts';
import type { MachineCatalog } from './machine-catalog.ts';
import type { JournalStream } from './streams.ts';

/** A journal that any replica reads from. */
export type BrokerJournal = Exclude<JournalConfig, { readonly lmdb: unknown }>;

export const isBroker = (journal: JournalConfig | undefined): journal is BrokerJournal => journal !== undefined && !('lmdb' in journal);

/** How starts get into the journal. */
export async function openBrokerStarts(journal: BrokerJournal, { catalog, log, payloadBytes }: { readonly catalog: Pick<MachineCatalog, 'get'>; readonly log: Log; readonly payloadBytes: number }): Promise<BrokerStarts> {
  const output = await createOutput(outputOf(journal), { name: 'journal', log });
  return new BrokerStarts({ output, payloadBytes, checkOf: (machine) => catalog.get(machine)?.check ?? null, now: Date.now });
}

function outputOf(journal: BrokerJournal): OutputKindSettings {
  if ('kafka' in journal) return { kafka: { ...journal.kafka, topic: journal.kafka.topics[0]!, compression: 'none' } };
  return { redisStream: { ...journal.redis, stream: journal.redis.streams[0]! } };
}

/** What an output to a Redis stream writes. */
const FIELDS = { valueField: 'event', keyField: 'key' } as const;

export interface BrokerStreamParts {
  readonly dataDir: string | null;
  readonly store: ExecutionStore;
  readonly scope: ArnScope;
}

/** How they get out of it. What was run here can be asked about here, and only here. */
export function brokerStream(journal: BrokerJournal, { dataDir, store, scope }: BrokerStreamParts): JournalStream {
  return {
    kind: 'kafka' in journal ? { kafka: journal.kafka } : { redisStream: { ...journal.redis, ...FIELDS } },
    deadLetterFile: deadLetterFile(dataDir ?? '.'),
    onEnd: rememberIn(store, scope),
  };
}

/** Makes a store remember executions that it hears of when they have ended. */
export const rememberIn =
  (store: ExecutionStore, scope: ArnScope) =>
  ({ machine, name, startTimeMs, stopTimeMs, status, output, error, cause, value, attempts }: Outcome): void => {
    const arn = executionArn(scope, machine, name, startTimeMs);
    store.started({ name, startTimeMs, executionArn: arn, machine, input: Uint8Array.from(value) });
    store.ended(arn, {
      status,
      ...(output === undefined ? null : { output }),
      ...(error === undefined ? null : { error }),
      ...(cause === undefined ? null : { cause }),
      startTimeMs,
      stopTimeMs,
      redeliveries: attempts - 1,
    });
  };
