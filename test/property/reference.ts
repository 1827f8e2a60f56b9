import { holds } from './reference-choice.ts';
import { hold, pathField, pathOrIntrinsic, query, Raised, runtimeError, sizeOf, SOME_CAUSE, template, wrongType, type At, type Fields, type Value } from './reference-fields.ts';
import { placeAt } from './reference-paths.ts';

export { SOME_CAUSE } from './reference-fields.ts';

/** A task of the table: given its arguments and how often it was retried, it answers, or throws what it raises. */
export type ReferenceTask = (args: Value, retryCount: number) => Value;

export interface Surroundings {
  readonly tasks: Readonly<Record<string, ReferenceTask>>;
  /** The context object without State and Map. */
  readonly context: Fields;
  readonly limit: number;
  /** True where something of the machine may park: which of several failing children fails first is then open. */
  readonly parks: boolean;
}

export interface Verdict {
  readonly status: 'SUCCEEDED' | 'FAILED';
  readonly output?: Value;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
  /** Several children failed in different ways, and any of them may have been the first. */
  readonly open: boolean;
  /** A cause whose words are unknown went into the data, where anything may have been computed from it. */
  readonly tainted: boolean;
}

/** Runs a machine as the Amazon States Language describes it, one state after another, everything in the order written. */
export async function interpret(machine: Fields, input: Value, surroundings: Surroundings): Promise<Verdict> {
  const interpreter = new Interpreter(surroundings, input, machine['QueryLanguage'] ?? 'JSONPath');
  try {
    const output = await interpreter.body(machine, input, new Map(), undefined);
    return { status: 'SUCCEEDED', output, open: interpreter.open, tainted: interpreter.tainted };
  } catch (raised) {
    if (!(raised instanceof Raised)) throw raised;
    return { status: 'FAILED', error: raised.error, cause: raised.cause, open: interpreter.open, tainted: interpreter.tainted };
  }
}

interface Item {
  readonly index: number;
  readonly value: Value;
}

type Variables = Map<string, Value>;
/** Where a state goes (undefined: the body ends) and with what. */
interface Done {
  readonly next: Value;
  readonly value: Value;
  readonly assign?: Value;
}

class Interpreter {
  readonly #around: Surroundings;
  readonly #input: Value;
  /** The machine's, also inside a state that has a language of its own. */
  readonly #language: Value;
  open = false;
  tainted = false;

  constructor(around: Surroundings, input: Value, language: Value) {
    this.#around = around;
    this.#input = input;
    this.#language = language;
  }

  async body(body: Fields, input: Value, variables: Variables, item: Item | undefined): Promise<Value> {
    let name = String(body['StartAt']);
    let value = input;
    for (;;) {
      const state = (body['States'] as Record<string, Fields>)[name]!;
      const done = await this.#state(name, { ...state, QueryLanguage: state['QueryLanguage'] ?? this.#language }, value, variables, item);
      for (const [variable, assigned] of Object.entries((done.assign ?? {}) as object)) variables.set(variable, assigned);
      value = done.value;
      if (done.next === undefined) return value;
      name = String(done.next);
    }
  }

