import { copyObject, COPIES_BY_SPREAD } from '../copy.ts';
import { END } from '../types.ts';
import { BAIL, type DirectRun, type DirectState, EXIT, exit, type Names, type Shape, type Test } from './contract.ts';

/*
 * What direct code is made of. Nothing in here has a frame, a limit or a fault to look after; `undefined` stands for what is
 * missing.
 */

type Read = (value: unknown) => unknown;
/** 1 yes, 0 no, -1 bail. */
type Decide = (value: unknown) => number;
type Data = Record<string, unknown>;

/** Direct code from a state on; states that have none, and ways back to where the code has been, are exits. */
export function link(states: readonly (DirectState | null)[], start: number): DirectRun {
  const linked = new Map<number, DirectRun | null>();
  const from = (index: number): DirectRun => {
    if (index === END) return identity;
    const state = states[index];
    const known = linked.get(index);
    if (known !== undefined && known !== null) return known;
    if (state === undefined || state === null || known === null) return leave(index);
    linked.set(index, null);
    const run = linkState(state, from);
    linked.set(index, run);
    return run;
  };
  return from(start);
}

function linkState(state: DirectState, from: (index: number) => DirectRun): DirectRun {
  switch (state.kind) {
    case 'end':
      return identity;
    case 'pass':
      return follow(state.at === null ? make(state.result) : put(state.at, state.result), from(state.target));
    case 'choice':
      return choose(state.tests.map(decide), state.targets.map(from), state.otherwise === null ? bail : from(state.otherwise));
  }
}

const identity: DirectRun = (value) => value;
const bail: DirectRun = () => BAIL;

const leave = (index: number): DirectRun => (value) => {
  exit.index = index;
  exit.value = value;
  return EXIT;
};

function follow(run: DirectRun, then: DirectRun): DirectRun {
  if (then === identity) return run;
  if (run === identity) return then;
  return (value) => {
    const made = run(value);
    return made === BAIL ? BAIL : then(made);
  };
}

function choose(tests: readonly Decide[], runs: readonly DirectRun[], otherwise: DirectRun): DirectRun {
  const [first, second] = tests as [Decide, Decide];
  const [one, two] = runs as [DirectRun, DirectRun];
  switch (tests.length) {
    case 1:
      return (value) => {
        const answer = first(value);
        return answer > 0 ? one(value) : answer === 0 ? otherwise(value) : BAIL;
      };
    case 2:
      return (value) => {
        const answer = first(value);
        if (answer !== 0) return answer > 0 ? one(value) : BAIL;
        const next = second(value);
        return next > 0 ? two(value) : next === 0 ? otherwise(value) : BAIL;
      };
    default:
      return (value) => {
        for (let i = 0; i < tests.length; i++) {
          const answer = tests[i]!(value);
          if (answer !== 0) return answer > 0 ? runs[i]!(value) : BAIL;
        }
        return otherwise(value);
      };
  }
}

/** JSON data has no undefined, and the name is none that objects have by inheritance: a plain read will do. */
function read(names: Names): Read {
  const [name, second] = names as [string, string];
  switch (names.length) {
    case 0:
      return identity;
    case 1:
      return (value) => (typeof value === 'object' && value !== null ? (value as Data)[name] : undefined);
    case 2:
      return (value) => {
        if (typeof value !== 'object' || value === null) return undefined;
        const inner = (value as Data)[name];
        return typeof inner === 'object' && inner !== null ? (inner as Data)[second] : undefined;
      };
    default:
      return (value) => {
        let node = value;
        for (const key of names) {
          if (typeof node !== 'object' || node === null) return undefined;
          node = (node as Data)[key];
        }
        return node;
      };
  }
}

/** What is no number, string or boolean may still be one in another form: that is for the steps to say. */
const unlike = (value: unknown): number => (value === undefined || (typeof value === 'object' && value !== null) ? -1 : 0);

function decide(test: Test): Decide {
  if (test.kind === 'compare') return compare(read(test.names), test.operator, test.operand);
  if (test.kind === 'not') {
    const inner = decide(test.test);
    return (value) => {
      const answer = inner(value);
      return answer < 0 ? answer : 1 - answer;
    };
  }
  const tests = test.tests.map(decide);
  const goesOn = test.kind === 'and' ? 1 : 0;
  return (value) => {
    for (let i = 0; i < tests.length; i++) {
      const answer = tests[i]!(value);
      if (answer !== goesOn) return answer;
    }
    return goesOn;
  };
}

