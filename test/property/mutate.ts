import type { Json } from '../../src/asl/types.ts';

/** A small seeded generator (mulberry32), so that a run can be had again. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const ODD_TEXTS = [
  '', ' ', '$', '$$', '$.', '$..', '$.a', '$.a[', '$[*]', '$..*', '$..[?(@..x)]', '$.x[?(@.a =~ /(a+)+$/)]', '$.x[?(@.a in [1,2])]', '$.list[?(@ > 1 || @ == $.n)]', '$[-1]', '$[1:]', '$[:-1]', "$['__proto__']", "$['a','b']",
  '$__proto__', '$x', '$states', '$.length()', '$.list.sum()', '$..n.max()', '$.objs..x.concat("a", $.n)', '$.list.append($)', '$$.Map.Item.Value', '$$.Execution', '$$.State.Name', '$.n[0][0]',
  'States.Format(', "States.Format('{}', $)", "States.Format('{}{}', $.n, States.UUID())", 'States.Array($, $, $)', 'States.JsonToString(States.Array($, $))', 'States.ArrayRange(0, 1000000000, 1)', 'States.ArrayRange($.n, 5, 0)', "States.StringToJson('[')",
  'States.ArrayPartition($.list, 0)', 'States.MathRandom(0, 0)', 'States.MathRandom(-1e308, 1e308, 7)', 'States.MathAdd(1e308, 1e308)', "States.Hash($, 'SHA-1')", 'States.JsonMerge($, $, false)', "States.StringSplit($.s, '')", 'States.ArrayUnique($[*])', 'States.Base64Decode($.s)', 'States.ArrayContains($.objs, $)',
  '{% %}', '{%%}', '{% 1', '{% $states.input %}', '{% $states.result %}', '{% $states.errorOutput %}', '{% $states.context %}', '{% $states %}', '{% $x %}', '{% $__proto__ %}', '{% [1..1e6] %}', '{% $error("x") %}', '{% function($x){$x} %}', '{% $map([1..100], $string) %}', '{% ($f := function(){$f()}; $f()) %}', '{% $states.input#$i.$i %}',
  '{% $states.input@$v.{"a": $v} %}', '{% $match($states.input.s, /(a*)*b/) %}', '{% $string($states.input) %}', '{% $parse($states.input.s) %}', '{% $range(1, 1e9, 1) %}', '{% $pad("x", 1e9) %}', '{% {"__proto__": 1} %}', '{% $sort($states.input.list, function($a, $b){$a > $b}) %}', '{% $states.input ~> |$|{"x": 1}| %}', '{% $eval("1") %}', '{% $reduce([1..50], function($a, $b){$a & $a}) %}', '{% %.x %}', '{% ** %}',
  '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'States.ALL', 'States.TaskFailed', 'States.Timeout', 'States.Runtime', 'JSONata', 'JSONPath', 'FULL', 'NONE', '2026-01-02T03:04:05Z', '9999-12-31T23:59:59Z', '0000-01-01T00:00:00Z', '*'.repeat(300), 'a'.repeat(5000), '💥', '\ud800', '\u0000', "'", '"', '\\', 'arn:aws:lambda:us-east-1:000000000000:function:echo', 'arn:aws:states:::lambda:invoke', 'arn:aws:states:::aws-sdk:s3:getObject', 'echo', 'list',
];
const ODD_VALUES: Json[] = [null, true, false, 0, -0, -1, 0.5, 1e21, 1e300, -1e300, 5e-324, 2 ** 53, 99_999_999, 100_000_000, 2 ** 31, [], {}, [[]], [null], [{}], { a: 1 }];
const FIELDS = [
  'Type', 'Next', 'End', 'StartAt', 'States', 'InputPath', 'OutputPath', 'ResultPath', 'Parameters', 'ResultSelector', 'Result', 'Arguments', 'Output', 'Assign', 'Retry', 'Catch', 'ErrorEquals', 'IntervalSeconds', 'MaxAttempts', 'BackoffRate', 'MaxDelaySeconds', 'JitterStrategy', 'Choices', 'Default', 'And', 'Or', 'Not', 'Variable', 'Condition',
  'StringEquals', 'StringMatches', 'NumericLessThanPath', 'IsPresent', 'TimestampEquals', 'Branches', 'ItemProcessor', 'Iterator', 'ItemsPath', 'Items', 'ItemSelector', 'MaxConcurrency', 'MaxConcurrencyPath', 'ToleratedFailureCount', 'ToleratedFailurePercentage', 'ToleratedFailurePercentagePath', 'ProcessorConfig', 'Mode', 'ItemReader', 'ItemBatcher', 'ResultWriter', 'Label',
  'Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath', 'TimeoutSeconds', 'TimeoutSecondsPath', 'HeartbeatSeconds', 'HeartbeatSecondsPath', 'Error', 'ErrorPath', 'Cause', 'CausePath', 'Resource', 'Credentials', 'QueryLanguage', 'Comment', 'Version', 'x.$', '__proto__', '__proto__.$', 'constructor', 'n.$', '', '.$',
];

type Random = () => number;
type Container = Json[] | { [key: string]: Json };

const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

/** Every object and array of a value, itself first. */
function containers(value: Json): Container[] {
  const found: Container[] = [];
  const pending: Json[] = [value];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    found.push(node);
    pending.push(...Object.values(node));
  }
  return found;
}

