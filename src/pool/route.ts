import { compileJsonata, type JsonataError } from '../asl/jsonata/expression.ts';
import { parseExact } from '../asl/numbers/parse-json.ts';
import type { Order } from '../delivery/source.ts';
import { MillraceError } from '../errors.ts';
import type { DetailsView } from './details.ts';
import { compilePattern, type EventPattern } from '../filter/pattern.ts';
import { compileInputCheck, type InputCheck, Refusal } from './intake.ts';
import type { Intake } from './messages.ts';

/** The intake of one source, compiled: what its events pass before an execution begins. */
export interface Route {
  readonly source: string;
  readonly order: Order;
  readonly retry: Intake['retry'];
  readonly tombstones: Intake['tombstones'];
  readonly filter: EventPattern | null;
  readonly schema: InputCheck | null;
  /** Makes the execution's input from the event's value and what came with it; a promise where the expression runs on the library. */
  readonly input: ((value: unknown, details: DetailsView | null, i: number) => unknown) | null;
  /** Its executions have to be looked after one by one: they wait for one another, are tried again, or wait for their input. */
  readonly careful: boolean;
}

/** @throws MillraceError INVALID_CONFIG when the filter, the schema or the expression cannot be compiled */
export async function compileRoute(intake: Intake): Promise<Route> {
  const { source, order, retry, tombstones, filter, schema, input } = intake;
  return {
    source,
    order,
    retry,
    tombstones,
    filter: filter === undefined ? null : compilePattern(parseExact(filter)),
    schema: schema === undefined ? null : await compileInputCheck(schema),
    input: input === undefined ? null : compileInput(source, input),
    careful: order !== 'none' || retry.maxAttempts > 1 || input !== undefined,
  };
}

function compileInput(source: string, text: string): NonNullable<Route['input']> {
  let expression: ReturnType<typeof compileJsonata>;
  try {
    expression = compileJsonata(text);
  } catch (error) {
    const { code, message } = error as JsonataError;
    throw new MillraceError('INVALID_CONFIG', `sources.${source}.input is not a JSONata expression: ${code === undefined ? '' : `${code}: `}${message}`, { cause: error });
  }
  const refuse = (error: unknown): never => {
    const { code, message } = error as Partial<JsonataError>;
    throw new Refusal('EVENT_REJECTED', `The source's input expression failed: ${code === undefined ? '' : `${code}: `}${message}`);
  };
  const check = (value: unknown): unknown => {
    if (value === undefined) throw new Refusal('EVENT_REJECTED', "The source's input expression returned nothing.");
    if (typeof value === 'function') throw new Refusal('EVENT_REJECTED', "The source's input expression returned a function.");
    return value;
  };
  return (value, details, i) => {
    const envelope = { value, ...details?.event(i) };
    let made: unknown;
    try {
      made = expression.evaluate(envelope, {});
    } catch (error) {
      return refuse(error);
    }
    return made instanceof Promise ? made.then(check, refuse) : check(made);
  };
}
