import { isContainer } from '../asl/numbers/json-number.ts';

/** The alternatives of one field: values and match expressions. */
export interface LeafTree {
  readonly alternatives: readonly unknown[];
}

/** Fields that must all match, and groups ($or) of which one branch each must. */
export interface ObjectTree {
  readonly fields: ReadonlyMap<string, PatternTree>;
  readonly groups: readonly (readonly ObjectTree[])[];
}

export type PatternTree = LeafTree | ObjectTree;

export const isLeaf = (tree: PatternTree): tree is LeafTree => 'alternatives' in tree;

export const OR = '$or';

/** The tree of a pattern that has no faults. */
export function readTree(pattern: object): ObjectTree {
  const fields = new Map<string, PatternTree>();
  const groups: ObjectTree[][] = [];
  for (const [key, value] of Object.entries(pattern) as [string, object][]) {
    if (key === OR) groups.push((value as object[]).map(readTree));
    else fields.set(key, Array.isArray(value) ? { alternatives: value } : readTree(value));
  }
  return { fields, groups };
}

export const isAbsence = (alternative: unknown): boolean => isContainer(alternative) && (alternative as { exists?: unknown }).exists === false;

/** True where the tree accepts that nothing is there which it names. */
export function mayBeAbsent(tree: PatternTree): boolean {
  if (isLeaf(tree)) return tree.alternatives.some(isAbsence);
  return [...tree.fields.values()].every(mayBeAbsent) && tree.groups.every((branches) => branches.some(mayBeAbsent));
}

/** All ways of choosing one branch of each group, at any depth, as trees without groups. */
export function expand(tree: ObjectTree): readonly ObjectTree[] {
  const plain = new Map<string, PatternTree>();
  const choices: (readonly ObjectTree[])[] = [];
  for (const [key, field] of tree.fields) {
    const ways = isLeaf(field) ? [field] : expand(field);
    if (ways.length === 1) plain.set(key, ways[0] as PatternTree);
    else choices.push(ways.map((way) => ({ fields: new Map([[key, way]]), groups: [] })));
  }
  for (const branches of tree.groups) choices.push(branches.flatMap(expand));
  return combine({ fields: plain, groups: [] }, choices);
}

/**
 * The tree as alternatives in which no branch of a group names a field that something beside the group names too. Where they
 * name parts of one field, these have to match in the same element, if the field is an array: they become one nested pattern.
 */
export function separate(tree: ObjectTree): readonly ObjectTree[] {
  return sharesFields(tree) ? combine({ fields: tree.fields, groups: [] }, tree.groups).flatMap(separate) : [tree];
}

function combine(start: ObjectTree, choices: readonly (readonly ObjectTree[])[]): readonly ObjectTree[] {
  let made: readonly ObjectTree[] = [start];
  for (const ways of choices) made = made.flatMap((left) => ways.map((way) => merge(left, way)));
  return made;
}

/** Both trees in one. A field that both have is an object in both: anything else is a fault. */
function merge(left: ObjectTree, right: ObjectTree): ObjectTree {
  const fields = new Map(left.fields);
  for (const [key, field] of right.fields) {
    const other = fields.get(key);
    fields.set(key, other === undefined ? field : merge(other as ObjectTree, field as ObjectTree));
  }
  return { fields, groups: [...left.groups, ...right.groups] };
}

function sharesFields({ fields, groups }: ObjectTree): boolean {
  const taken = new Set(fields.keys());
  for (const branches of groups) {
    const keys = new Set(branches.flatMap(keysOf));
    for (const key of keys) if (taken.has(key)) return true;
    for (const key of keys) taken.add(key);
  }
  return false;
}

const keysOf = ({ fields, groups }: ObjectTree): readonly string[] => [...fields.keys(), ...groups.flat().flatMap(keysOf)];
