import type { OutputKindSettings } from '../config/settings.ts';
import { HEADER_PREFIX } from '../delivery/record.ts';
import type { Output, OutputRecord, Refusal } from '../delivery/outcome.ts';
import type { RedisClient } from '../redis/redis.ts';
import type { CreateOutput } from './contract.ts';
import { createRedisPeer } from './redis-peer.ts';

export type RedisStreamOutputSettings = Extract<OutputKindSettings, { redisStream: unknown }>['redisStream'];

const LIMITS = { maxRecords: 1000, maxBytes: 4 * 1024 * 1024, maxWrites: 1 };
const NOTHING_REFUSED: readonly Refusal[] = [];

/** Appends an entry for each record to a stream, a pipeline for each write. Redis's own settings say how durable that is. */
export const createRedisStreamOutput: CreateOutput<RedisStreamOutputSettings> = (settings, parts) => {
  const { stream, maxLength } = settings;
  const trim = maxLength === undefined ? [] : ['MAXLEN', '~', maxLength];
  const peer = createRedisPeer(settings, parts);

  const append = async (client: RedisClient, records: readonly OutputRecord[]): Promise<readonly Refusal[]> => {
    const pipeline = client.pipeline();
    for (const record of records) pipeline.xadd(stream, ...trim, '*', ...entryFields(record));
    const answers = (await pipeline.exec()) ?? [];
    const fault = answers.find(([error]) => error !== null)?.[0];
    if (fault !== undefined && fault !== null) throw fault;
    if (answers.length !== records.length) throw new Error(`${answers.length} answers came to ${records.length} entries`);
    return NOTHING_REFUSED;
  };

  const output: Output = {
    limits: LIMITS,
    write: (records) => peer.inTurn((client) => (records.length === 0 ? Promise.resolve(NOTHING_REFUSED) : append(client, records))),
    close: () => peer.close(),
    get trouble() {
      return peer.trouble;
    },
  };
  return output;
};

/** The fields that begin every entry. Those of Millrace's own headers follow, and then whatever headers the event had. */
export const EVENT_FIELD = 'event';
export const KEY_FIELD = 'key';

function entryFields({ key, value, headers }: OutputRecord): (string | Buffer)[] {
  const fields: (string | Buffer)[] = [EVENT_FIELD, asBuffer(value)];
  if (key !== null) fields.push(KEY_FIELD, asBuffer(key));
  const others: string[] = [];
  for (const name in headers) (name.startsWith(HEADER_PREFIX) ? fields : others).push(name, headers[name] as string);
  return fields.concat(others);
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
