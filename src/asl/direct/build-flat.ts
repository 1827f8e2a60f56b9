import { BAIL, type DirectRun, type Shape } from './contract.ts';
import type { Data } from './read.ts';

type ObjectShape = Extract<Shape, { kind: 'object' }>;

/** Whether a shape is a few members of the input and literals. */
export const isFlat = ({ keys, members }: ObjectShape): boolean =>
  keys.length <= 6 && members.every((shape) => shape.kind === 'literal' || (shape.kind === 'read' && shape.names.length === 1));

/** Makes such an object. Unrolled: each place in the code reads and stores one name, for which V8 keeps what it has learnt. */
export function buildFlat({ keys, members }: ObjectShape): DirectRun {
  const [k0, k1, k2, k3, k4, k5] = keys as [string, string, string, string, string, string];
  const [n0, n1, n2, n3, n4, n5] = members.map((shape) => (shape.kind === 'read' ? shape.names[0] : undefined));
  const [l0, l1, l2, l3, l4, l5] = members.map((shape) => (shape.kind === 'literal' ? shape.value : undefined));
  switch (keys.length) {
    case 1:
      return (value) => {
        if (typeof value !== 'object' || value === null) return BAIL;
        const a = n0 === undefined ? l0 : (value as Data)[n0];
        if (a === undefined) return BAIL;
        const out: Data = {};
        out[k0] = a;
        return out;
      };
    case 2:
      return (value) => {
        if (typeof value !== 'object' || value === null) return BAIL;
        const a = n0 === undefined ? l0 : (value as Data)[n0];
        const b = n1 === undefined ? l1 : (value as Data)[n1];
        if (a === undefined || b === undefined) return BAIL;
        const out: Data = {};
        out[k0] = a;
        out[k1] = b;
        return out;
      };
    case 3:
      return (value) => {
        if (typeof value !== 'object' || value === null) return BAIL;
        const a = n0 === undefined ? l0 : (value as Data)[n0];
        const b = n1 === undefined ? l1 : (value as Data)[n1];
        const c = n2 === undefined ? l2 : (value as Data)[n2];
        if (a === undefined || b === undefined || c === undefined) return BAIL;
        const out: Data = {};
        out[k0] = a;
        out[k1] = b;
        out[k2] = c;
        return out;
      };
    case 4:
      return (value) => {
        if (typeof value !== 'object' || value === null) return BAIL;
        const a = n0 === undefined ? l0 : (value as Data)[n0];
        const b = n1 === undefined ? l1 : (value as Data)[n1];
        const c = n2 === undefined ? l2 : (value as Data)[n2];
        const d = n3 === undefined ? l3 : (value as Data)[n3];
        if (a === undefined || b === undefined || c === undefined || d === undefined) return BAIL;
        const out: Data = {};
        out[k0] = a;
        out[k1] = b;
        out[k2] = c;
        out[k3] = d;
        return out;
      };
    case 5:
      return (value) => {
        if (typeof value !== 'object' || value === null) return BAIL;
        const a = n0 === undefined ? l0 : (value as Data)[n0];
        const b = n1 === undefined ? l1 : (value as Data)[n1];
        const c = n2 === undefined ? l2 : (value as Data)[n2];
        const d = n3 === undefined ? l3 : (value as Data)[n3];
        const e = n4 === undefined ? l4 : (value as Data)[n4];
        if (a === undefined || b === undefined || c === undefined || d === undefined || e === undefined) return BAIL;
        const out: Data = {};
        out[k0] = a;
        out[k1] = b;
        out[k2] = c;
        out[k3] = d;
        out[k4] = e;
        return out;
      };
    default:
      return (value) => {
        if (typeof value !== 'object' || value === null) return BAIL;
        const a = n0 === undefined ? l0 : (value as Data)[n0];
        const b = n1 === undefined ? l1 : (value as Data)[n1];
        const c = n2 === undefined ? l2 : (value as Data)[n2];
        const d = n3 === undefined ? l3 : (value as Data)[n3];
        const e = n4 === undefined ? l4 : (value as Data)[n4];
        const f = n5 === undefined ? l5 : (value as Data)[n5];
        if (a === undefined || b === undefined || c === undefined || d === undefined || e === undefined || f === undefined) return BAIL;
        const out: Data = {};
        out[k0] = a;
        out[k1] = b;
        out[k2] = c;
        out[k3] = d;
        out[k4] = e;
        out[k5] = f;
        return out;
      };
  }
}
