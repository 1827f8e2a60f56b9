import { jsonataLibrary } from './library-module.ts';

/** What the library knows of an error besides its code; the wording of some codes quotes these. */
export interface ErrorDetails {
  message?: string;
  position?: number;
  token?: string;
  value?: unknown;
  value2?: unknown;
  index?: number;
  type?: string;
  exp?: unknown;
  functionName?: string;
}

/**
 * What a JSONata expression raises: the library's code and wording. Not an Error: it carries no stack, so that raising
 * one costs as much as any object. Codes of our own: U1001 for a limit of time, depth or memory that was reached, U1002
 * for what failed outside the language, D3200 and D3201 for the functions that Step Functions adds.
 */
export class JsonataError {
  readonly name = 'JsonataError';
  readonly code: string;
  readonly #details: ErrorDetails;
  #message: string | undefined;

  constructor(code: string, details: ErrorDetails = {}) {
    this.code = code;
    this.#details = details;
    this.#message = undefined;
  }

  get position(): number | undefined {
    return this.#details.position;
  }

  get token(): string | undefined {
    return this.#details.token;
  }

  get value(): unknown {
    return this.#details.value;
  }

  /** Worded when first read, since most errors are told apart by their code alone. */
  get message(): string {
    this.#message ??= worded(this.code, this.#details);
    return this.#message;
  }

  /** Says where the error happened unless something nearer to it has said so. */
  locate(position: number | undefined, token: unknown): this {
    if (position !== undefined) this.#details.position ??= position;
    if (typeof token === 'string') this.#details.token ??= token;
    return this;
  }

  /** Says where the error happened, whatever was said before: the boolean operators claim what their right side raises. */
  relocate(position: number | undefined, token: string): this {
    if (position !== undefined) this.#details.position = position;
    this.#details.token = token;
    return this;
  }

  /** A plain object for the library, which writes to the errors that pass through it. */
  toLibrary(): ErrorDetails & { code: string } {
    return { ...this.#details, code: this.code };
  }

  toString(): string {
    return `${this.code}: ${this.message}`;
  }
}

/**
 * The library words an error where it leaves the parser. A source that raises at its first character therefore makes it
 * word any error, synchronously and without a copy of its table here.
 */
function worded(code: string, details: ErrorDetails): string {
  const source = {
    length: 1,
    charAt(): string {
      throw { ...details, code };
    },
  };
  try {
    jsonataLibrary()(source as unknown as string);
  } catch (error) {
    const { message } = error as { message?: unknown };
    if (typeof message === 'string') return message;
  }
  return details.message ?? code;
}

/** A limit that an evaluation has reached. */
export const exhausted = (message: string, value?: unknown): JsonataError => new JsonataError('U1001', { message, value });

const KNOWN = /^[A-Z]\d{4}$/;

/** Turns whatever parsing or evaluating threw into a JsonataError. */
export function faultOf(error: unknown): JsonataError {
  if (error instanceof JsonataError) return error;
  if (error instanceof RangeError && !/toFixed|toString|precision/i.test(error.message)) {
    return exhausted(`The expression needs more depth or memory than there is: ${error.message}`);
  }
  if (typeof error === 'object' && error !== null) {
    const raw = error as ErrorDetails & { code?: unknown };
    if (raw.code === 'D1011' || raw.code === 'D1012') {
      return exhausted(raw.message ?? 'The expression reached its limit of time or depth', raw.value);
    }
    if (typeof raw.code === 'string' && KNOWN.test(raw.code)) return new JsonataError(raw.code, detailsOf(raw));
    if (error instanceof Error) return new JsonataError('U1002', { message: error.message });
  }
  return new JsonataError('U1002', { message: String(error) });
}

function detailsOf(raw: ErrorDetails): ErrorDetails {
  const details: ErrorDetails = { value: raw.value, value2: raw.value2, exp: raw.exp };
  if (raw.message !== undefined) details.message = raw.message;
  if (raw.position !== undefined) details.position = raw.position;
  if (raw.token !== undefined) details.token = raw.token;
  if (raw.index !== undefined) details.index = raw.index;
  if (raw.type !== undefined) details.type = raw.type;
  if (raw.functionName !== undefined) details.functionName = raw.functionName;
  return details;
}
