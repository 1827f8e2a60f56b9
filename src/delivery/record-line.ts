import type { OutputRecord } from './outcome.ts';
import { HEADER_PREFIX } from './record.ts';

/*
 * A record as one line of JSON, for files:
 *
 *   line     := { metadata…, event…, "value": json }                           a result
 *             | { metadata…, event…, "value": text, "encoding": encoding }     bytes as they came
 *   event    := "key"?: text, "keyEncoding"?: "base64", "headers"?: {…}
 *   metadata := every header of Millrace's own, without its prefix; those that are JSON text as what they say
 *   encoding := "utf8" | "base64"
 */

/** Headers of Millrace's own that hold JSON text. */
const JSON_HEADERS: ReadonlySet<string> = new Set(['coordinate', 'attempts', 'other-headers']);
const MEMBERS: ReadonlySet<string> = new Set(['key', 'keyEncoding', 'headers', 'value', 'encoding']);

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export interface EncodedText {
  readonly text: string;
  readonly encoding: 'utf8' | 'base64';
}

/** Text that stands for the bytes exactly: themselves where they are UTF-8, base64 otherwise. */
export function textOf(bytes: Uint8Array): EncodedText {
  try {
    return { text: strict.decode(bytes), encoding: 'utf8' };
  } catch {
    return { text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'), encoding: 'base64' };
  }
}

export const bytesOf = ({ text, encoding }: EncodedText): Buffer => Buffer.from(text, encoding);

/** JSON text on one line: outside of its strings a line break is only space. */
const onOneLine = (json: string): string => (json.includes('\n') || json.includes('\r') ? json.replaceAll(/[\r\n]+/g, ' ') : json);

/** The members of a line, without its braces and line break. */
export function lineMembers(record: OutputRecord): string {
  let line = '';
  let others = '';
  for (const [name, value] of Object.entries(record.headers)) {
    if (!name.startsWith(HEADER_PREFIX)) {
      others += `${others === '' ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}`;
      continue;
    }
    const member = name.slice(HEADER_PREFIX.length);
    line += `${JSON.stringify(member)}:${JSON_HEADERS.has(member) ? onOneLine(value) : JSON.stringify(value)},`;
  }
  if (record.key !== null) {
    const { text, encoding } = textOf(record.key);
    line += `"key":${JSON.stringify(text)},${encoding === 'utf8' ? '' : '"keyEncoding":"base64",'}`;
  }
  if (others !== '') line += `"headers":{${others}},`;
  if (record.json) return `${line}"value":${onOneLine(textOf(record.value).text)}`;
  const { text, encoding } = textOf(record.value);
  return `${line}"value":${JSON.stringify(text)},"encoding":"${encoding}"`;
}

/** The line of a record, its line break included. */
export const recordLine = (record: OutputRecord): string => `{${lineMembers(record)}}\n`;

/** What `recordLine` has written; null when the text is not such a line. */
export function readRecordLine(text: string): Omit<OutputRecord, 'id'> | null {
  let line: Record<string, unknown>;
  try {
    line = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
  return typeof line === 'object' && line !== null && Object.hasOwn(line, 'value') ? recordOf(line) : null;
}

/** The record that the members of a line stand for. */
export function recordOf(line: Readonly<Record<string, unknown>>): Omit<OutputRecord, 'id'> {
  const headers: Record<string, string> = {};
  for (const [member, value] of Object.entries(line)) {
    if (MEMBERS.has(member)) continue;
    headers[`${HEADER_PREFIX}${member}`] = JSON_HEADERS.has(member) ? JSON.stringify(value) : String(value);
  }
  for (const [name, value] of Object.entries((line['headers'] ?? {}) as Record<string, unknown>)) headers[name] = String(value);
  const { key, value } = line;
  const encoding = line['encoding'];
  const json = encoding === undefined;
  return {
    key: typeof key === 'string' ? bytesOf({ text: key, encoding: line['keyEncoding'] === 'base64' ? 'base64' : 'utf8' }) : null,
    value: json ? Buffer.from(JSON.stringify(value)) : bytesOf({ text: String(value), encoding: encoding === 'base64' ? 'base64' : 'utf8' }),
    json,
    headers,
  };
}