  /** Runs a state; what it raises goes to its Retry, then to its Catch. */
  async #state(name: string, state: Fields, input: Value, variables: Variables, item: Item | undefined): Promise<Done> {
    const used = new Map<Value, number>();
    for (let retryCount = 0; ; retryCount++) {
      const context = (): Value => ({ Execution: { ...(this.#around.context['Execution'] as object), Input: this.#input }, StateMachine: this.#around.context['StateMachine'], State: { Name: name, ...(['Task', 'Parallel', 'Map'].includes(String(state['Type'])) ? { RetryCount: retryCount } : {}) }, ...(item === undefined ? {} : { Map: { Item: { Index: item.index, Value: item.value } } }) });
      const at: At = { state: name, variables, context, limit: this.#around.limit };
      try {
        return state['QueryLanguage'] === 'JSONata' ? await this.#jsonata(state, input, at, variables, item, retryCount) : await this.#jsonPath(state, input, at, variables, item, retryCount);
      } catch (raised) {
        if (!(raised instanceof Raised) || raised.terminal) throw raised;
        const retrier = entries(state['Retry']).find((entry) => matches(entry, raised.error));
        if (retrier !== undefined && (used.get(retrier) ?? 0) < Number(retrier['MaxAttempts'] ?? 3)) {
          used.set(retrier, (used.get(retrier) ?? 0) + 1);
          continue;
        }
        const catcher = entries(state['Catch']).find((entry) => matches(entry, raised.error));
        if (catcher === undefined) throw raised;
        return this.#caught(catcher, state, raised, input, at);
      }
    }
  }

  async #caught(catcher: Fields, state: Fields, raised: Raised, input: Value, at: At): Promise<Done> {
    if (raised.cause?.includes(SOME_CAUSE) === true) {
      this.tainted = true;
      // How long an unknown cause is decides about a small limit.
      if (at.limit < 100_000) this.open = true;
    }
    const error = hold({ ...(raised.error === undefined ? {} : { Error: raised.error }), ...(raised.cause === undefined ? {} : { Cause: raised.cause }) }, at);
    if (state['QueryLanguage'] === 'JSONata') return this.#finish(catcher, { input, errorOutput: error }, error, at, catcher['Next']);
    const value = this.#merge(catcher['ResultPath'], input, error, at);
    return { next: catcher['Next'], value, assign: this.#assign(catcher['Assign'], error, at) };
  }

  #assign(assign: Value, input: Value, at: At): Value {
    return assign === undefined ? undefined : hold(template(assign, input, at), at);
  }

  #merge(path: Value, input: Value, result: Value, at: At): Value {
    if (path === undefined || path === '$') return result;
    if (path === null) return input;
    const merged = placeAt(input, String(path), result);
    if (merged === undefined) throw new Raised('States.ResultPathMatchFailure', SOME_CAUSE);
    return hold(merged.placed, at);
  }

  async #jsonPath(state: Fields, input: Value, at: At, variables: Variables, item: Item | undefined, retryCount: number): Promise<Done> {
    const type = state['Type'];
    if (type === 'Fail') throw this.#failure(state, input, at);
    const effective = pathField(state['InputPath'], input, at);
    if (type === 'Choice') {
      const rule = entries(state['Choices']).find((candidate) => holds(candidate, effective, at));
      if (rule === undefined && state['Default'] === undefined) throw noMatch(at);
      const assign = this.#assign((rule ?? state)['Assign'], effective, at);
      return { next: rule === undefined ? state['Default'] : rule['Next'], value: pathField(state['OutputPath'], effective, at), assign };
    }
    if (type === 'Succeed') return { next: undefined, value: pathField(state['OutputPath'], effective, at) };
    const args = type === 'Map' || state['Parameters'] === undefined ? effective : hold(template(state['Parameters'], effective, at), at);
    let result: Value;
    if (type === 'Task') result = hold(this.#task(state, args, retryCount), at);
    else if (type === 'Parallel') result = await this.#parallel(state, args, at, variables, item);
    else if (type === 'Map') {
      const items = pathField(state['ItemsPath'], effective, at);
      if (!Array.isArray(items)) throw runtimeError();
      const select = state['ItemSelector'];
      result = await this.#map(state, items, at, variables, (_item, inner) => (select === undefined ? undefined : { selected: hold(template(select, effective, inner), at) }));
    } else result = type === 'Pass' && state['Result'] !== undefined ? hold(state['Result'], at) : args;
    const selected = state['ResultSelector'] === undefined ? result : hold(template(state['ResultSelector'], result, at), at);
    const value = pathField(state['OutputPath'], this.#merge(state['ResultPath'], input, selected, at), at);
    return { next: state['Next'], value, assign: this.#assign(state['Assign'], selected, at) };
  }

  #failure(state: Fields, input: Value, at: At): Raised {
    const of = (field: string): string | undefined => {
      const path = state[`${field}Path`];
      if (path === undefined) return state[field] as string | undefined;
      const value = pathOrIntrinsic(String(path), input, at);
      if (typeof value !== 'string') throw runtimeError();
      return value;
    };
    return new Raised(of('Error'), of('Cause'));
  }

  async #jsonata(state: Fields, input: Value, at: At, variables: Variables, item: Item | undefined, retryCount: number): Promise<Done> {
    const type = state['Type'];
    if (type === 'Fail') {
      const fields: Record<string, Value> = {};
      for (const field of ['Error', 'Cause']) if (state[field] !== undefined) fields[field] = await query(state[field], field, { input }, at);
      for (const field of ['Error', 'Cause']) if (fields[field] !== undefined && typeof fields[field] !== 'string') throw wrongType(at, state[field], field, 'string', fields[field]);
      throw new Raised(fields['Error'] as string | undefined, fields['Cause'] as string | undefined);
    }
    if (type === 'Choice') {
      for (const [i, rule] of entries(state['Choices']).entries()) {
        const verdict = await query(rule['Condition'], `Choices[${i}]/Condition`, { input }, at);
        if (typeof verdict !== 'boolean') throw wrongType(at, rule['Condition'], `Choices[${i}]/Condition`, 'boolean', verdict);
        if (verdict) return this.#finish(rule, { input }, input, at, rule['Next']);
      }
      if (state['Default'] === undefined) throw noMatch(at);
      return this.#finish(state, { input }, input, at, state['Default']);
    }
    if (type !== 'Task' && type !== 'Parallel' && type !== 'Map') return this.#finish(state, { input }, input, at, state['Next']);
    let result: Value;
    if (type === 'Map') {
      const items = state['Items'] === undefined ? input : hold(await query(state['Items'], 'Items', { input }, at), at);
      if (!Array.isArray(items)) throw typeof state['Items'] === 'string' ? wrongType(at, state['Items'], 'Items', 'array', items) : new Raised('States.QueryEvaluationError', SOME_CAUSE);
      const select = state['ItemSelector'];
      result = await this.#map(state, items, at, variables, async (_item, inner) => (select === undefined ? undefined : { selected: hold(await query(select, 'ItemSelector', { input }, inner), at) }));
    } else {
      const args = state['Arguments'] === undefined ? input : hold(await query(state['Arguments'], 'Arguments', { input }, at), at);
      result = type === 'Task' ? hold(this.#task(state, args, retryCount), at) : await this.#parallel(state, args, at, variables, item);
    }
    return this.#finish(state, { input, result }, result, at, state['Next']);
  }

  /** Output and Assign, which see the same things. */
  async #finish(fields: Fields, states: Fields, otherwise: Value, at: At, next: Value): Promise<Done> {
    const value = fields['Output'] === undefined ? otherwise : await query(fields['Output'], 'Output', states, at);
    const assign = fields['Assign'] === undefined ? undefined : await query(fields['Assign'], 'Assign', states, at);
    hold(value, at);
    if (assign !== undefined) hold(assign, at);
    return { next, value, assign };
  }

  #task(state: Fields, args: Value, retryCount: number): Value {
    return this.#around.tasks[String(state['Resource'])]!(args, retryCount);
  }

  #parallel(state: Fields, input: Value, at: At, variables: Variables, item: Item | undefined): Promise<Value[]> {
    return this.#children(entries(state['Branches']).map((branch) => () => this.body(branch, input, new Map(variables), item)), null, at);
  }

