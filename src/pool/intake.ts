import { isAscii } from 'node:buffer';
import type { ValidateFunction } from 'ajv';
import type { FaultName } from '../errors.ts';
import type { InstalledMachine } from './machine.ts';
import { jsonErrorPosition } from './json-position.ts';
import { NumberScan } from './number-scan.ts';
import { numbersMade } from '../asl/numbers/json-number.ts';
import { mayHoldNumbers, parseExact } from '../asl/numbers/parse-json.ts';
import { plainJson } from '../asl/numbers/plain-json.ts';

/** Why intake refuses an event. */
export class Refusal {
  readonly code: FaultName;
  readonly message: string;

  constructor(code: FaultName, message: string) {
    this.code = code;
    this.message = message;
  }
}

/**
 * Turns the raw events of one batch into values. Where the whole batch is ASCII, as most are, it is decoded once and the
 * events are cut out of that string: a tenth faster than decoding each.
 */
export class BatchReader {
  readonly #data: Buffer;
  /** Decoded once; null where events are decoded one by one. */
  readonly #text: string | null;
  readonly #numbers: NumberScan;

  constructor(data: Buffer, end: number) {
    this.#data = data;
    this.#numbers = new NumberScan(data, end);
    this.#text = isAscii(data.subarray(0, end)) ? data.toString('latin1', 0, end) : null;
  }

  /** Whether the event parsed last holds a JsonNumber. */
  exact = false;

  /** @throws Refusal INVALID_JSON */
  parse(offset: number, length: number): unknown {
    const text = this.#text === null ? this.#decode(offset, length) : this.#text.slice(offset, offset + length);
    try {
      this.exact = this.#mayHoldNumbers(offset, length) && mayHoldNumbers(text);
      if (!this.exact) return JSON.parse(text);
      const made = numbersMade();
      const value = parseExact(text);
      this.exact = numbersMade() !== made;
      return value;
    } catch (error) {
      throw notJson(text, error);
    }
  }

  /** What ends with a digit is a number itself, which the scan may not know from what stands behind it. */
  #mayHoldNumbers(offset: number, length: number): boolean {
    const last = this.#data[offset + length - 1] as number;
    return this.#numbers.mayHold(offset, length) || (last >= 0x30 && last <= 0x39);
  }

  #decode(offset: number, length: number): string {
    const text = this.#data.toString('utf8', offset, offset + length);
    // Decoding puts U+FFFD where bytes are not UTF-8; an event may also hold that character itself.
    if (text.includes('\uFFFD')) {
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(this.#data.subarray(offset, offset + length)));
      } catch {
        throw new Refusal('INVALID_JSON', `The event is not UTF-8: the character at position ${text.indexOf('\uFFFD')} cannot be decoded.`);
      }
    }
    return text;
  }
}

function notJson(text: string, error: unknown): Refusal {
  const position = jsonErrorPosition(text);
  if (position < 0) return new Refusal('INVALID_JSON', `The event is not JSON: ${(error as Error).message}`);
  if (position >= text.length) return new Refusal('INVALID_JSON', text.trim() === '' ? 'The event is empty; it should be a JSON text.' : `The event is not JSON: it ends too soon, at position ${position}.`);
  const found = String.fromCodePoint(text.codePointAt(position) as number);
  return new Refusal('INVALID_JSON', `The event is not JSON: unexpected ${JSON.stringify(found)} at position ${position}.`);
}

/** `1e6` is printed as `1000000.0`; no number grows more than that. */
export const LONGER_PRINTED = 3;

/** An event that the source's filter, or its rule for tombstones, lets go. */
export const FILTERED: unique symbol = Symbol('filtered');

/** What an event passes between its bytes and its execution. */
export class EventIntake {
  readonly #payloadBytes: number;

  constructor(payloadBytes: number) {
    this.#payloadBytes = payloadBytes;
  }

  /**
   * The value of an event, as its execution's input unless the route makes that of it; FILTERED when the event is let go.
   *
   * @throws Refusal
   */
  value(machine: InstalledMachine, reader: BatchReader, offset: number, length: number): unknown {
    if (length > this.#payloadBytes) throw new Refusal('PAYLOAD_TOO_LARGE', `The event has ${length} bytes; the limit is ${this.#payloadBytes}.`);
    const { route } = machine;
    if (route === null) return this.input(machine, reader.parse(offset, length), reader.exact);
    let value: unknown = null;
    if (length > 0) {
      value = reader.parse(offset, length);
      if (route.filter !== null && !route.filter(value)) return FILTERED;
    } else if (route.tombstones === 'skip') return FILTERED;
    else if (route.tombstones === 'deadLetter') throw new Refusal('EMPTY_EVENT', 'The event has no value: it is a tombstone, or empty.');
    if (route.schema !== null) {
      const faults = route.schema(reader.exact ? plainJson(value) : value);
      if (faults !== null) throw new Refusal('EVENT_REJECTED', `The event does not satisfy the source's schema: ${faults}`);
    }
    return route.careful ? value : this.input(machine, value, reader.exact);
  }

  /** Holds an input against the machine's own schema. */
  input(machine: InstalledMachine, input: unknown, exact: boolean): unknown {
    if (machine.check === null) return input;
    const faults = machine.check(exact ? plainJson(input) : input);
    if (faults !== null) throw new Refusal('INPUT_REJECTED', `The input does not satisfy the machine's inputSchema: ${faults}`);
    return input;
  }
}

/** Says what is wrong with an input; null when nothing is. */
export type InputCheck = (input: unknown) => string | null;

/** Compiles a machine's inputSchema: draft 7, or 2019-09/2020-12 where `$schema` says so. ajv is loaded by those who need it. */
export async function compileInputCheck(schemaText: string): Promise<InputCheck> {
  const schema = JSON.parse(schemaText) as { $schema?: unknown };
  const dialect = typeof schema === 'object' && schema !== null && typeof schema.$schema === 'string' ? schema.$schema : '';
  const { Ajv } = /20(19-09|20-12)/.test(dialect) ? await import('ajv/dist/2020.js').then((module) => ({ Ajv: module.Ajv2020 })) : await import('ajv');
  const { default: formats } = await import('ajv-formats');
  const ajv = new Ajv({ allErrors: true, strictTypes: false, strictTuples: false, strictRequired: false, logger: false });
  (formats as unknown as (ajv: unknown) => void)(ajv);
  const validate = ajv.compile(schema as object);
  return (input) => (validate(input) ? null : listOf(validate));
}

function listOf(validate: ValidateFunction): string {
  const faults = (validate.errors ?? []).map((error) => {
    const { params } = error;
    const extra = 'additionalProperty' in params ? `: ${String(params['additionalProperty'])}` : 'allowedValues' in params ? `: ${JSON.stringify(params['allowedValues'])}` : '';
    return `${error.instancePath === '' ? 'the input' : error.instancePath} ${error.message ?? error.keyword}${extra}`;
  });
  return `${[...new Set(faults)].join('; ')}.`;
}
