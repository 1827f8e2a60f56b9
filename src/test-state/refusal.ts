import type { TestStateRefusal } from './contract.ts';
import { isContainer } from '../asl/numbers/json-number.ts';
import { parseJson } from '../asl/numbers/parse-json.ts';

/** Thrown where a request is found wrong; what is answered is its code and message. */
export class Refusal implements TestStateRefusal {
  readonly code: TestStateRefusal['code'];
  readonly message: string;

  constructor(code: TestStateRefusal['code'], message: string) {
    this.code = code;
    this.message = message;
  }
}

export const invalid = (message: string): Refusal => new Refusal('ValidationException', message);

/** Parses a member that holds JSON. @throws Refusal with the text given */
export function parseMember(text: string, otherwise: () => Refusal): unknown {
  try {
    return parseJson(text);
  } catch {
    throw otherwise();
  }
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => isContainer(value) && !Array.isArray(value);
