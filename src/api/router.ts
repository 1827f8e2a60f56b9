import type { IncomingMessage, ServerResponse } from 'node:http';
import { MillraceError } from '../errors.ts';
import { HttpFault } from './faults.ts';

/** One request and its answer, as a route's handler gets them. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What stands in the path for `:name`, decoded; empty where the route has none. */
  readonly parameter: string;
  /** What follows the path's question mark; empty where there is none. */
  readonly query: string;
}

export type Handler = (exchange: Exchange) => void;

export interface Route<T> {
  readonly method: 'GET' | 'POST';
  /** At most one segment of it is a parameter, `:name`. */
  readonly path: string;
  readonly value: T;
}

/** Every route of one path. */
interface Path<T> {
  /** What stands before and after the parameter; where there is none, the whole path and nothing. */
  readonly prefix: string;
  readonly suffix: string;
  /** By method; HEAD is answered by who answers GET. */
  readonly values: Map<string, T>;
}

export interface Match<T> {
  readonly values: ReadonlyMap<string, T>;
  /** As it stands in the path: still encoded. */
  readonly parameter: string;
}

/** Room for an execution's ARN with every colon encoded. */
const LONGEST_PARAMETER = 2048;

/**
 * Finds the routes of a path. They are few and have one parameter at most: comparing the beginning and the end of a path takes
 * a fraction of what a router for any routes takes, and this runs for every start.
 */
export class Router<T> {
  readonly #fixed = new Map<string, Path<T>>();
  readonly #parametric: Path<T>[] = [];

  constructor(routes: readonly Route<T>[]) {
    for (const { method, path, value } of routes) {
      const { values } = this.#pathOf(path);
      values.set(method, value);
      if (method === 'GET') values.set('HEAD', value);
    }
  }

  /** @throws HttpFault for a parameter longer than any name or ARN */
  find(path: string): Match<T> | undefined {
    for (const { prefix, suffix, values } of this.#parametric) {
      if (!path.startsWith(prefix) || !path.endsWith(suffix)) continue;
      const parameter = path.slice(prefix.length, path.length - suffix.length);
      if (parameter === '' || parameter.includes('/')) continue;
      if (parameter.length > LONGEST_PARAMETER) throw new HttpFault(414, `The path is too long: a name or ARN in it has ${parameter.length} characters, and at most ${LONGEST_PARAMETER} are read.`);
      return { values, parameter };
    }
    const fixed = this.#fixed.get(path);
    return fixed === undefined ? undefined : { values: fixed.values, parameter: '' };
  }

  #pathOf(path: string): Path<T> {
    const [prefix, suffix] = path.split(/:\w+/);
    const known = suffix === undefined ? this.#fixed.get(path) : this.#parametric.find((other) => other.prefix === prefix && other.suffix === suffix);
    if (known !== undefined) return known;
    const made: Path<T> = { prefix: prefix!, suffix: suffix ?? '', values: new Map() };
    if (suffix === undefined) this.#fixed.set(path, made);
    else this.#parametric.push(made);
    return made;
  }
}

/** @throws HttpFault for what is not percent-encoding */
export function decodeParameter(encoded: string): string {
  if (!encoded.includes('%')) return encoded;
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new HttpFault(400, `The path cannot be read: ${JSON.stringify(encoded)} is not percent-encoded UTF-8.`);
  }
}

export const noRoute = (method: string | undefined, path: string): MillraceError => new MillraceError('NOT_FOUND', `No route answers ${method} ${path}.`);
