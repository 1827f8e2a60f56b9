import { compileAttempts, compileJsonataCatchers, compileJsonPathCatchers } from '../catch.ts';
import type { CompiledState, StateCompiler, StateContext } from '../context.ts';
import { Fault } from '../fault.ts';
import { compilePathField, compileResult, compileTemplateField, holdToLimit } from '../fields.ts';
import { bindingsFor, compileJsonataField, compileJsonataResult, compileStage, typeFault } from '../jsonata-fields.ts';
import { compilePath, MISSING } from '../jsonpath/path.ts';
import { printedJson, stateFault } from '../state-fault.ts';
import { Selection, type Trace } from '../trace.ts';
import type { Continuation, Frame, Join, MapItem, Program } from '../types.ts';
import { numberOf } from '../numbers/json-number.ts';

/** Map, inline (ASL spec, "Map State"): one run of the ItemProcessor for each item; the result is the array of outputs in item order. */
export const compileMap: StateCompiler = (context) => {
  const foreign = DISTRIBUTED_FIELDS.find((field) => context.definition[field] !== undefined);
  if (foreign !== undefined && context.trace === undefined) return refusing(foreign);
  return context.language === 'JSONata' ? compileJsonata(context) : compileJsonPath(context);
};

/** What a Distributed Map alone has. STANDARD machines may hold it; an inline run that passed it over would answer something else. */
const DISTRIBUTED_FIELDS = ['ItemReader', 'ItemBatcher', 'ResultWriter'] as const;

const refusing = (field: string): CompiledState => ({
  step: (frame) => {
    throw stateFault(frame, 'States.Runtime', `The field '${field}' needs a Distributed Map, which does not run here.`);
  },
});

interface Settings {
  readonly concurrency: number;
  /** Failures beyond this many end the state; null where the definition speaks of no tolerance. */
  readonly tolerated: number | null;
}

/** Sets up one item: its value on the child's frame. */
type Select = ((child: Frame, item: MapItem) => PromiseLike<unknown> | undefined) | null;

class Iteration implements Join {
  readonly body: Program;
  readonly items: readonly unknown[];
  readonly itemBytes: number;
  readonly select: Select;
  readonly settings: Settings;
  readonly then: Continuation;
  readonly results: unknown[];
  bytes = 2;
  failures = 0;

  constructor(body: Program, items: readonly unknown[], itemBytes: number, select: Select, settings: Settings, then: Continuation) {
    this.body = body;
    this.items = items;
    this.itemBytes = itemBytes;
    this.select = select;
    this.settings = settings;
    this.then = then;
    this.results = Array.from({ length: items.length }, () => FAILED_ITEM as unknown);
  }

  get count(): number { return this.items.length; }
  get concurrency(): number { return this.settings.concurrency; }
  program(): Program { return this.body; }
  item(index: number): MapItem { return { index, value: this.items[index] }; }

  prepare(child: Frame, index: number): PromiseLike<unknown> | undefined {
    child.bytes = this.itemBytes;
    if (this.select !== null) return this.select(child, this.item(index));
    child.value = this.items[index];
    return undefined;
  }

  tolerates(): boolean {
    return this.settings.tolerated !== null && ++this.failures <= this.settings.tolerated;
  }

  failure(_index: number, fault: Fault): Fault {
    if (this.settings.tolerated === null) return fault;
    return new Fault('States.ExceedToleratedFailureThreshold', 'The specified tolerated failure threshold was exceeded');
  }
}

/** Stands in the results for an item whose failure was tolerated; such items are left out of the output. */
const FAILED_ITEM = Symbol('failed item');

const outputs = (frame: Frame, results: unknown[]): unknown[] => ((frame.join as Iteration).failures === 0 ? results : results.filter((result) => result !== FAILED_ITEM));

