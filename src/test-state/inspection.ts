import { Fault } from '../asl/fault.ts';
import type { Trace, TraceMember } from '../asl/trace.ts';
import type { InspectionData } from './contract.ts';
import type { Mock } from './mock.ts';
import { invalid, type Refusal } from './refusal.ts';
import { printJson } from '../asl/json-text.ts';

/** AWS answers these as numbers, everything else as JSON text. */
const NUMBERS: ReadonlySet<string> = new Set(['maxConcurrency', 'toleratedFailureCount', 'toleratedFailurePercentage']);

type ErrorDetails = { -readonly [member in keyof NonNullable<InspectionData['errorDetails']>]: NonNullable<InspectionData['errorDetails']>[member] };

/** Gathers what a test looks at while its state runs, and plays the mock. */
export class Inspection implements Trace {
  readonly readItems: readonly unknown[] | undefined;
  readonly retriesBefore: number;
  /** Set by what the state did with a fault. */
  handled: 'RETRIABLE' | 'CAUGHT_ERROR' | undefined;
  /** Found wrong with the request only while the state ran. */
  refusal: Refusal | undefined;
  readonly #mock: Mock | undefined;
  readonly #failedIterations: number;
  readonly #notes = new Map<TraceMember, unknown>();
  readonly #errorDetails: ErrorDetails = {};

  constructor(options: { mock: Mock | undefined; readItems: readonly unknown[] | undefined; retriesBefore: number; failedIterations: number }) {
    this.#mock = options.mock;
    this.readItems = options.readItems;
    this.retriesBefore = options.retriesBefore;
    this.#failedIterations = options.failedIterations;
  }

  note(member: TraceMember, value: unknown): void {
    this.#notes.set(member, value);
  }

  joined(count: number, tolerated: number | null): unknown {
    const mock = this.#mock!;
    if (this.#failedIterations > count) {
      this.refusal = invalid('Map iteration failure count must be less than or equal to the number of Map iterations');
      throw new Fault('States.Runtime', this.refusal.message);
    }
    if ('fault' in mock) throw mock.fault;
    if (tolerated !== null && this.#failedIterations > tolerated) {
      throw new Fault('States.ExceedToleratedFailureThreshold', 'The specified tolerated failure threshold was exceeded');
    }
    return mock.result;
  }

  retrying(index: number, delaySeconds: number): void {
    this.handled = 'RETRIABLE';
    this.#errorDetails.retryIndex = index;
    this.#errorDetails.retryBackoffIntervalSeconds = Math.floor(delaySeconds);
  }

  exhausted(index: number): void {
    this.#errorDetails.retryIndex = index;
  }

  caught(index: number): void {
    this.handled = 'CAUGHT_ERROR';
    this.#errorDetails.catchIndex = index;
  }

  data(input: unknown, variables: unknown, toText: ToText): InspectionData {
    const members = [...this.#notes].map(([member, value]) => [member, NUMBERS.has(member) ? value : toText(value)] as const);
    return {
      input: toText(input),
      ...(Object.fromEntries(members) as InspectionData),
      ...(variables === undefined ? {} : { variables: toText(variables) }),
      ...(Object.keys(this.#errorDetails).length === 0 ? {} : { errorDetails: this.#errorDetails }),
    };
  }
}

export type ToText = (value: unknown) => string;

/**
 * Data as JSON text. What came with the request and was handed through is answered as it was sent, spaces and all, as on AWS;
 * the texts are found by the identity of the values parsed from them.
 */
export function textsAsSent(sent: readonly (readonly [value: unknown, text: string | undefined])[]): ToText {
  const texts = new Map(sent.filter(([value, text]) => typeof value === 'object' && value !== null && text !== undefined));
  return (value) => texts.get(value) ?? printJson(value) ?? 'null';
}