/** An array takes what has no place in it at its end: it stays one that JSON can say. */
function put(container: Container, key: string, value: Json): void {
  if (Array.isArray(container) && !/^\d+$/.test(key)) {
    container.push(value);
    return;
  }
  Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true });
}

function oddText(random: Random, text: string): string {
  const at = Math.floor(random() * (text.length + 1));
  const other = pick(random, ODD_TEXTS);
  switch (Math.floor(random() * 5)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1 + Math.floor(random() * 4));
    case 1:
      return text.slice(0, at) + other + text.slice(at);
    case 2:
      return text.slice(0, at) + String.fromCharCode(Math.floor(random() * (random() < 0.9 ? 128 : 65_536))) + text.slice(at + 1);
    case 3:
      return text + text;
    default:
      return other;
  }
}

/** One change at a random place; `pool` is where parts of other definitions come from. Changes the value in place. */
function mutateOnce(random: Random, root: Json, pool: readonly Json[]): void {
  const container = pick(random, containers(root));
  if (container === undefined) return;
  const keys = Object.keys(container);
  const key = keys.length === 0 ? pick(random, FIELDS) : pick(random, keys);
  const old = (Object.hasOwn(container, key) ? (container as Record<string, Json>)[key] : null) ?? null;
  switch (Math.floor(random() * 9)) {
    case 0:
      if (Array.isArray(container)) container.splice(Number(key), 1);
      else Reflect.deleteProperty(container, key);
      return;
    case 1:
      if (Array.isArray(container)) container.push(structuredClone(old));
      else put(container, pick(random, FIELDS), structuredClone(old));
      return;
    case 2:
      put(container, key, structuredClone(pick(random, ODD_VALUES)));
      return;
    case 3:
    case 4:
      put(container, key, typeof old === 'string' ? oddText(random, old) : pick(random, ODD_TEXTS));
      return;
    case 5: {
      const other = pick(random, containers(pick(random, pool)));
      if (other !== undefined) put(container, key, JSON.parse(JSON.stringify(pick(random, Object.values(other)) ?? null)) as Json);
      return;
    }
    case 6:
      if (!Array.isArray(container)) put(container, pick(random, FIELDS), random() < 0.5 ? pick(random, ODD_TEXTS) : structuredClone(pick(random, ODD_VALUES)));
      return;
    case 7: {
      // Two members change places.
      const second = keys.length === 0 ? key : pick(random, keys);
      const value = Object.hasOwn(container, second) ? (container as Record<string, Json>)[second]! : null;
      put(container, second, old);
      put(container, key, value);
      return;
    }
    default:
      if (typeof old === 'number') put(container, key, pick(random, [old + 1, -old, old * 1e6, old / 3, 0]));
      else put(container, key, [structuredClone(old), structuredClone(old)]);
  }
}

/** A copy with a few changes. A cyclic result is impossible: what is put somewhere is a copy. */
export function mutate(random: Random, value: Json, pool: readonly Json[], most = 4): Json {
  const root: { value: Json } = { value: JSON.parse(JSON.stringify(value)) as Json };
  for (let n = 1 + Math.floor(random() ** 2 * most); n > 0; n--) mutateOnce(random, typeof root.value === 'object' && root.value !== null ? root.value : (root as unknown as Json), pool);
  return root.value;
}

/** A text with some of it changed, cut or doubled. */
export const mutateText = (random: Random, text: string): string => oddText(random, random() < 0.5 ? text : oddText(random, text));
