import { copyObject, COPIES_BY_SPREAD } from '../copy.ts';
import { buildFlat, isFlat } from './build-flat.ts';
import { BAIL, type DirectRun, type Shape } from './contract.ts';
import { type Data, identity, type Read, read } from './read.ts';

/** The result in a copy of the input. */
export function put(key: string, result: Shape): DirectRun {
  if (result.kind === 'literal') {
    const { value: literal } = result;
    return (value) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return BAIL;
      const copy: Data = COPIES_BY_SPREAD ? { ...value } : copyObject(value);
      copy[key] = literal;
      return copy;
    };
  }
  const run = make(result);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return BAIL;
    const made = run(value);
    if (made === BAIL) return BAIL;
    const copy: Data = COPIES_BY_SPREAD ? { ...value } : copyObject(value);
    copy[key] = made;
    return copy;
  };
}

export function make(shape: Shape): DirectRun {
  if (shape.kind === 'object') return isFlat(shape) ? buildFlat(shape) : build(shape.keys, shape.members.map(member));
  if (shape.kind === 'read' && shape.names.length === 0) return identity;
  const get = member(shape);
  return (value) => {
    const found = get(value);
    return found === undefined ? BAIL : found;
  };
}

/** Undefined where it cannot be made. */
function member(shape: Shape): Read {
  if (shape.kind === 'read') return read(shape.names);
  if (shape.kind === 'literal') {
    const { value: literal } = shape;
    return () => literal;
  }
  const run = make(shape);
  return (value) => {
    const made = run(value);
    return made === BAIL ? undefined : made;
  };
}

function build(keys: readonly string[], gets: readonly Read[]): DirectRun {
  return (value) => {
    const out: Data = {};
    for (let i = 0; i < keys.length; i++) {
      const found = gets[i]!(value);
      if (found === undefined) return BAIL;
      out[keys[i]!] = found;
    }
    return out;
  };
}
