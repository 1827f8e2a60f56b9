import type { Diagnostic } from '../errors.ts';

/** What can be wrong with a configuration: one line a code, with what it means, for docs/errors.md. */
export const CONFIG_MISTAKES = {
  YAML_SYNTAX: 'The file is not YAML.',
  DUPLICATE_KEY: 'A key occurs more than once in one mapping.',
  UNKNOWN_KEY: 'No key has that name there. A hint names the one that was probably meant.',
  MISSING_KEY: 'A key that has to be there is not.',
  CONFLICTING_KEYS: 'Keys stand together of which only one may be there.',
  WRONG_TYPE: 'A value is of another type than the key takes.',
  OUT_OF_RANGE: 'A number is too small or too large.',
  INVALID_VALUE: 'A value is of the right type and yet none that the key takes.',
  INVALID_NAME: 'A state machine, source, output or schedule has a name that AWS refuses for state machines.',
  UNKNOWN_NAME: 'No state machine, source or output has the name that is given.',
  INVALID_PATTERN: 'A filter is not an event pattern.',
  MISSING_VARIABLE: 'An environment variable is not set and has no default.',
  INVALID_INTERPOLATION: 'A ${…} is neither ${NAME} nor ${NAME:-default}.',
  MISSING_FILE: 'A file or folder that is named does not exist.',
  UNREADABLE_FILE: 'A file or folder that is named cannot be read, or is the one where the other is needed.',
  INVALID_JSON: 'A file that has to be JSON is not.',
  AMBIGUOUS_CONFIG: 'There are both millrace.yaml and millrace.yml.',
  NO_MACHINES: 'Neither the configuration nor the folder has a state machine.',
} as const;

export type ConfigMistake = keyof typeof CONFIG_MISTAKES;

/** Offset into the text of the file; undefined where there is none. */
type Locate = (offset: number) => { line: number; column: number };

/** Collects diagnostics; nothing is thrown, so that all mistakes are reported at once. */
export class Mistakes {
  readonly #list: { diagnostic: Diagnostic; offset: number }[] = [];
  readonly #file: string | undefined;
  readonly #locate: Locate;

  constructor(file?: string, locate: Locate = () => ({ line: 1, column: 1 })) {
    this.#file = file;
    this.#locate = locate;
  }

  add(code: ConfigMistake, pointer: string, message: string, offset: number | undefined, hint?: string): void {
    const place = this.#file === undefined ? {} : { file: this.#file, ...this.#locate(offset ?? 0) };
    // Without a document there is nothing to point into.
    this.#list.push({ diagnostic: { code, severity: 'ERROR', pointer: this.#file === undefined ? '' : pointer, message, ...(hint === undefined ? {} : { hint }), ...place }, offset: offset ?? 0 });
  }

  get none(): boolean {
    return this.#list.length === 0;
  }

  /** In the order of the file. */
  diagnostics(): readonly Diagnostic[] {
    return this.#list.toSorted((a, b) => a.offset - b.offset).map(({ diagnostic }) => diagnostic);
  }
}
