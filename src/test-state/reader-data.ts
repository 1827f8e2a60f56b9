import type { TestedState } from './definition.ts';
import { invalid, isObject, parseMember } from './refusal.ts';

/**
 * The items that an ItemReader finds in data as it lies at its source: a JSON array or object, JSON lines, or CSV. Undefined
 * where the state has no ItemReader.
 *
 * @throws Refusal
 */
export function readItems({ definition }: TestedState, data: string | undefined): readonly unknown[] | undefined {
  const reader = definition['ItemReader'];
  if (!isObject(reader)) return undefined;
  if (data === undefined) throw invalid('ItemReader data must be specified when testing a Map state with ItemReader specified.');
  const settings = isObject(reader['ReaderConfig']) ? reader['ReaderConfig'] : {};
  const items = parse(data, settings);
  const most = settings['MaxItems'];
  return typeof most === 'number' && most > 0 ? items.slice(0, most) : items;
}

function parse(data: string, settings: Readonly<Record<string, unknown>>): readonly unknown[] {
  const type = settings['InputType'];
  if (type === 'CSV') return parseCsv(data, settings);
  if (type === 'JSONL') return data.split(/\r?\n/).filter((line) => line.trim() !== '').map((line) => json(line));
  const value = json(data);
  if (Array.isArray(value)) return value as unknown[];
  // As on AWS, an object is read as its entries.
  if (isObject(value)) return Object.entries(value).map(([Key, Value]) => ({ Key, Value }));
  throw invalid('ItemReader data must be a JSON array or object.');
}

const json = (text: string): unknown => parseMember(text, () => invalid('ItemReader data must be valid JSON.'));

function parseCsv(data: string, settings: Readonly<Record<string, unknown>>): readonly unknown[] {
  const rows = csvRows(data);
  const given = settings['CSVHeaderLocation'] === 'GIVEN' ? settings['CSVHeaders'] : undefined;
  const headers = Array.isArray(given) ? given.map(String) : rows.shift();
  if (headers === undefined) return [];
  // Built from entries, so that a column named __proto__ is a column.
  return rows.map((row) => Object.fromEntries(headers.map((header, i) => [header, row[i] ?? ''])));
}

const FIELD_END = /[,\r\n]/g;

/** RFC 4180: commas, quotes doubled within quotes, line feeds within quotes. */
function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let field = '';
    if (text[at] === '"') {
      at++;
      for (;;) {
        const quote = text.indexOf('"', at);
        const end = quote < 0 ? text.length : quote;
        field += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
    } else {
      FIELD_END.lastIndex = at;
      const end = FIELD_END.exec(text)?.index ?? text.length;
      field = text.slice(at, end);
      at += field.length;
    }
    row.push(field);
    if (text[at] === ',') {
      at++;
      if (at === text.length) row.push('');
      continue;
    }
    rows.push(row);
    row = [];
    if (text[at] === '\r') at++;
    if (text[at] === '\n') at++;
  }
  if (row.length > 0) rows.push(row);
  return rows;
}
