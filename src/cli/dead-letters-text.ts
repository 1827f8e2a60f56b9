import { textOf } from '../delivery/record-line.ts';
import type { Stored } from '../outputs/dead-letters/contract.ts';
import { paint } from './output.ts';

/** One line of JSON with everything that is known of a dead letter. */
export function letterLine({ id, letter }: Stored, store: string): string {
  const { key, value, coordinate, timeMs, ...rest } = letter;
  const keyText = key === null ? undefined : textOf(key);
  const { text, encoding } = textOf(value);
  return `${JSON.stringify({
    id,
    store,
    time: new Date(timeMs).toISOString(),
    ...rest,
    ...(coordinate === undefined ? {} : { coordinate: parsed(coordinate) ?? coordinate }),
    ...(keyText === undefined ? {} : { key: keyText.text, ...(keyText.encoding === 'utf8' ? {} : { keyEncoding: keyText.encoding }) }),
    bytes: value.length,
    value: text,
    encoding,
  })}\n`;
}

const COLUMNS = ['ID', 'TIME', 'REASON', 'ERROR', 'MACHINE', 'EXECUTION', 'BYTES'] as const;
const WIDTHS = [12, 20, 9, 18, 12, 24] as const;

export const tableHead = (color: boolean): string => paint(color, '1', `${row(COLUMNS)}`);

/** A row of the table, for eyes. */
export function tableRow({ id, letter }: Stored): string {
  const { timeMs, reason, error = '-', machine, execution, value } = letter;
  return row([id, new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z'), reason, error, machine, execution, String(value.length)]);
}

function row(cells: readonly string[]): string {
  return `${cells.map((cell, i) => (i === cells.length - 1 ? cell : clean(cell).padEnd(WIDTHS[i] ?? 0))).join('  ')}\n`;
}

/** Control characters from an event could move the cursor of whoever looks at it. */
const clean = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ');

/** All of a dead letter, its value as text where it is some, and as JSON where it is that. */
export function letterText({ id, letter }: Stored, color: boolean): string {
  const { reason, error, cause, execution, machine, source, coordinate, output, attempts, timeMs, key, headers, value } = letter;
  const lines: [string, string | undefined][] = [
    ['id', id],
    ['reason', reason],
    ['error', error],
    ['cause', cause],
    ['output', output],
    ['time', new Date(timeMs).toISOString()],
    ['machine', machine],
    ['execution', execution],
    ['attempts', String(attempts)],
    ['source', source],
    ['coordinate', coordinate],
    ['key', key === null ? undefined : shown(key)],
    ...Object.entries(headers).map(([name, header]): [string, string] => [`header ${name}`, typeof header === 'string' ? header : JSON.stringify(header)]),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  const said = lines.flatMap(([name, text]) => (text === undefined ? [] : [`${paint(color, '1', clean(name).padEnd(width))}  ${clean(text)}\n`]));
  const json = parsed(textOf(value).text);
  const body = json === undefined ? shown(value) : JSON.stringify(json, null, 2);
  return `${said.join('')}${paint(color, '1', 'value')} (${value.length} bytes)\n${body}\n`;
}

function shown(bytes: Uint8Array): string {
  const { text, encoding } = textOf(bytes);
  return encoding === 'utf8' ? text.replaceAll(/[^\P{Cc}\n\t]/gu, ' ') : `base64: ${text}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
