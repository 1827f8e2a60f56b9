import type { Getter } from '../types.ts';
import * as arrays from './arrays.ts';
import * as encodings from './encodings.ts';
import * as numbers from './numbers.ts';
import { compileFormat } from './format.ts';
import type { IntrinsicNode } from './parse.ts';
import type { Frame } from '../types.ts';

/** Computes a function's value. Raises through `refuse` what its arguments do not allow. */
export type IntrinsicCall = (args: readonly unknown[], frame: Frame) => unknown;

export interface IntrinsicFunction {
  /** How many arguments it takes; checked when a definition is compiled. */
  readonly min: number;
  readonly max: number;
  readonly call: IntrinsicCall;
  /** A function that gains from looking at its arguments' source compiles itself. */
  readonly compile?: (nodes: readonly IntrinsicNode[], args: readonly Getter[]) => Getter;
}

const takes = (min: number, max: number, call: IntrinsicCall): IntrinsicFunction => ({ min, max, call });

/** The intrinsic functions of the Amazon States Language. */
export const INTRINSIC_FUNCTIONS: ReadonlyMap<string, IntrinsicFunction> = new Map<string, IntrinsicFunction>([
  ['States.Format', { ...takes(1, Infinity, () => undefined), compile: (nodes, args) => compileFormat(nodes[0], args) }],
  ['States.StringToJson', takes(1, 1, ([text], frame) => encodings.stringToJson(text, frame))],
  ['States.JsonToString', takes(1, 1, ([value], frame) => encodings.jsonToString(value, frame))],
  ['States.Array', takes(0, Infinity, (args) => args)],
  ['States.ArrayPartition', takes(2, 2, ([array, size], frame) => arrays.partition(array, size, frame))],
  ['States.ArrayContains', takes(2, 2, ([array, value], frame) => arrays.contains(array, value, frame))],
  ['States.ArrayRange', takes(3, 3, ([first, last, step]) => arrays.range(first, last, step))],
  ['States.ArrayGetItem', takes(2, 2, ([array, index]) => arrays.getItem(array, index))],
  ['States.ArrayLength', takes(1, 1, ([array]) => arrays.length(array))],
  ['States.ArrayUnique', takes(1, 1, ([array], frame) => arrays.unique(array, frame))],
  ['States.Base64Encode', takes(1, 1, ([text]) => encodings.base64Encode(text))],
  ['States.Base64Decode', takes(1, 1, ([text]) => encodings.base64Decode(text))],
  ['States.Hash', takes(2, 2, ([data, algorithm], frame) => encodings.hash(data, algorithm, frame))],
  ['States.JsonMerge', takes(3, 3, ([left, right, deep], frame) => encodings.jsonMerge(left, right, deep, frame))],
  ['States.MathRandom', takes(2, 3, (args, frame) => numbers.random(args, frame))],
  ['States.MathAdd', takes(2, 2, ([a, b]) => numbers.add(a, b))],
  ['States.StringSplit', takes(2, 2, ([text, delimiters], frame) => encodings.stringSplit(text, delimiters, frame))],
  ['States.UUID', takes(0, 0, () => numbers.uuid())],
]);
