import { InvalidArgumentError } from 'commander';

/** A count on the command line. */
export function positiveInteger(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('A whole number of 1 or more is needed.');
  return number;
}

/** A number on the command line that may be 0. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(number) || number < 0) throw new InvalidArgumentError('A whole number of 0 or more is needed.');
  return number;
}