/** In place of the iterations, for a test of the state: its settings and the selected items are shown, and it gets results that did not come about. */
function tested(trace: Trace, frame: Frame, items: readonly unknown[], select: Select, settings: Settings, limits: Limits, then: Continuation): number {
  trace.note('maxConcurrency', limits.concurrency ?? 0);
  if (limits.count !== undefined) trace.note('toleratedFailureCount', limits.count);
  if (limits.percentage !== undefined) trace.note('toleratedFailurePercentage', limits.percentage);
  if (select === null) return then(frame, trace.joined(items.length, settings.tolerated));
  return frame.fork(
    new Selection(items, select, (parent, selected) => {
      trace.note('afterItemSelector', selected);
      return then(parent, trace.joined(items.length, settings.tolerated));
    }),
  );
}

/** MaxConcurrency and the tolerances as written or computed; undefined where the definition does not speak of them. */
interface Limits {
  readonly concurrency: number | undefined;
  readonly count: number | undefined;
  readonly percentage: number | undefined;
}

const settingsOf = ({ concurrency, count, percentage }: Limits, items: number): Settings => ({ concurrency: concurrencyOf(concurrency), tolerated: toleranceOf(count, percentage, items) });

/** 0 and absent mean no bound (ASL spec, "Map Concurrency"). */
const concurrencyOf = (value: number | undefined): number => (value === undefined || value === 0 ? Infinity : value);

function toleranceOf(count: number | undefined, percentage: number | undefined, items: number): number | null {
  if (count === undefined && percentage === undefined) return null;
  return Math.min(count ?? Infinity, percentage === undefined ? Infinity : Math.floor((percentage / 100) * items));
}

const LIMITS = { MaxConcurrency: Infinity, ToleratedFailureCount: Infinity, ToleratedFailurePercentage: 100 } as const;
type LimitField = keyof typeof LIMITS;

function checkLimit(frame: Frame, field: LimitField, value: number, error: string): number {
  if (field === 'ToleratedFailurePercentage' && (value < 0 || value > 100)) throw stateFault(frame, error, `${field} must be between 0 and 100.`);
  if (value < 0) throw stateFault(frame, error, `${field} must be a non-negative integer, but was: ${value}`);
  return value;
}

/** A number field or its Path form. AWS takes a digit string there too. */
function compileLimit(context: StateContext, field: LimitField): (frame: Frame, input: unknown) => number | undefined {
  const literal = context.definition[field];
  if (typeof literal === 'number') return () => literal;
  const text = context.definition[`${field}Path`];
  if (typeof text !== 'string') return () => undefined;
  const path = compilePath(text);
  const fits = field === 'ToleratedFailurePercentage' ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/;
  return (frame, input) => {
    const found = path.get(input, frame);
    const value = numberOf(found);
    if (value === MISSING) throw stateFault(frame, 'States.Runtime', `Invalid path '${text}' : ${path.explain(input, frame)}`);
    if ((typeof value !== 'number' && typeof value !== 'string') || !fits.test(String(value))) {
      throw stateFault(frame, 'States.Runtime', `The ${field}Path field refers to value ${printedJson(found)} which is not a valid integer: ${text}`);
    }
    return checkLimit(frame, field, Number(value), 'States.Runtime');
  };
}

function compileJsonPath(context: StateContext): CompiledState {
  const { definition, trace } = context;
  const body = context.body((definition['ItemProcessor'] ?? definition['Iterator'])!);
  const input = compilePathField(context, 'InputPath');
  const itemsPath = compilePathField(context, 'ItemsPath');
  const selector = compileTemplateField(definition['ItemSelector'] ?? definition['Parameters'], definition['ItemSelector'] === undefined ? 'Parameters' : 'ItemSelector');
  const concurrency = compileLimit(context, 'MaxConcurrency');
  const count = compileLimit(context, 'ToleratedFailureCount');
  const percentage = compileLimit(context, 'ToleratedFailurePercentage');
  const finish = compileResult(context);
  const complete: Continuation = (frame, results) => {
    const output = outputs(frame, results as unknown[]);
    holdToLimit(frame, output, frame.join!.bytes);
    return finish(frame, output);
  };
  const completeTested: Continuation = (frame, results) => {
    holdToLimit(frame, results, Infinity);
    return finish(frame, results);
  };
  const attempt: Continuation = (frame) => {
    const effective = input === null ? frame.value : input(frame.value, frame);
    const effectiveBytes = frame.bytes;
    const items = trace?.readItems ?? (itemsPath === null ? effective : itemsPath(effective, frame));
    if (!Array.isArray(items)) throw new Fault('States.Runtime', `Reference path "${String(definition['ItemsPath'] ?? '$').replace(/^\$\$/, '$')}" must point to array.`);
    if (trace !== undefined && trace.readItems === undefined) trace.note('afterItemsPath', items);
    const limits = { concurrency: concurrency(frame, effective), count: count(frame, effective), percentage: percentage(frame, effective) };
    const settings = settingsOf(limits, items.length);
    const select: Select =
      selector === null
        ? null
        : (child) => {
            child.bytes = effectiveBytes;
            child.value = selector(child, effective);
            return undefined;
          };
    if (trace !== undefined) return tested(trace, frame, items, select, settings, limits, completeTested);
    return frame.fork(new Iteration(body, items, frame.bytes, select, settings, complete));
  };
  return compileAttempts(context, compileJsonPathCatchers(context), attempt);
}

