import type { Test } from './contract.ts';
import { type Data, type Read, read } from './read.ts';

/** 1 yes, 0 no, -1 bail. */
export type Decide = (value: unknown) => number;

/** What is no number, string or boolean may still be one in another form: that is for the steps to say. */
const unlike = (value: unknown): number => (value === undefined || (typeof value === 'object' && value !== null) ? -1 : 0);

export function decide(test: Test): Decide {
  if (test.kind === 'compare') return test.names.length === 1 ? compareMember(test.names[0]!, test) : compare(read(test.names), test.operator, test.operand);
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

/** The comparisons that are met most, of a member of the input: each reads in a place of its own. */
function compareMember(name: string, { names, operator, operand }: Extract<Test, { kind: 'compare' }>): Decide {
  switch (operator) {
    case 'NumericLessThan':
      return (value) => {
        if (typeof value !== 'object' || value === null) return -1;
        const found = (value as Data)[name];
        return typeof found === 'number' ? Number(found < (operand as number)) : unlike(found);
      };
    case 'NumericGreaterThan':
      return (value) => {
        if (typeof value !== 'object' || value === null) return -1;
        const found = (value as Data)[name];
        return typeof found === 'number' ? Number(found > (operand as number)) : unlike(found);
      };
    case 'NumericLessThanEquals':
      return (value) => {
        if (typeof value !== 'object' || value === null) return -1;
        const found = (value as Data)[name];
        return typeof found === 'number' ? Number(found <= (operand as number)) : unlike(found);
      };
    case 'NumericGreaterThanEquals':
      return (value) => {
        if (typeof value !== 'object' || value === null) return -1;
        const found = (value as Data)[name];
        return typeof found === 'number' ? Number(found >= (operand as number)) : unlike(found);
      };
    case 'NumericEquals':
    case 'StringEquals':
    case 'BooleanEquals':
      return (value) => {
        if (typeof value !== 'object' || value === null) return -1;
        const found = (value as Data)[name];
        return found === operand ? 1 : unlike(found);
      };
    default:
      return compare(read(names), operator, operand);
  }
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
