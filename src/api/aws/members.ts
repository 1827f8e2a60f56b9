import { AwsFault } from './fault.ts';

/** What AWS's model says of one member of a request. Lengths are in characters. */
export interface MemberRule {
  readonly type: 'string' | 'boolean' | 'integer' | 'structure' | 'list';
  readonly required?: true;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
  /** Of a structure. */
  readonly members?: Shape;
  /** The value is not repeated in a message. */
  readonly sensitive?: true;
}

export type Shape = Readonly<Record<string, MemberRule>>;
export type Request = Readonly<Record<string, unknown>>;

const FOUND: Readonly<Record<string, string>> = { string: 'STRING_VALUE', number: 'NUMBER_VALUE', boolean: 'TRUE_VALUE', object: 'START_OBJECT' };
const WANTED: Readonly<Record<MemberRule['type'], string>> = { string: 'String', boolean: 'Boolean', integer: 'Integer', structure: 'Structure', list: 'List' };

/**
 * Holds a request to its shape in AWS's way: one ValidationException that counts every constraint not satisfied, or a
 * SerializationException for a member of the wrong JSON type. Members that the shape does not know are left alone, as on AWS.
 *
 * @throws AwsFault
 */
export function checkRequest(request: unknown, shape: Shape): Request {
  if (request === null || typeof request !== 'object' || Array.isArray(request)) throw new AwsFault('SerializationException', 'Start of structure or map found where not expected.');
  const faults: string[] = [];
  checkStructure(request as Request, shape, '', faults);
  if (faults.length > 0) throw new AwsFault('ValidationException', `${faults.length} validation error${faults.length === 1 ? '' : 's'} detected: ${faults.join('; ')}`);
  return request as Request;
}

/** A member of a request as data; what an object inherits is none. */
export const memberOf = (request: Request, name: string): unknown => (Object.hasOwn(request, name) ? (request[name] ?? undefined) : undefined);

/** A checked request with the members of its shape only, those within structures too; null counts as absent, as on AWS. */
export function knownMembers(request: Request, shape: Shape): Request {
  const known = Object.entries(shape).flatMap(([name, rule]) => {
    const value = memberOf(request, name);
    return value === undefined ? [] : [[name, rule.members === undefined ? value : knownMembers(value as Request, rule.members)] as const];
  });
  return Object.fromEntries(known);
}

function checkStructure(request: Request, shape: Shape, prefix: string, faults: string[]): void {
  for (const [name, rule] of Object.entries(shape)) {
    const value = memberOf(request, name);
    const at = `${prefix}${name}`;
    if (value === undefined) {
      if (rule.required === true) faults.push(`Value null at '${at}' failed to satisfy constraint: Member must not be null`);
      continue;
    }
    checkType(value, rule);
    const constraint = constraintOf(value, rule);
    if (constraint !== undefined) {
      const said = rule.sensitive === true || typeof value === 'object' ? 'Value' : `Value '${String(value).slice(0, 100)}'`;
      faults.push(`${said} at '${at}' failed to satisfy constraint: ${constraint}`);
    }
    if (rule.members !== undefined) checkStructure(value as Request, rule.members, `${at}.`, faults);
  }
}

function checkType(value: unknown, rule: MemberRule): void {
  const found = Array.isArray(value) ? 'list' : typeof value === 'object' ? 'structure' : typeof value === 'number' ? 'integer' : typeof value;
  if (found === rule.type && (found !== 'integer' || Number.isInteger(value))) return;
  const kind = Array.isArray(value) ? 'START_ARRAY' : value === false ? 'FALSE_VALUE' : FOUND[typeof value];
  throw new AwsFault('SerializationException', `${kind} can not be converted to ${WANTED[rule.type]}`);
}

function constraintOf(value: unknown, { type, min, max, values }: MemberRule): string | undefined {
  if (values !== undefined && !values.includes(String(value))) return `Member must satisfy enum value set: [${values.join(', ')}]`;
  const size = typeof value === 'string' ? value.length : (value as number);
  const what = type === 'string' ? 'length' : 'value';
  if (min !== undefined && size < min) return `Member must have ${what} greater than or equal to ${min}`;
  if (max !== undefined && size > max) return `Member must have ${what} less than or equal to ${max}`;
  return undefined;
}
