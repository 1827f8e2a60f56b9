import { putKey } from '../copy.ts';
import { compileFilter, compileRelativePath, type Accept } from './filter.ts';
import { PATH_FUNCTIONS } from './functions.ts';
import { item, own } from './definite.ts';
import { TEXT_WORK_SHIFT } from './compare.ts';
import { jsonBytes } from '../size.ts';
import { MISSING } from './missing.ts';
import { VISIT_LIMIT, type Run, type Walk } from './run.ts';
import { type CallArgument, isAggregate, type PathStep } from './syntax.ts';
import { isContainer } from '../numbers/json-number.ts';

const emit: Walk = (value, run) => {
  run.charge(1);
  run.found.push(value);
};

/** Compiles any path to a chain of walks, last step first. What a step cannot be applied to is passed over. */
export function compileWalk(steps: readonly PathStep[]): Walk {
  if (isAggregate(steps)) return compileAggregate(steps);
  let next = emit;
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i] as PathStep;
    const descends = i > 0 && steps[i - 1]?.kind === 'descend';
    if (step.kind === 'descend') continue;
    const last = i === steps.length - 1;
    const apply = compileStep(step, next, last);
    next = descends ? descend(apply, applies(step, last)) : apply;
  }
  return next;
}

function compileStep(step: Exclude<PathStep, { kind: 'descend' }>, next: Walk, last: boolean): Walk {
  switch (step.kind) {
    case 'name':
      return (value, run) => follow(own(value, step.name), next, run);
    case 'names':
      return last ? (value, run) => merge(value, step.names, run) : (value, run) => step.names.forEach((name) => follow(own(value, name), next, run));
    case 'index':
      return (value, run) => follow(item(value, step.index, run.past), next, run);
    case 'indexes':
      return (value, run) => step.indexes.forEach((index) => follow(item(value, index, run.past), next, run));
    case 'slice':
      return (value, run) => slice(value, step.from, step.to, next, run);
    case 'wildcard':
      return (value, run) => {
        for (const child of children(value)) follow(child, next, run);
      };
    case 'filter':
      return filter(compileFilter(step.test, compileWalk), next);
    case 'call':
      return call(step.name, step.args, next);
  }
}

function follow(value: unknown, next: Walk, run: Run): void {
  run.charge(1);
  if (value !== MISSING) next(value, run);
}

function children(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

/** `['a','b']` at the end: one object with those of the names that there are. */
function merge(value: unknown, names: readonly string[], run: Run): void {
  if (!isContainer(value) || Array.isArray(value)) return;
  const merged: Record<string, unknown> = {};
  for (const name of names) if (Object.hasOwn(value, name)) putKey(merged, name, (value as Record<string, unknown>)[name]);
  run.charge(names.length);
  emit(merged, run);
}

/** Bounds below zero count from the end, except that `[1:-1]` is empty, as Jayway has it. */
function slice(value: unknown, from: number | null, to: number | null, next: Walk, run: Run): void {
  if (!Array.isArray(value)) return;
  const { length } = value;
  const openEnded = from === null || from < 0;
  const start = from === null ? 0 : Math.max(0, from < 0 ? length + from : from);
  const end = to === null ? length : Math.min(length, to < 0 && openEnded ? length + to : to);
  for (let i = start; i < end; i++) follow((value as unknown[])[i], next, run);
}

/** Of an array its items are filtered, an object itself is. */
function filter(accept: Accept, next: Walk): Walk {
  return (value, run) => {
    if (Array.isArray(value)) {
      for (const element of value as unknown[]) {
        run.charge(1);
        if (accept(element, run)) next(element, run);
      }
    } else if (isContainer(value)) {
      run.charge(1);
      if (accept(value, run)) next(value, run);
    }
  };
}

/** What a function may have to look at: the members of what it is given, and all that is in them where it writes a text. */
function workOf(value: unknown, writes: boolean): number {
  if (typeof value === 'string') return 1 + (value.length >> TEXT_WORK_SHIFT);
  if (typeof value !== 'object' || value === null) return 1;
  if (writes) return 1 + jsonBytes(value, VISIT_LIMIT);
  return 1 + (Array.isArray(value) ? value.length : Object.keys(value).length);
}

function call(name: string, args: readonly CallArgument[], next: Walk): Walk {
  const invoke = PATH_FUNCTIONS.get(name) ?? ((): unknown => MISSING);
  const writes = name === 'concat';
  const reads = args.map((arg) => (arg.kind === 'literal' ? (): unknown => arg.value : compileRelativePath(arg, compileWalk)));
  return (value, run) => {
    const given = reads.map((read) => read(run.item, run)).filter((arg) => arg !== MISSING);
    run.charge(given.reduce<number>((sum, arg) => sum + workOf(arg, writes), workOf(value, writes)));
    follow(invoke(value, given), next, run);
  };
}

/** `$..price.sum()` applies the function to the array of all that is found; `length()` counts what is in them. */
function compileAggregate(steps: readonly PathStep[]): Walk {
  const last = steps.at(-1);
  if (last?.kind !== 'call') throw new TypeError('not an aggregate');
  const inner = steps.slice(0, -1);
  const all = compileWalk(last.name === 'length' || last.name === 'size' ? [...inner, { kind: 'wildcard' }] : inner);
  const apply = call(last.name, last.args, emit);
  return (value, run) => {
    const found: unknown[] = [];
    all(value, { ...run, found });
    apply(found, run);
  };
}

/** Depth first, a node before what is in it. Iterative: data may nest deeper than the stack reaches. */
function descend(apply: Walk, applies: (value: unknown) => boolean): Walk {
  return (value, run) => {
    const pending: unknown[] = [value];
    while (pending.length > 0) {
      const node = pending.pop();
      run.charge(1);
      if (!isContainer(node)) continue;
      if (applies(node)) apply(node, run);
      const inside = children(node);
      for (let i = inside.length - 1; i >= 0; i--) pending.push(inside[i]);
    }
  };
}

/** Which nodes a descent applies its step to; the step itself passes over most of the others. */
function applies(step: PathStep, last: boolean): (value: unknown) => boolean {
  if (step.kind === 'names' && last) {
    return (value) => !Array.isArray(value) && step.names.every((name) => Object.hasOwn(value as object, name));
  }
  // A filter looks at an object when the descent reaches it, so the items of an array are not looked at a second time.
  if (step.kind === 'filter') return (value) => !Array.isArray(value);
  return () => step.kind !== 'call';
}
