import { JsonataError } from './fault.ts';
import { chargeText, spend } from './limits.ts';
import { isNumeric, OUTER, tagOf } from './values.ts';

/** What numbers are printed as: 15 significant digits, so that 0.1 + 0.2 reads 0.3. */
const rounded = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(15)));

function replacer(this: unknown, _key: string, value: unknown): unknown {
  spend(1);
  switch (typeof value) {
    case 'number':
      return isNumeric(value) ? rounded(value) : value;
    case 'function':
      return '';
    case 'string':
      chargeText(value.length);
      return value;
    default:
      return value;
  }
}

/** `$string`: the text of a value, JSON for whatever is not a text; undefined for nothing. Throws D3001 or D1001. */
export function textOf(value: unknown, pretty = false): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'undefined':
      return value;
    case 'function':
      return '';
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (value - value !== 0) throw new JsonataError('D3001', { value });
      return String(rounded(value));
    default: {
      if (value === null) return 'null';
      const whole = Array.isArray(value) && (tagOf(value) & OUTER) !== 0 ? value[0] : value;
      const text = JSON.stringify(whole, replacer, pretty ? 2 : 0);
      chargeText(text.length);
      return text;
    }
  }
}
