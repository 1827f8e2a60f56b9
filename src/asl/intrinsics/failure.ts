import { Fault } from '../fault.ts';
import { isContainer, numberOf } from '../numbers/json-number.ts';

/**
 * What a function raises for arguments that it cannot take. The text is bare here; the compiled expression puts the function
 * and the state in front of it.
 */
export function refuse(text: string): never {
  throw new Fault('States.IntrinsicFailure', text);
}

export function wantString(value: unknown, what: string): string {
  return typeof value === 'string' ? value : refuse(`Invalid arguments: ${what} must be a string.`);
}

export function wantArray(value: unknown, what: string): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : refuse(`Invalid arguments: ${what} must be an array.`);
}

export function wantObject(value: unknown, what: string): object {
  return isContainer(value) && !Array.isArray(value) ? value : refuse(`Invalid arguments: ${what} must be a JSON object.`);
}

/** A number rounded half up (-1.5 to -1), which is what AWS makes of every argument that stands for an integer. */
export function wantInteger(value: unknown, what: string): number {
  const number = numberOf(value);
  if (typeof number !== 'number' || !Number.isFinite(number)) return refuse(`Invalid arguments: ${what} must be a number.`);
  return Math.round(number) + 0; // Math.round(-0.5) is -0
}
