import type { RedisStreamSourceSettings } from '../../config/settings.ts';
import type { DeadLetter } from '../../delivery/dead-letter.ts';
import type { Log } from '../../telemetry/log.ts';
import type { PutFailure, RedriveTarget } from './contract.ts';
import { coordinateOf } from './coordinate.ts';
import { answersOf, askRedis } from './redis.ts';

/** Adds entries to the stream that the events came from, under the same fields. */
export function createRedisStreamTarget(settings: RedisStreamSourceSettings, source: string, log: Log): RedriveTarget {
  const { streams } = settings;
  const redis = askRedis(settings, `source ${source}`, log);
  return {
    name: streams.length === 1 ? `the Redis stream ${streams[0]}` : `the Redis streams ${streams.join(', ')}`,
    async put(letters) {
      const failures: PutFailure[] = [];
      await redis.ask(async (client) => {
        // One command each: in a Cluster two streams may be on two nodes.
        const added = letters.map(async (letter, index) => {
          const stream = String(coordinateOf(letter)['stream'] ?? streams[0]);
          const fields = fieldsOf(letter, settings);
          if (fields === null) failures.push({ index, message: 'its value is not the JSON object of fields that this source makes' });
          else await client.xadd(streams.includes(stream) ? stream : streams[0]!, '*', ...fields);
        });
        const results = await Promise.allSettled(added);
        answersOf(results.map((result) => [result.status === 'rejected' ? (result.reason as Error) : null, null] as const));
      });
      return failures;
    },
    close: () => redis.close(),
  };
}

/** The fields of the entry as the source reads it; null when the value cannot have come from one. */
function fieldsOf({ value, key, headers }: DeadLetter, { valueField, keyField }: RedisStreamSourceSettings): (string | Buffer)[] | null {
  const bytes = Buffer.from(value);
  if (valueField === null) {
    const members = objectOf(bytes.toString('utf8'));
    return members === null ? null : Object.entries(members).flatMap(([name, text]) => [name, String(text)]);
  }
  const fields: (string | Buffer)[] = [valueField, bytes];
  if (key !== null && keyField !== null) fields.push(keyField, Buffer.from(key));
  for (const [name, text] of Object.entries(headers)) fields.push(name, typeof text === 'string' ? text : JSON.stringify(text));
  return fields;
}

function objectOf(text: string): object | null {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && Object.keys(value).length > 0 ? value : null;
  } catch {
    return null;
  }
}