function compileJsonata(context: StateContext): CompiledState {
  const { definition, trace } = context;
  const body = context.body((definition['ItemProcessor'] ?? definition['Iterator'])!);
  const selector = definition['ItemSelector'] === undefined ? null : compileJsonataField(definition['ItemSelector'], 'ItemSelector');
  const stage = compileStage({
    Items: definition['Items'],
    MaxConcurrency: definition['MaxConcurrency'],
    ToleratedFailureCount: definition['ToleratedFailureCount'],
    ToleratedFailurePercentage: definition['ToleratedFailurePercentage'],
  });
  const finish = compileJsonataResult(context);
  const complete: Continuation = (frame, results) => {
    const output = outputs(frame, results as unknown[]);
    holdToLimit(frame, output, frame.join!.bytes);
    return finish(frame, { input: frame.value, result: output }, output);
  };
  const completeTested: Continuation = (frame, results) => {
    holdToLimit(frame, results, Infinity);
    return finish(frame, { input: frame.value, result: results }, results);
  };
  const limit = (frame: Frame, values: Record<string, unknown>, field: LimitField): number | undefined => {
    const value = numberOf(values[field]);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || (field !== 'ToleratedFailurePercentage' && !Number.isInteger(value))) throw typeFault(frame, definition[field]!, field, 'integer', value);
    return checkLimit(frame, field, value, 'States.QueryEvaluationError');
  };
  const fork: Continuation = (frame, value) => {
    const values = value as Record<string, unknown>;
    const items = trace?.readItems ?? (definition['Items'] === undefined ? frame.value : values['Items']);
    if (definition['Items'] !== undefined) holdToLimit(frame, items, Infinity);
    if (!Array.isArray(items)) {
      if (definition['Items'] !== undefined && typeof definition['Items'] === 'string') throw typeFault(frame, definition['Items'], 'Items', 'array', items);
      throw stateFault(frame, 'States.QueryEvaluationError', `Map state input must be an array but was: ${printedJson(items)}`);
    }
    const limits = {
      concurrency: limit(frame, values, 'MaxConcurrency'),
      count: limit(frame, values, 'ToleratedFailureCount'),
      percentage: limit(frame, values, 'ToleratedFailurePercentage'),
    };
    const settings = settingsOf(limits, items.length);
    const input = frame.value;
    const select: Select =
      selector === null
        ? null
        : (child) => {
            const selected = selector.get(child, bindingsFor(child, selector, { input }));
            if (selected instanceof Promise) return selected;
            holdToLimit(child, selected, Infinity);
            child.value = selected;
            return undefined;
          };
    if (trace !== undefined) return tested(trace, frame, items, select, settings, limits, completeTested);
    return frame.fork(new Iteration(body, items, frame.bytes, select, settings, complete));
  };
  const attempt: Continuation = (frame) => {
    return stage === null ? fork(frame, {}) : stage.run(frame, { input: frame.value }, fork);
  };
  return compileAttempts(context, compileJsonataCatchers(context), attempt);
}
