import { JsonNumber } from '../asl/numbers/json-number.ts';
import { compileLeaf, compilePresent, holdsNoValue, someElement, type FieldTest } from './leaf.ts';
import { expand, isAbsence, isLeaf, mayBeAbsent, separate, type ObjectTree, type PatternTree } from './tree.ts';
import { either } from './value-test.ts';

export type Data = Readonly<Record<string, unknown>>;

export type ObjectTest = (object: Data) => boolean;

/** True for JsonNumbers too. They hold nothing, which is all that the fields of a pattern can find out. */
export const isObject = (value: unknown): value is Data => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether an object has what the tree asks for. */
export function compileObject(tree: ObjectTree): ObjectTest {
  return either(separate(tree).map(({ fields, groups }) => all([...fieldTests(fields), ...groups.map((branches) => either(branches.map(compileObject)))])));
}

/** Single values before objects: they cost least. */
function fieldTests(fields: ObjectTree['fields']): readonly ObjectTest[] {
  const entries = [...fields].toSorted(([, left], [, right]) => Number(isLeaf(right)) - Number(isLeaf(left)));
  return entries.map(([key, tree]) => read(key, compileField(tree)));
}

/**
 * What a nested pattern says holds for one object: of an array of them, one element must have all of it, whichever that is.
 */
function compileField(tree: PatternTree): FieldTest {
  if (isLeaf(tree)) return compileLeaf(tree.alternatives);
  if (mayBeAbsent(tree)) return either(expand(tree).map((way) => (mayBeAbsent(way) ? accepted(gradeField(way)) : compileNested(way))));
  return compileNested(tree);
}

function compileNested(tree: ObjectTree): FieldTest {
  const test = compileObject(tree);
  const element = (value: unknown): boolean => isObject(value) && test(value);
  return (value) => element(value) || (Array.isArray(value) && someElement(value, element));
}

/** A key that objects inherit something under has to be their own to count. */
function read(key: string, test: FieldTest): ObjectTest {
  return key in JsonNumber.prototype ? (object) => test(own(object, key)) : (object) => test(object[key]);
}

const own = (object: Data, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined);

function all(tests: readonly ObjectTest[]): ObjectTest {
  const [first, second, third] = tests as readonly [ObjectTest, ObjectTest, ObjectTest];
  if (tests.length === 1) return first;
  if (tests.length === 2) return (object) => first(object) && second(object);
  if (tests.length === 3) return (object) => first(object) && second(object) && third(object);
  return (object) => {
    for (const test of tests) if (!test(object)) return false;
    return true;
  };
}

const NO = 0;
const ABSENT = 1;
const PRESENT = 2;

/**
 * How a value stands to a tree, without groups, all of whose fields may be absent. Of an array, an element that has something
 * which the tree accepts is found as any other is; but where nothing is there, it must be in no element.
 */
type Grade = typeof NO | typeof ABSENT | typeof PRESENT;

type Grading = (value: unknown) => Grade;

const accepted = (grading: Grading): FieldTest => (value) => grading(value) !== NO;

function gradeField(tree: PatternTree): Grading {
  if (!isLeaf(tree)) return gradeNested(tree);
  const present = compilePresent(tree.alternatives.filter((alternative) => !isAbsence(alternative)));
  return (value) => (present(value) ? PRESENT : holdsNoValue(value) ? ABSENT : NO);
}

function gradeNested({ fields }: ObjectTree): Grading {
  const gradings = Array.from(fields, ([key, tree]): readonly [string, Grading] => [key, gradeField(tree)]);
  const element = (value: unknown): Grade => {
    let grade: Grade = ABSENT;
    if (!isObject(value)) return grade;
    for (const [key, grading] of gradings) {
      const found = grading(own(value, key));
      if (found === NO) return NO;
      if (found === PRESENT) grade = PRESENT;
    }
    return grade;
  };
  return (value) => {
    if (!Array.isArray(value)) return element(value);
    let grade: Grade = ABSENT;
    const present = someElement(value, (one) => {
      const found = element(one);
      if (found === NO) grade = NO;
      return found === PRESENT;
    });
    return present ? PRESENT : grade;
  };
}
