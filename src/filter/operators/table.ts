import { anythingBut } from './anything-but.ts';
import { cidr } from './cidr.ts';
import { exists } from './exists.ts';
import { numeric } from './numeric.ts';
import type { Operator } from './operator.ts';
import { equalsIgnoreCase, exactly, prefix, suffix, wildcard } from './texts.ts';

/** Every match expression. docs/filters.md is held against it by a test. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  prefix,
  suffix,
  'equals-ignore-case': equalsIgnoreCase,
  wildcard,
  'anything-but': anythingBut,
  numeric,
  cidr,
  exists,
  exactly,
};

export const isOperator = (name: string): boolean => Object.hasOwn(OPERATORS, name);
