import { compileIntrinsic } from '../intrinsics/intrinsic.ts';
import { parseJsonata, type Node } from '../jsonata/ast.ts';
import { parsePath, type ParsedPath } from '../jsonpath/parse-path.ts';
import { compileReferencePath } from '../jsonpath/reference.ts';
import { referencesOf, type JsonataReferences } from './jsonata-references.ts';

/** What the parser made of a JSONata expression. */
export type ParsedExpression = { readonly references: JsonataReferences } | { readonly fault: string; readonly position: number | undefined };

/**
 * Asks the languages' own parsers about texts and remembers the answers: machines repeat their paths and expressions. The
 * first four answer what is wrong, or undefined.
 */
export interface Syntax {
  path(text: string): string | undefined;
  /** A path to one place; context and variables are for the caller to allow. */
  reference(text: string): string | undefined;
  /** A path that ResultPath can write to. */
  writable(text: string): string | undefined;
  intrinsic(text: string): string | undefined;
  expression(text: string): ParsedExpression;
  /** Variables that were read, with one text each. */
  readonly variables: ReadonlyMap<string, string>;
}

export function createSyntax(): Syntax {
  const paths = new Map<string, ParsedPath | string>();
  const intrinsics = new Map<string, string | undefined>();
  const expressions = new Map<string, ParsedExpression>();
  const variables = new Map<string, string>();

  const parsed = (text: string): ParsedPath | string => {
    let known = paths.get(text);
    if (known === undefined) {
      try {
        known = parsePath(text);
        if (known.variable !== null) variables.set(known.variable, text);
      } catch (error) {
        known = messageOf(error);
      }
      paths.set(text, known);
    }
    return known;
  };

  return {
    variables,
    path(text) {
      const path = parsed(text);
      return typeof path === 'string' ? path : undefined;
    },
    reference(text) {
      const path = parsed(text);
      if (typeof path === 'string') return path;
      const step = path.steps.find(({ kind }) => kind !== 'name' && kind !== 'index');
      return step === undefined ? undefined : `It must lead to one place by names and indexes only; there is ${STEP_NAMES[step.kind] ?? 'something else'} in it.`;
    },
    writable(text) {
      try {
        compileReferencePath(text);
        return undefined;
      } catch (error) {
        return messageOf(error);
      }
    },
    intrinsic(text) {
      if (!intrinsics.has(text)) {
        let fault: string | undefined;
        try {
          compileIntrinsic(text);
          for (const [, name = ''] of text.replaceAll(/'(?:[^'\\]|\\.)*'/g, '').matchAll(/(?<![\w$.])\$([A-Za-z_]\w*)/g)) variables.set(name, text);
        } catch (error) {
          fault = messageOf(error);
        }
        intrinsics.set(text, fault);
      }
      return intrinsics.get(text);
    },
    expression(text) {
      let known = expressions.get(text);
      if (known === undefined) {
        known = parseExpression(text);
        expressions.set(text, known);
        if ('references' in known) for (const name of known.references.variables) if (!FUNCTIONS.has(name)) variables.set(name, text.trim());
      }
      return known;
    },
  };
}

/** Functions may be handed on by name, without being called. */
const FUNCTIONS: ReadonlySet<string> = new Set(
  ('sum count max min average string substring substringBefore substringAfter lowercase uppercase length trim pad match contains replace split join formatNumber formatBase ' +
    'formatInteger parseInteger number floor ceil round abs sqrt power random boolean not map zip filter single reduce sift keys lookup append exists spread merge reverse each ' +
    'error assert type sort shuffle distinct base64encode base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl eval toMillis fromMillis now millis clone ' +
    'partition range hash uuid parse').split(' '),
);

function parseExpression(text: string): ParsedExpression {
  try {
    const tree: Node = parseJsonata(text);
    return { references: referencesOf(tree) };
  } catch (error) {
    if (error instanceof RangeError) return { fault: 'The expression is nested too deeply', position: undefined };
    const position = typeof error === 'object' && error !== null && 'position' in error && typeof error.position === 'number' ? error.position : undefined;
    return { fault: messageOf(error), position };
  }
}

const STEP_NAMES: Readonly<Record<string, string>> = {
  names: 'a list of names', indexes: 'a list of indexes', slice: 'a slice', wildcard: 'a wildcard', descend: 'a descent (..)', filter: 'a filter', call: 'a function call',
};

const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string' ? error.message : String(error);
