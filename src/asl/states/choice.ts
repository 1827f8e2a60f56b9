import { compileRule, type Predicate } from '../choice-rules.ts';
import type { CompiledState, StateCompiler, StateContext } from '../context.ts';
import { describeChoice } from '../direct/describe.ts';
import { compileAssign, compilePathField } from '../fields.ts';
import { bindingsFor, compileJsonataField, compileJsonataResult, typeFault, type JsonataField } from '../jsonata-fields.ts';
import { objects } from '../retry.ts';
import { stateFault } from '../state-fault.ts';
import type { Frame, Json } from '../types.ts';

const noMatch = (frame: Frame): never => {
  throw stateFault(frame, 'States.NoChoiceMatched', 'Failed to transition out of the state. The state\'s choices did not match and no Default is given.');
};

/** Choice (ASL spec, "Choice State"): the first rule that holds, else Default, else States.NoChoiceMatched. */
export const compileChoice: StateCompiler = (context) => (context.language === 'JSONata' ? compileJsonata(context) : compileJsonPath(context));

interface Rule {
  readonly holds: Predicate;
  readonly target: number;
  readonly assign: ReturnType<typeof compileAssign>;
}

function compileJsonPath(context: StateContext): CompiledState {
  const { definition } = context;
  const rules = objects(definition['Choices']).map(
    (rule): Rule => ({ holds: compileRule(rule), target: context.target(String(rule['Next'])), assign: compileAssign(rule['Assign']) }),
  );
  const otherwise = typeof definition['Default'] === 'string' ? context.target(definition['Default']) : -1;
  const assign = compileAssign(definition['Assign']);
  const input = compilePathField(context, 'InputPath');
  const output = compilePathField(context, 'OutputPath');
  if (input === null && output === null && assign === null && rules.every((rule) => rule.assign === null)) {
    return { step: decide(rules, otherwise), direct: describeChoice(context) };
  }
  const choose = (frame: Frame, effective: unknown): number => {
    for (const rule of rules) {
      if (!rule.holds(effective, frame)) continue;
      rule.assign?.(frame, effective, frame.bytes);
      return rule.target;
    }
    if (otherwise < 0) noMatch(frame);
    assign?.(frame, effective, frame.bytes);
    return otherwise;
  };
  return {
    step: (frame) => {
      const effective = input === null ? frame.value : input(frame.value, frame);
      const target = choose(frame, effective);
      frame.value = output === null ? effective : output(effective, frame);
      return target;
    },
  };
}

/** The plain choice, without a loop for the sizes that are met most. */
function decide(rules: readonly Rule[], otherwise: number): (frame: Frame) => number {
  if (rules.length === 1) {
    const { holds, target } = rules[0]!;
    return (frame) => (holds(frame.value, frame) ? target : otherwise >= 0 ? otherwise : noMatch(frame));
  }
  if (rules.length === 2) {
    const [a, b] = [rules[0]!, rules[1]!];
    return (frame) => (a.holds(frame.value, frame) ? a.target : b.holds(frame.value, frame) ? b.target : otherwise >= 0 ? otherwise : noMatch(frame));
  }
  return (frame) => {
    for (let i = 0; i < rules.length; i++) if (rules[i]!.holds(frame.value, frame)) return rules[i]!.target;
    return otherwise >= 0 ? otherwise : noMatch(frame);
  };
}

function compileJsonata(context: StateContext): CompiledState {
  const { definition } = context;
  const rules = objects(definition['Choices']).map((rule, i) => {
    const field = `Choices[${i}]/Condition`;
    return {
      written: rule['Condition'] as Json,
      field,
      condition: compileJsonataField(rule['Condition'] as Json, field),
      // A rule's own Output and Assign; the state's serve the Default only (ASL spec, "Choice State").
      finish: compileJsonataResult(context, rule, context.target(String(rule['Next']))),
    };
  });
  const otherwise = typeof definition['Default'] === 'string' ? compileJsonataResult(context, definition, context.target(definition['Default'])) : null;
  const bindings = (frame: Frame, field: JsonataField): Record<string, unknown> => bindingsFor(frame, field, { input: frame.value });
  const truth = (frame: Frame, i: number, value: unknown): boolean => {
    if (typeof value !== 'boolean') throw typeFault(frame, rules[i]!.written, rules[i]!.field, 'boolean', value);
    return value;
  };
  const end = (frame: Frame, i: number): number => {
    const states = { input: frame.value };
    if (i < rules.length) return rules[i]!.finish(frame, states, frame.value);
    return otherwise === null ? noMatch(frame) : otherwise(frame, states, frame.value);
  };
  /** From rule `i` on, once one of them has answered with a promise: the rest are awaited in order. */
  const chooseLate = async (frame: Frame, first: unknown, i: number): Promise<number> => {
    if (truth(frame, i, await first)) return i;
    for (let j = i + 1; j < rules.length; j++) {
      if (truth(frame, j, await rules[j]!.condition.get(frame, bindings(frame, rules[j]!.condition)))) return j;
    }
    return rules.length;
  };
  return {
    step: (frame) => {
      for (let i = 0; i < rules.length; i++) {
        const { condition } = rules[i]!;
        const value = condition.get(frame, bindings(frame, condition));
        if (value instanceof Promise) return frame.awaitPromise(chooseLate(frame, value, i), (woken, chosen) => end(woken, chosen as number));
        if (truth(frame, i, value)) return end(frame, i);
      }
      return end(frame, rules.length);
    },
  };
}
