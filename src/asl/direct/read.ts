import type { Names } from './contract.ts';

export type Read = (value: unknown) => unknown;
export type Data = Record<string, unknown>;

export const identity: Read = (value) => value;

/** JSON data has no undefined, and the name is none that objects have by inheritance: a plain read will do. */
export function read(names: Names): Read {
  const [name, second] = names as [string, string];
  switch (names.length) {
    case 0:
      return identity;
    case 1:
      return (value) => (typeof value === 'object' && value !== null ? (value as Data)[name] : undefined);
    case 2:
      return (value) => {
        if (typeof value !== 'object' || value === null) return undefined;
        const inner = (value as Data)[name];
        return typeof inner === 'object' && inner !== null ? (inner as Data)[second] : undefined;
      };
    default:
      return (value) => {
        let node = value;
        for (const key of names) {
          if (typeof node !== 'object' || node === null) return undefined;
          node = (node as Data)[key];
        }
        return node;
      };
  }
}
