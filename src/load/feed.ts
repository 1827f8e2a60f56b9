import { readFileSync, statSync } from 'node:fs';
import type { EventContext } from './placeholders.ts';
import type { Random } from './random.ts';
import type { Template } from './template.ts';

/** Makes events, one after the other. */
export interface Feed {
  /** Puts the next event, and its key if events have keys, at the end of the lists. False when there are no more. */
  next(events: string[], keys: string[]): boolean;
  readonly hasKeys: boolean;
  /** Begins a batch: the time is taken once for all of its events. */
  tick(nowMs: number): void;
}

/** Events of a template, without end. The same random numbers make the same events. */
export function templateFeed(template: Template, key: Template | undefined, random: Random): Feed {
  const event: EventContext = { seq: 0, nowMs: 0, key: '', random };
  return {
    hasKeys: key !== undefined,
    tick(nowMs) {
      event.nowMs = nowMs;
    },
    next(events, keys) {
      if (key !== undefined) keys.push((event.key = key(event)));
      events.push(template(event));
      event.seq += 1;
      return true;
    },
  };
}

/** The lines of a file as they are: once, or over and over. */
export function linesFeed(lines: readonly string[], key: Template | undefined, random: Random, once: boolean): Feed {
  const event: EventContext = { seq: 0, nowMs: 0, key: '', random };
  return {
    hasKeys: key !== undefined,
    tick(nowMs) {
      event.nowMs = nowMs;
    },
    next(events, keys) {
      if (once && event.seq >= lines.length) return false;
      if (key !== undefined) keys.push(key(event));
      events.push(lines[event.seq % lines.length]!);
      event.seq += 1;
      return true;
    },
  };
}

/** All of the file is held in memory. */
export const MOST_FILE_BYTES = 256 * 1024 * 1024;

/**
 * The lines of a file of newline-delimited JSON that are not blank.
 *
 * @throws RangeError when it is too large, has no events, or a line of it is not JSON
 */
export function readLines(file: string): string[] {
  const { size } = statSync(file);
  if (size > MOST_FILE_BYTES) throw new RangeError(`${file} has ${size} bytes; up to ${MOST_FILE_BYTES} are held in memory. Split it.`);
  const lines: string[] = [];
  for (const [index, line] of readFileSync(file, 'utf8').replace(/^\uFEFF/, '').split('\n').entries()) {
    const text = line.trim();
    if (text === '') continue;
    try {
      JSON.parse(text);
    } catch (error) {
      throw new RangeError(`Line ${index + 1} of ${file} is not JSON: ${(error as Error).message}. One event to a line is needed.`);
    }
    lines.push(text);
  }
  if (lines.length === 0) throw new RangeError(`${file} holds no events.`);
  return lines;
}
