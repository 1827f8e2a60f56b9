import { deadLetterFile } from './dead-letter-file.ts';
import { checkPattern } from '../filter/check.ts';
import { readRedisConnection } from './connections.ts';
import { readExpression } from './expression.ts';
import type { Names } from './names.ts';
import { given, type Part } from './part.ts';
import { SOURCE_KINDS } from './schema-sources.ts';
import type { RedisConnection, SourceConfig } from './settings.ts';
import { READ_SOURCE_KIND, type KindSurroundings } from './source-kinds.ts';
import { parseDuration, writtenDuration } from './times.ts';

/** What the rest of the file says that sources depend on. */
export interface SourceSurroundings extends KindSurroundings {
  readonly names: Names;
  readonly dataDir: string;
  readonly compatibility: 'strict' | 'extended';
  readonly limits: { readonly maxInFlight: number; readonly payloadBytes: number };
}

/** Most events of a source in flight, where it says nothing. */
const MAX_IN_FLIGHT = 10_000;

/** Undefined without a kind, which has been told of; the rest is looked at nevertheless. */
export function readSource(name: string, part: Part, around: SourceSurroundings): SourceConfig | undefined {
  const kind = Object.keys(SOURCE_KINDS).find((key) => part.has(key));
  around.names.check('machine', part, 'machine');
  checkOrder(part, kind);
  const retry = part.part('retry');
  const [backoffMs, maxBackoffMs] = [retry.number('backoffMs'), retry.number('maxBackoffMs')];
  if (backoffMs > maxBackoffMs) retry.fault('OUT_OF_RANGE', 'backoffMs', `(${backoffMs}) is more than maxBackoffMs (${maxBackoffMs}).`);
  const rest = given({
    name,
    machine: part.needed('machine'),
    filter: readFilter(part, around.compatibility),
    schema: part.text('schema') === undefined ? part.json('schema') : part.jsonFile('schema'),
    input: readExpression(part, 'input'),
    order: part.word<SourceConfig['order']>('order'),
    batch: part.has('batch') ? readBatch(part.part('batch'), around.limits.payloadBytes) : undefined,
    maxInFlight: part.numberIf('maxInFlight') ?? Math.min(MAX_IN_FLIGHT, around.limits.maxInFlight),
    retry: { maxAttempts: retry.number('maxAttempts'), backoffMs, maxBackoffMs },
    deadLetters: readDeadLetters(name, part, around),
    tombstones: part.word<SourceConfig['tombstones']>('tombstones'),
    deduplicate: part.has('deduplicate') ? readDeduplication(part.part('deduplicate'), around.redis) : undefined,
  });
  return kind === undefined ? undefined : { ...rest, kind: READ_SOURCE_KIND[kind]!(part.part(kind), around) };
}

function readFilter(part: Part, compatibility: 'strict' | 'extended'): string | undefined {
  const pattern = part.get('filter');
  // What is no mapping has been told of.
  const faults = typeof pattern === 'object' && pattern !== null && !Array.isArray(pattern) ? checkPattern(pattern, { compatibility }) : [];
  for (const { pointer, message, hint } of faults) part.faultWithin('INVALID_PATTERN', 'filter', pointer, `${message.replace(/\.$/, '')}.`, hint);
  return faults.length > 0 ? undefined : part.json('filter');
}

function checkOrder(part: Part, kind: string | undefined): void {
  const order = part.text('order');
  if (kind === 'bullmq') {
    if (order === 'key' || order === 'partition') part.fault('INVALID_VALUE', 'order', `cannot be '${order}': a BullMQ queue has neither partitions nor keys, and gives its jobs to whoever asks.`, 'Remove it; for order, use kafka or redisStream.');
    if (part.has('batch')) part.fault('INVALID_VALUE', 'batch', 'cannot be with bullmq: each job has a result of its own, which one execution for many could not give.', 'Remove it; for batches, use kafka or redisStream.');
  }
  if (kind === 'redisStream' && order === 'key' && !part.part(kind).has('key')) {
    part.fault('MISSING_KEY', 'order', "is 'key', and the source does not say which field holds the key.", 'Add key: customer, the name of the field, to redisStream.');
  }
}

function readBatch(part: Part, payloadBytes: number): NonNullable<SourceConfig['batch']> {
  const written = part.number('maxBytes');
  if (part.has('maxBytes') && written > payloadBytes) part.fault('OUT_OF_RANGE', 'maxBytes', `(${written}) is more than limits.payloadBytes (${payloadBytes}), which the input of one execution cannot exceed.`);
  return { maxEvents: part.number('maxEvents'), maxWaitMs: part.number('maxWaitMs'), maxBytes: Math.min(written, payloadBytes) };
}

function readDeadLetters(name: string, part: Part, { names, dataDir }: SourceSurroundings): SourceConfig['deadLetters'] {
  const output = part.text('deadLetters');
  if (output === undefined) return { file: deadLetterFile(dataDir, name) };
  if (output === 'none') return null;
  names.check('output', part, 'deadLetters');
  return { output };
}

/** The shortest and the longest window. */
const WINDOW_MS = [1000, 2_592_000_000] as const;

function readDeduplication(part: Part, redis: RedisConnection | null): NonNullable<SourceConfig['deduplicate']> {
  const windowMs = part.has('window') ? readDuration(part, 'window', ...WINDOW_MS) : part.number('windowMs');
  return given({ windowMs, key: readExpression(part, 'key'), redis: part.has('redis') ? readRedisConnection(part.part('redis'), null) : (redis ?? undefined) });
}

/** Milliseconds of a duration such as 10m. */
export function readDuration(part: Part, key: string, leastMs: number, mostMs: number): number {
  const text = part.text(key);
  if (text === undefined) return Number.NaN;
  const ms = parseDuration(text);
  if (ms === undefined) part.fault('INVALID_VALUE', key, `must be a duration, not '${text}'.`, 'Write a whole number and a unit: 30s, 15m, 1h, 1d.');
  else if (ms < leastMs || ms > mostMs) part.fault('OUT_OF_RANGE', key, `must be from ${writtenDuration(leastMs)} to ${writtenDuration(mostMs)}, not ${text}.`);
  return ms ?? Number.NaN;
}
