import type { Diagnostic } from '../errors.ts';
import { scanJson, type ScanNode } from './source-scan.ts';
import type { Json } from './types.ts';

/** Where something stands in a text: 1-based line and column in UTF-16 units; `length` stays within that line. */
export interface Span {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/**
 * A parsed JSON text that still knows where everything stands. `value` is undefined when the text is not JSON; the
 * diagnostics then say where and what was expected. Duplicate keys are warnings (the last one wins, as in JSON.parse).
 */
export interface Source {
  readonly value: Json | undefined;
  readonly diagnostics: Diagnostic[];
  /** Finds an RFC 6901 pointer; a place that is not there answers its nearest ancestor. `key` asks for the member's name. */
  locate(pointer: string, part?: 'key' | 'value'): Span;
}

/** At most so many duplicate keys are reported: more say nothing new. */
const MAX_DUPLICATES = 100;

/** Parses plain JSON (no comments, no trailing commas). Positions are computed when first asked for; nothing recurses. */
export function parseSource(text: string, file?: string): Source {
  let lines: number[] | undefined;
  const lineStarts = (): number[] => (lines ??= startsOfLines(text));
  const spanOf = (start: number, end: number): Span => spanBetween(text, lineStarts(), start, end);
  const at = (start: number, end: number) => {
    const { line, column } = spanOf(start, end);
    return { line, column, ...(file === undefined ? {} : { file }) };
  };

  let value: Json | undefined;
  const diagnostics: Diagnostic[] = [];
  try {
    value = JSON.parse(text) as Json;
  } catch {
    // The scan below finds the same fault and says it better.
  }
  const scan = scanJson(text, false, MAX_DUPLICATES);
  if (scan.fault !== undefined) {
    value = undefined;
    diagnostics.push({
      code: text.trim() === '' ? 'MISSING_DESCRIPTION' : 'INVALID_JSON_DESCRIPTION', severity: 'ERROR', pointer: '',
      message: scan.fault.message, ...(scan.fault.hint === undefined ? {} : { hint: scan.fault.hint }), ...at(scan.fault.offset, scan.fault.offset + 1),
    });
  } else {
    for (const duplicate of scan.duplicates) {
      diagnostics.push({
        code: 'DUPLICATE_KEY', severity: 'WARNING', pointer: duplicate.pointer,
        message: `The key ${JSON.stringify(duplicate.key)} occurs more than once in the same object; only the last one counts.`,
        ...at(duplicate.start, duplicate.end),
      });
    }
  }

  let root: ScanNode | undefined;
  return {
    value,
    diagnostics,
    locate(pointer, part = 'value') {
      root ??= scanJson(text, true, 0).root;
      if (root === undefined) return { line: 1, column: 1, length: 1 };
      const node = descend(root, pointer);
      return part === 'key' && node.keyEnd > 0 ? spanOf(node.keyStart, node.keyEnd) : spanOf(node.start, node.end);
    },
  };
}

function descend(root: ScanNode, pointer: string): ScanNode {
  let node = root;
  if (pointer === '') return node;
  for (const raw of pointer.slice(1).split('/')) {
    const child = node.children?.get(raw.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (child === undefined) return node;
    node = child;
  }
  return node;
}

function startsOfLines(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function spanBetween(text: string, starts: readonly number[], start: number, end: number): Span {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= start) low = middle;
    else high = middle - 1;
  }
  const next = starts[low + 1];
  let endOfLine = next === undefined ? text.length : next - 1;
  if (text.charCodeAt(endOfLine - 1) === 13) endOfLine -= 1;
  return { line: low + 1, column: start - starts[low]! + 1, length: Math.max(1, Math.min(end, endOfLine) - start) };
}