  #map(state: Fields, items: readonly Value[], at: At, variables: Variables, select: (item: Item, at: At) => { selected: Value } | undefined | Promise<{ selected: Value } | undefined>): Promise<Value[]> {
    const [count, share] = [state['ToleratedFailureCount'], state['ToleratedFailurePercentage']];
    const tolerated = count === undefined && share === undefined ? null : Math.min(Number(count ?? Infinity), share === undefined ? Infinity : Math.floor((Number(share) / 100) * items.length));
    const children = items.map((value, index) => async () => {
      const item = { index, value };
      const context = (): Value => ({ ...(at.context() as object), Map: { Item: { Index: index, Value: value } } });
      const given = await select(item, { ...at, context });
      return this.body((state['ItemProcessor'] ?? state['Iterator']) as Fields, given === undefined ? value : given.selected, new Map(variables), item);
    });
    return this.#children(children, tolerated, at);
  }

  /** Runs all children in order; where nothing can park, the first failure that counts keeps the rest from being run. */
  async #children(children: readonly (() => Promise<Value>)[], tolerated: number | null, at: At): Promise<Value[]> {
    const results: Value[] = [];
    const failures: Raised[] = [];
    let first: Raised | undefined;
    for (const child of children) {
      try {
        results.push(await child());
        if (first === undefined && sizeOf(results) > at.limit) first = new Raised('States.DataLimitExceeded', SOME_CAUSE);
      } catch (raised) {
        if (!(raised instanceof Raised)) throw raised;
        failures.push(raised);
        if (first === undefined && (raised.terminal || tolerated === null)) first = raised;
        else if (first === undefined && failures.length > tolerated!) first = new Raised('States.ExceedToleratedFailureThreshold', 'The specified tolerated failure threshold was exceeded');
      }
      if (first !== undefined && !this.#around.parks) break;
    }
    if (first === undefined) return results;
    if (this.#around.parks && (failures.length > 1 || first.error === 'States.DataLimitExceeded')) this.open = true;
    throw first;
  }
}

const entries = (list: Value): Fields[] => (list ?? []) as Fields[];

const noMatch = (at: At): Raised =>
  new Raised('States.NoChoiceMatched', `An error occurred while executing the state '${at.state}' (entered at the event id #0). Failed to transition out of the state. The state's choices did not match and no Default is given.`);

/** ErrorEquals: States.ALL is any error, States.TaskFailed any but a time-out. */
function matches(entry: Fields, error: string | undefined): boolean {
  const names = entry['ErrorEquals'] as string[];
  return names.includes('States.ALL') || (error !== undefined && names.includes(error)) || (names.includes('States.TaskFailed') && error !== 'States.Timeout' && error !== 'States.HeartbeatTimeout');
}
