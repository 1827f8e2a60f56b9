import { isAlias, isMap, isScalar, isSeq, LineCounter, parse, parseDocument, type Document, type Node } from 'yaml';
import { interpolate, type Environment } from './interpolate.ts';
import { Mistakes } from './mistakes.ts';
import { dotted, memberSchema, pointTo, takesOnlyText } from './schema-walk.ts';
import type { ConfigSchema } from './schema-parts.ts';

/** A configuration file as plain data, with the places where its parts stand. */
export interface ConfigDocument {
  /** Mappings have no prototype: any key is data. Undefined when the file is not YAML, or empty. */
  readonly value: unknown;
  readonly mistakes: Mistakes;
  /** Offsets of keys and values by pointer. */
  readonly places: ReadonlyMap<string, Place>;
}

export interface Place {
  /** That of the value, where there is no key. */
  readonly key: number;
  readonly value: number;
  /** How the text was written, where the environment made it what it is. */
  readonly written?: string;
}

/** Aliases may multiply: a page of them can stand for more data than fits into memory. */
const MAX_ALIASES = 100;

/** Reads YAML and interpolates its texts. What is wrong goes to `mistakes`; where YAML itself is wrong, nothing else is looked at. */
export function readDocument(source: string, file: string, schema: ConfigSchema, env: Environment): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const mistakes = new Mistakes(file, (offset) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  });
  const places = new Map<string, Place>();
  const troubles = [...document.errors, ...document.warnings];
  for (const { message, pos } of troubles) mistakes.add('YAML_SYNTAX', '', `This is not valid YAML: ${decapitalised(message)}.`, pos[0], syntaxHint(source, pos[0]));
  if (troubles.length > 0 || document.contents === null) return { value: undefined, mistakes, places };
  const value = new Reader(source, document, mistakes, places, env).read(document.contents as Node, '', schema, document.contents.range?.[0] ?? 0);
  return { value, mistakes, places };
}

const decapitalised = (message: string): string => message.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase()).replace(/[.:]?$/, '');

/** What the parser's own message cannot know: in a flow mapping a plain ${…} ends at its brace, and {% begins a mapping. */
function syntaxHint(source: string, offset: number): string | undefined {
  const line = source.slice(source.lastIndexOf('\n', offset - 1) + 1, offset + 1);
  if (source.startsWith('{%', offset - 1)) return 'Put JSONata in quotes: input: "{% value %}".';
  return /[{,[].*[^"']\$\{/.test(line) ? 'Inside { } and [ ], put texts with ${…} in quotes: { port: "${PORT:-8080}" }.' : undefined;
}

class Reader {
  readonly #source: string;
  readonly #document: Document;
  readonly #mistakes: Mistakes;
  readonly #places: Map<string, Place>;
  readonly #env: Environment;
  #aliases = 0;

  constructor(source: string, document: Document, mistakes: Mistakes, places: Map<string, Place>, env: Environment) {
    this.#source = source;
    this.#document = document;
    this.#mistakes = mistakes;
    this.#places = places;
    this.#env = env;
  }

  read(node: Node | null, pointer: string, schema: ConfigSchema | undefined, key: number): unknown {
    const offset = node?.range?.[0] ?? key;
    this.#places.set(pointer, { key, value: offset });
    if (isAlias(node)) return this.#alias(node.resolve(this.#document), pointer, schema, key, offset);
    if (isMap(node)) return this.#mapping(node.items as unknown as Pair[], pointer, schema);
    if (isSeq(node)) return node.items.map((item, index) => this.read(item as Node | null, `${pointer}/${index}`, memberSchema(schema, String(index)), (item as Node | null)?.range?.[0] ?? offset));
    if (!isScalar(node)) return null;
    return typeof node.value === 'string' ? this.#text(node.value, pointer, schema, key, offset) : node.value;
  }

  #alias(target: Node | undefined, pointer: string, schema: ConfigSchema | undefined, key: number, offset: number): unknown {
    this.#aliases += 1;
    if (target !== undefined && this.#aliases <= MAX_ALIASES) return this.read(target, pointer, schema, key);
    // Told once: an alias inside what it stands for has no end.
    if (this.#aliases === MAX_ALIASES + 1) this.#mistakes.add('YAML_SYNTAX', pointer, `There are more than ${MAX_ALIASES} aliases, or one of them contains itself.`, offset);
    else if (target === undefined) this.#mistakes.add('YAML_SYNTAX', pointer, 'No anchor has the name of this alias.', offset);
    return null;
  }

  #mapping(pairs: readonly Pair[], pointer: string, schema: ConfigSchema | undefined): unknown {
    const mapping = Object.create(null) as Record<string, unknown>;
    for (const { key, value } of pairs) {
      const offset = key?.range?.[0] ?? value?.range?.[0] ?? 0;
      if (!isScalar(key)) {
        this.#mistakes.add('YAML_SYNTAX', pointer, 'A key has to be text.', offset);
        continue;
      }
      const name = String(key.value);
      const inner = pointTo(pointer, name);
      if (Object.hasOwn(mapping, name)) {
        this.#mistakes.add('DUPLICATE_KEY', inner, `The key '${dotted(inner)}' occurs more than once.`, offset, 'Keep one of them.');
        continue;
      }
      mapping[name] = this.read(value, inner, memberSchema(schema, name), offset);
    }
    return mapping;
  }

  #text(text: string, pointer: string, schema: ConfigSchema | undefined, key: number, offset: number): unknown {
    if (!text.includes('${')) return text;
    const result = interpolate(text, this.#env);
    this.#places.set(pointer, { key, value: offset, written: text });
    let from = offset;
    for (const { kind, written, name } of result.faults) {
      const found = this.#source.indexOf(written, from);
      const at = found < 0 ? offset : found;
      from = at + 1;
      if (kind === 'MISSING_VARIABLE') {
        this.#mistakes.add(kind, pointer, `The environment variable ${name} is not set.`, at, `Set it, or give it a default: \${${name}:-…}.`);
      } else this.#mistakes.add(kind, pointer, `'${written}' is not an interpolation.`, at, 'Write ${NAME} or ${NAME:-default}, and $${ where ${ itself is meant; a default cannot hold another interpolation.');
    }
    if (result.faults.length > 0) return undefined;
    if (!result.whole || result.text === '' || takesOnlyText(schema)) return result.text;
    return typed(result.text);
  }
}

interface Pair {
  readonly key: Node | null;
  readonly value: Node | null;
}

/** The scalar that YAML makes of a text; text stays what is no plain scalar. */
function typed(text: string): unknown {
  if (!/^[\w.+-]+$/.test(text)) return text;
  const value = parse(text) as unknown;
  return typeof value === 'object' ? text : value;
}
