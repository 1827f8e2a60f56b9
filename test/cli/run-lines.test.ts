import { describe, expect, it } from 'vitest';
import { LineNumbers } from '../../src/cli/run-lines.ts';

/** Feeds a text in chunks of a size and answers the line of every event. */
function linesOf(text: string, chunkBytes: number, linesOnly = true): (number | undefined)[] {
  const bytes = Buffer.from(text);
  const lines = new LineNumbers(linesOnly);
  const found: (number | undefined)[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const before = eventsIn(bytes.subarray(0, at));
    const events = eventsIn(bytes.subarray(0, at + chunkBytes)) - before;
    const lineOf = lines.count(bytes.subarray(at, at + chunkBytes), before, events);
    for (let i = 0; i < events; i += 1) found.push(lineOf(before + i));
  }
  const rest = bytes.subarray(bytes.lastIndexOf(0x0a) + 1).toString();
  const lineOf = lines.count(undefined, found.length, rest.trim() === '' ? 0 : 1);
  if (rest.trim() !== '') found.push(lineOf(found.length));
  return found;
}

/** Lines that have ended and hold something. */
const eventsIn = (bytes: Buffer): number => bytes.toString().split('\n').slice(0, -1).filter((line) => line.trim() !== '').length;

const expected = (text: string): number[] => text.split('\n').flatMap((line, i) => (line.trim() === '' ? [] : [i + 1]));

describe('LineNumbers', () => {
  const texts = ['1\n2\n3\n', '1\n2\n3', '\n\n1\n\n\n2\n3\n\n', ' \r\n{"a":1}\r\n\t\r\n{"b":2}\r\n\r\n3', '\n', '', '{"long":"line"}\n\n \n{"x":1}'];
  it('agrees with a plain count of lines, however the text is cut into chunks', () => {
    for (const text of texts) {
      for (const chunkBytes of [1, 2, 3, 5, 7, 100]) expect([text, chunkBytes, linesOf(text, chunkBytes)]).toEqual([text, chunkBytes, expected(text)]);
    }
  });

  it('knows no lines in a JSON array, and takes a bracket for one only where lines are not certain', () => {
    expect(linesOf(' [1]\n[2]\n', 100, false)).toEqual([undefined, undefined]);
    expect(linesOf('[1]\n[2]\n', 100, true)).toEqual([1, 2]);
    expect(linesOf('{}\n[2]\n', 100, false)).toEqual([1, 2]);
  });
});
