import { JsonNumber } from './json-number.ts';

/** Java's Double.toString turns to `1.0E7` at ten million and to `1.0E-4` below a thousandth. */
const SCIENTIFIC_FROM = 1e7;
const SCIENTIFIC_BELOW = 1e-3;

/** A double as Java prints it, with at least one digit on either side of the point. */
export function javaDouble(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  if (magnitude >= SCIENTIFIC_BELOW && magnitude < SCIENTIFIC_FROM) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
}

/**
 * The number that a JSON text writes. AWS keeps whole numbers digit by digit and takes everything with a point or an exponent
 * for a double; where it prints that otherwise than JavaScript, the answer is a JsonNumber.
 */
export function exactNumber(written: string): number | JsonNumber {
  const value = Number(written);
  if (!/[.eE]/.test(written)) return Number.isSafeInteger(value) ? value : new JsonNumber(written, value);
  if (!Number.isFinite(value)) return value;
  const text = javaDouble(value);
  return text === String(value) ? value : new JsonNumber(text, value);
}
