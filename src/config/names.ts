import { nearest } from './nearest.ts';
import type { Part } from './part.ts';

/** What the file gives names to, and what refers to it by them. */
type Named = 'machine' | 'output' | 'source';

const WHAT: Readonly<Record<Named, { one: string; all: string }>> = {
  machine: { one: 'no state machine that is served', all: 'state machines' },
  output: { one: 'no output', all: 'outputs' },
  source: { one: 'no source or schedule', all: 'sources and schedules' },
};

/** Checks references. */
export class Names {
  readonly #names: Readonly<Record<Named, readonly string[]>>;

  constructor(names: Readonly<Record<Named, readonly string[]>>) {
    this.#names = names;
  }

  /** Tells of each text of a key that names nothing. */
  check(what: Named, part: Part, key: string): void {
    const names = this.#names[what];
    const { one, all } = WHAT[what];
    for (const text of part.texts(key)) {
      if (names.includes(text)) continue;
      const near = nearest(text, names);
      const hint = near === undefined ? (names.length === 0 ? `The configuration has no ${all}.` : `The ${all} are ${names.join(', ')}.`) : `Did you mean '${near}'?`;
      part.fault('UNKNOWN_NAME', key, `names '${text}', which is ${one}.`, hint);
    }
  }
}