function compare(get: Read, operator: string, operand: number | string | boolean): Decide {
  switch (operator) {
    case 'NumericLessThan': return (value) => { const found = get(value); return typeof found === 'number' ? Number(found < (operand as number)) : unlike(found); };
    case 'NumericGreaterThan': return (value) => { const found = get(value); return typeof found === 'number' ? Number(found > (operand as number)) : unlike(found); };
    case 'NumericLessThanEquals': return (value) => { const found = get(value); return typeof found === 'number' ? Number(found <= (operand as number)) : unlike(found); };
    case 'NumericGreaterThanEquals': return (value) => { const found = get(value); return typeof found === 'number' ? Number(found >= (operand as number)) : unlike(found); };
    case 'StringLessThan': return (value) => { const found = get(value); return typeof found === 'string' ? Number(found < operand) : unlike(found); };
    case 'StringGreaterThan': return (value) => { const found = get(value); return typeof found === 'string' ? Number(found > operand) : unlike(found); };
    case 'StringLessThanEquals': return (value) => { const found = get(value); return typeof found === 'string' ? Number(found <= operand) : unlike(found); };
    case 'StringGreaterThanEquals': return (value) => { const found = get(value); return typeof found === 'string' ? Number(found >= operand) : unlike(found); };
    case 'IsPresent': return (value) => Number((get(value) !== undefined) === operand);
    case 'IsNull': return (value) => { const found = get(value); return found === undefined ? -1 : Number((found === null) === operand); };
    case 'IsString': return (value) => { const found = get(value); return found === undefined ? -1 : Number((typeof found === 'string') === operand); };
    case 'IsBoolean': return (value) => { const found = get(value); return found === undefined ? -1 : Number((typeof found === 'boolean') === operand); };
    case 'IsNumeric': return (value) => { const found = get(value); return typeof found === 'number' ? Number(operand) : unlike(found) < 0 ? -1 : Number(!operand); };
    case 'NumericEquals':
    case 'StringEquals':
    case 'BooleanEquals': return (value) => { const found = get(value); return found === operand ? 1 : unlike(found); };
    default:
      throw new TypeError(`no comparison '${operator}'`);
  }
}

/** The result in a copy of the input. */
function put(key: string, result: Shape): DirectRun {
  if (result.kind === 'literal') {
    const { value: literal } = result;
    return (value) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return BAIL;
      const copy: Data = COPIES_BY_SPREAD ? { ...value } : copyObject(value);
      copy[key] = literal;
      return copy;
    };
  }
  const run = make(result);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return BAIL;
    const made = run(value);
    if (made === BAIL) return BAIL;
    const copy: Data = COPIES_BY_SPREAD ? { ...value } : copyObject(value);
    copy[key] = made;
    return copy;
  };
}

function make(shape: Shape): DirectRun {
  if (shape.kind === 'object') return build(shape.keys, shape.members.map(member));
  if (shape.kind === 'read' && shape.names.length === 0) return identity;
  const get = member(shape);
  return (value) => {
    const found = get(value);
    return found === undefined ? BAIL : found;
  };
}

/** Undefined where it cannot be made. */
function member(shape: Shape): Read {
  if (shape.kind === 'read') return read(shape.names);
  if (shape.kind === 'literal') {
    const { value: literal } = shape;
    return () => literal;
  }
  const run = make(shape);
  return (value) => {
    const made = run(value);
    return made === BAIL ? undefined : made;
  };
}

/** Unrolled for small sizes, so that each place stores one name. */
function build(keys: readonly string[], gets: readonly Read[]): DirectRun {
  const [k0, k1, k2, k3, k4, k5] = keys as [string, string, string, string, string, string];
  const [g0, g1, g2, g3, g4, g5] = gets as [Read, Read, Read, Read, Read, Read];
  switch (keys.length) {
    case 1:
      return (value) => {
        const a = g0(value);
        if (a === undefined) return BAIL;
        const out: Data = {};
        out[k0] = a;
        return out;
      };
    case 2:
      return (value) => {
        const a = g0(value);
        const b = g1(value);
        if (a === undefined || b === undefined) return BAIL;
        const out: Data = {};
        out[k0] = a;
        out[k1] = b;
        return out;
      };
    case 3:
      return (value) => {
        const a = g0(value);
        const b = g1(value);
        const c = g2(value);
        if (a === undefined || b === undefined || c === undefined) return BAIL;
        const out: Data = {};
        out[k0] = a;
        out[k1] = b;
        out[k2] = c;
        return out;
      };
    case 4:
      return (value) => {
        const a = g0(value);
        const b = g1(value);
        const c = g2(value);
        const d = g3(value);
        if (a === undefined || b === undefined || c === undefined || d === undefined) return BAIL;
        const out: Data = {};
        out[k0] = a;
        out[k1] = b;
        out[k2] = c;
        out[k3] = d;
        return out;
      };
    case 5:
    case 6:
      return (value) => {
        const a = g0(value);
        const b = g1(value);
        const c = g2(value);
        const d = g3(value);
        const e = g4(value);
        const f = keys.length === 6 ? g5(value) : null;
        if (a === undefined || b === undefined || c === undefined || d === undefined || e === undefined || f === undefined) return BAIL;
        const out: Data = {};
        out[k0] = a;
        out[k1] = b;
        out[k2] = c;
        out[k3] = d;
        out[k4] = e;
        if (keys.length === 6) out[k5] = f;
        return out;
      };
    default:
      return (value) => {
        const out: Data = {};
        for (let i = 0; i < keys.length; i++) {
          const found = gets[i]!(value);
          if (found === undefined) return BAIL;
          out[keys[i]!] = found;
        }
        return out;
      };
  }
}
