import { Fault } from '../fault.ts';
import { MISSING, type Path } from '../jsonpath/path.ts';
import { printedJson, stateFault } from '../state-fault.ts';
import type { Frame, Getter } from '../types.ts';
import { INTRINSIC_FUNCTIONS } from './functions.ts';
import { type IntrinsicNode, IntrinsicSyntaxError, parseIntrinsic } from './parse.ts';

export { IntrinsicSyntaxError } from './parse.ts';

/** A compiled call of an intrinsic function, with all the calls inside it. */
export interface Intrinsic {
  readonly text: string;
  /** The paths among its arguments, the inner calls' included. */
  readonly paths: readonly Path[];
  /** @throws Fault States.IntrinsicFailure for arguments that do not fit, States.Runtime for a path that leads nowhere */
  get(input: unknown, frame: Frame): unknown;
}

/** @throws IntrinsicSyntaxError for what cannot be read, an unknown function or a wrong number of arguments */
export function compileIntrinsic(text: string): Intrinsic {
  const paths: Path[] = [];
  const evaluate = compileNode(parseIntrinsic(text), paths);
  return {
    text,
    paths,
    get(input, frame) {
      try {
        return evaluate(input, frame);
      } catch (error) {
        throw asFault(error, text, frame);
      }
    },
  };
}

/** AWS names the whole expression in the cause, not the inner call that failed. */
function asFault(error: unknown, text: string, frame: Frame): unknown {
  const prefix = `The function '${text}' had the following error: `;
  if (error instanceof ArgumentMissing) return stateFault(frame, 'States.Runtime', prefix + error.message);
  if (error instanceof Fault && error.error === 'States.IntrinsicFailure') return stateFault(frame, error.error, prefix + (error.cause ?? ''));
  if (error instanceof RangeError) return stateFault(frame, 'States.IntrinsicFailure', `${prefix}Invalid arguments: the data is nested too deeply.`);
  return error;
}

/** A path among the arguments leads nowhere. */
class ArgumentMissing {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

function compileNode(node: IntrinsicNode, paths: Path[]): Getter {
  switch (node.kind) {
    case 'literal':
    case 'string': {
      const { value } = node;
      return () => value;
    }
    case 'path':
      paths.push(node.path);
      return compileArgumentPath(node.path);
    case 'call':
      return compileCall(node.name, node.args, paths);
  }
}

function compileCall(name: string, nodes: readonly IntrinsicNode[], paths: Path[]): Getter {
  const found = INTRINSIC_FUNCTIONS.get(name);
  if (found === undefined) throw new IntrinsicSyntaxError(`there is no intrinsic function ${name}`);
  if (nodes.length < found.min || nodes.length > found.max) {
    const wanted = found.max === found.min ? `${found.min}` : found.max === Infinity ? `at least ${found.min}` : `${found.min} to ${found.max}`;
    throw new IntrinsicSyntaxError(`${name} takes ${wanted} arguments, not ${nodes.length}`);
  }
  const args = nodes.map((node) => compileNode(node, paths));
  if (found.compile !== undefined) return found.compile(nodes, args);
  const { call } = found;
  const [first, second] = args;
  if (args.length === 1 && first !== undefined) return (input, frame) => call([first(input, frame)], frame);
  if (args.length === 2 && first !== undefined && second !== undefined) return (input, frame) => call([first(input, frame), second(input, frame)], frame);
  return (input, frame) => call(args.map((arg) => arg(input, frame)), frame);
}

function compileArgumentPath(path: Path): Getter {
  const { find } = path;
  if (!path.definite) return find;
  return (input, frame) => {
    const value = find(input, frame);
    if (value === MISSING) throw new ArgumentMissing(missingText(path, input, frame));
    return value;
  };
}

/** AWS prints the path as rewritten against the context object, but the state's input all the same. */
function missingText(path: Path, input: unknown, frame: Frame): string {
  const why = path.explain(input, frame);
  if (why.startsWith('Filter: ')) return why; // AWS lets this one text of its path library through
  const shown = path.root === 'context' ? path.text.slice(1) : path.text;
  return `The JsonPath argument for the field '${shown}' could not be found in the input '${printedJson(input)}'`;
}
