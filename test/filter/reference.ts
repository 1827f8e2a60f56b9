import { BlockList, isIPv4, isIPv6 } from 'node:net';

/**
 * Event patterns as they are explained, and as slowly: an event is the list of its single values, each with its path and with
 * the element of every array that it lies in; a pattern is the list of what it asks of paths, once for each way through its $or.
 */
interface Value {
  readonly path: string;
  readonly value: unknown;
  readonly elements: ReadonlyMap<number, number>;
}

type Demand = readonly [path: string, alternatives: readonly unknown[]];

type Json = Readonly<Record<string, unknown>>;

export function referenceMatches(pattern: Json, event: unknown): boolean {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return false;
  const values = valuesOf(event);
  return waysOf(pattern, []).some((demands) => meets(demands, values, new Map(), []));
}

/** Whether some way through the pattern asks something of a path twice, or of a path and of one within it. */
export function namesTwice(pattern: Json): boolean {
  return waysOf(pattern, []).some((way) => way.some(([path], index) => way.some(([other], at) => at !== index && `${other.slice(0, -1)},`.startsWith(`${path.slice(0, -1)},`))));
}

function valuesOf(event: object): readonly Value[] {
  const values: Value[] = [];
  let arrays = 0;
  const walk = (value: unknown, path: readonly string[], elements: ReadonlyMap<number, number>): void => {
    if (Array.isArray(value)) {
      const array = arrays++;
      for (const [index, element] of value.entries()) walk(element, path, typeof element === 'object' && element !== null ? new Map([...elements, [array, index]]) : elements);
    } else if (typeof value === 'object' && value !== null) for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key], elements);
    else values.push({ path: JSON.stringify(path), value, elements });
  };
  walk(event, [], new Map());
  return values;
}

function waysOf(pattern: Json, path: readonly string[]): readonly (readonly Demand[])[] {
  let ways: readonly (readonly Demand[])[] = [[]];
  for (const [key, value] of Object.entries(pattern)) {
    const added: readonly (readonly Demand[])[] =
      key === '$or' ? (value as Json[]).flatMap((branch) => waysOf(branch, path)) : Array.isArray(value) ? [[[JSON.stringify([...path, key]), value]]] : waysOf(value as Json, [...path, key]);
    ways = ways.flatMap((way) => added.map((more) => way.concat(more)));
  }
  return ways;
}

/** Tries every value for every demand; in the end, what was to be absent must not be where the chosen values are. */
function meets([demand, ...others]: readonly Demand[], values: readonly Value[], chosen: ReadonlyMap<number, number>, absent: readonly string[]): boolean {
  const fits = ({ elements }: Value): boolean => [...elements].every(([array, index]) => (chosen.get(array) ?? index) === index);
  if (demand === undefined) return absent.every((path) => !values.some((value) => value.path === path && fits(value)));
  const [path, alternatives] = demand;
  for (const value of values) {
    if (value.path === path && fits(value) && alternatives.some((alternative) => accepts(alternative, value.value)) && meets(others, values, new Map([...chosen, ...value.elements]), absent)) return true;
  }
  return alternatives.some((alternative) => operandOf(alternative, 'exists') === false) && meets(others, values, chosen, [...absent, path]);
}

const operandOf = (alternative: unknown, name: string): unknown => (typeof alternative === 'object' && alternative !== null ? (alternative as Json)[name] : undefined);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

function accepts(alternative: unknown, value: unknown): boolean {
  if (typeof alternative !== 'object' || alternative === null) return alternative === value || sameAddress(alternative, value);
  const [name, operand] = Object.entries(alternative)[0]!;
  switch (name) {
    case 'exists':
      return operand === true;
    case 'anything-but': {
      if (typeof operand !== 'object' || Array.isArray(operand)) return !listOf(operand).includes(value);
      const [inner, texts] = Object.entries(operand as Json)[0]!;
      return !listOf(texts).some((text) => accepts({ [inner]: text }, value));
    }
    case 'numeric': {
      const terms = operand as (string | number)[];
      return typeof value === 'number' && terms.every((term, at) => at % 2 === 1 || compares(value, term as string, terms[at + 1] as number));
    }
    default:
      return typeof value === 'string' && acceptsText(name, operand, value);
  }
}

const compares = (value: number, name: string, limit: number): boolean => (name.includes('=') && value === limit) || (name.includes('<') && value < limit) || (name.includes('>') && value > limit);

function acceptsText(name: string, operand: unknown, text: string): boolean {
  const anyCase = operandOf(operand, 'equals-ignore-case') as string | undefined;
  const source = anyCase === undefined ? escaped(operand as string) : ignoringCase(anyCase);
  switch (name) {
    case 'exactly':
      return text === operand;
    case 'prefix':
      return new RegExp(`^${source}`, 'u').test(text);
    case 'suffix':
      return new RegExp(`${source}$`, 'u').test(text);
    case 'equals-ignore-case':
      return new RegExp(`^${ignoringCase(operand as string)}$`, 'u').test(text);
    case 'wildcard':
      return new RegExp(`^${[...(operand as string).matchAll(/\\.|[^]/gu)].map(([unit]) => (unit === '*' ? '.*' : escaped(unit.length === 2 && unit.startsWith('\\') ? unit.slice(1) : unit))).join('')}$`, 'us').test(text);
    default:
      return inBlock(operand as string, text);
  }
}

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);

const ignoringCase = (text: string): string => Array.from(text, (one) => `(?:${[one, one.toLowerCase(), one.toUpperCase()].map(escaped).join('|')})`).join('');

function sameAddress(wanted: unknown, value: unknown): boolean {
  if (typeof wanted !== 'string' || typeof value !== 'string') return false;
  const address = plainAddress(wanted);
  return address !== null && inBlock(`${wanted}/${isIPv4(address) ? 32 : 128}`, value);
}

function inBlock(block: string, text: string): boolean {
  const [written, bits] = block.split('/') as [string, string];
  const address = plainAddress(written);
  const value = plainAddress(text);
  if (address === null || value === null) return false;
  const blocks = new BlockList();
  blocks.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6');
  // A block of IPv6 would hold the IPv4 addresses that are mapped into it.
  return isIPv4(address) === isIPv4(value) && blocks.check(value, isIPv4(value) ? 'ipv4' : 'ipv6');
}

/** As an address is usually written: no zeros before decimal numbers, IPv4 in place of what maps it into IPv6. */
function plainAddress(text: string): string | null {
  if (/^(?:\d+\.){3}\d+$/.test(text)) {
    const plain = text.split('.').map(Number).join('.');
    return isIPv4(plain) ? plain : null;
  }
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i.exec(text);
  if (mapped !== null) {
    const [high, low] = [mapped[1]!, mapped[2]!].map((group) => Number.parseInt(group, 16)) as [number, number];
    return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  }
  return isIPv6(text) && /^[0-9a-f:]+$/i.test(text) ? text : null;
}
