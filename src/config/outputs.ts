import { resolve } from 'node:path';
import { readKafkaConnection, readRedisConnection } from './connections.ts';
import type { Names } from './names.ts';
import { given, type Part } from './part.ts';
import { OUTPUT_KINDS } from './schema-outputs.ts';
import type { OutputConfig, OutputKindSettings, RedisConnection } from './settings.ts';
import { readQueue } from './source-kinds.ts';

/** One line a kind, as in src/config/schema-outputs.ts. */
const READ_OUTPUT_KIND: Readonly<Record<string, (part: Part, redis: RedisConnection | null) => OutputKindSettings>> = {
  kafka: (part) => ({ kafka: { ...readKafkaConnection(part), topic: part.needed('topic'), compression: part.word('compression') } }),
  redisStream: (part, redis) => ({ redisStream: given({ ...readRedisConnection(part, redis), stream: part.needed('stream'), maxLength: part.numberIf('maxLength') }) }),
  bullmq: (part, redis) => ({ bullmq: readQueue(part, redis) }),
  webhook: (part) => ({ webhook: { url: readWebhookUrl(part), headers: readHeaders(part.part('headers')), timeoutMs: part.number('timeoutMs') } }),
  file: (part) => ({ file: { path: resolve(part.loading.folder, part.needed('path')) } }),
};

/** Undefined without a kind, which has been told of; the rest is looked at nevertheless. */
export function readOutput(name: string, part: Part, around: { readonly names: Names; readonly redis: RedisConnection | null }): OutputConfig | undefined {
  const kind = Object.keys(OUTPUT_KINDS).find((key) => part.has(key));
  if (name === 'none') part.faultOfAll('INVALID_NAME', "cannot be the name of an output: 'deadLetters: none' drops dead letters.", 'Give it another name.');
  const when = part.part('when');
  around.names.check('machine', when, 'machine');
  around.names.check('source', when, 'source');
  const several = (key: string): string[] | undefined => (when.has(key) ? when.texts(key) : undefined);
  if (kind === undefined) return undefined;
  return {
    name,
    kind: READ_OUTPUT_KIND[kind]!(part.part(kind), around.redis),
    when: given({ machines: several('machine'), sources: several('source'), status: several('status') }),
  };
}

function readWebhookUrl(part: Part): string {
  const url = part.needed('url');
  // The text itself may hold a token.
  if (url !== '' && (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))) part.fault('INVALID_VALUE', 'url', 'is not the URL of an HTTP server.', 'Write https://host/path, or http://.');
  return url;
}

function readHeaders(part: Part): Record<string, string> {
  for (const key of part.keys) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(key)) part.fault('INVALID_NAME', key, 'cannot be the name of a header.');
    else if (/[^\t\x20-\x7e\x80-\xff]/.test(part.needed(key))) part.fault('INVALID_VALUE', key, 'has characters that a header cannot carry.');
  }
  return Object.fromEntries(part.keys.map((key) => [key, part.needed(key)]));
}
