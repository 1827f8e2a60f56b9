import { readDeadLetter } from '../../delivery/dead-letter.ts';
import { EVENT_FIELD, KEY_FIELD, type RedisStreamOutputSettings } from '../redis-stream.ts';
import type { OutputRecord } from '../../delivery/outcome.ts';
import type { DeadLetterStore, Stored, StoreParts } from './contract.ts';
import { askRedis } from './redis.ts';

const LOT = 200;

type Entry = readonly [id: Buffer, fields: readonly Buffer[]];

/** The entries of a stream. */
export function createRedisStreamStore(settings: RedisStreamOutputSettings, { name, log }: StoreParts): DeadLetterStore {
  const { stream } = settings;
  const redis = askRedis(settings, `output ${name}`, log);
  return {
    async *read() {
      const newest = await redis.ask((client) => client.xrevrange(stream, '+', '-', 'COUNT', 1));
      const end = newest[0]?.[0];
      if (end === undefined) return;
      for (let from = '-'; ; ) {
        const entries = (await redis.ask((client) => client.xrangeBuffer(stream, from, end, 'COUNT', LOT))) as unknown as readonly Entry[];
        const lot = entries.flatMap(storedOf);
        if (lot.length > 0) yield lot;
        const last = entries.at(-1);
        if (last === undefined || entries.length < LOT) return;
        from = `(${last[0].toString()}`;
      }
    },
    async remove(letters) {
      if (letters.length > 0) await redis.ask((client) => client.xdel(stream, ...letters.map(({ id }) => id)));
    },
    close: () => redis.close(),
    notes: [],
  };
}

function storedOf([id, fields]: Entry): Stored[] {
  const record = recordOf(fields);
  const letter = record === null ? null : readDeadLetter(record);
  return letter === null ? [] : [{ id: id.toString(), letter }];
}

/** The value, then the key if there is one, then headers: see the output. */
function recordOf(fields: readonly Buffer[]): Pick<OutputRecord, 'key' | 'value' | 'headers'> | null {
  if (fields[0]?.toString() !== EVENT_FIELD) return null;
  const hasKey = fields[2]?.toString() === KEY_FIELD;
  const headers: Record<string, string> = {};
  for (let f = hasKey ? 4 : 2; f < fields.length; f += 2) headers[fields[f]!.toString()] = fields[f + 1]!.toString();
  return { value: fields[1]!, key: hasKey ? fields[3]! : null, headers };
}
