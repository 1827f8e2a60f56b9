import * as fc from 'fast-check';
import type { Json } from '../../src/asl/types.ts';
import { once, variablesOf, type Place } from './fields.ts';

/** What `$states` offers beside input and context. */
export type Offers = 'input' | 'result' | 'errorOutput';

/** JSONata as people write it in workflows, and some that fails. */
export const expression = once((place: Place, offers: Offers): fc.Arbitrary<string> => {
  const variables = Array.from({ length: place.depth + 1 }, (_, i) => variablesOf(i).filter((name) => name !== '__proto__')).flat();
  const roots = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('$states.input', `$states.${offers}`) },
    { weight: 1, arbitrary: fc.constantFrom(...variables).map((name) => `$${name}`) },
  );
  const { any } = fc.letrec<{ any: string; number: string; text: string; list: string; truth: string }>((tie) => ({
    number: fc.oneof({ maxDepth: 3, depthSize: 'small' }, fc.constantFrom('$states.input.n', '$states.input.n', '$states.input.deep.n', '1', '2.5', '-1', '$states.context.State.RetryCount'), fc.tuple(tie('number'), fc.constantFrom('+', '-', '*', '/', '%'), tie('number')).map((parts) => `(${parts.join(' ')})`), tie('list').map((list) => `$count(${list})`), tie('list').map((list) => `$sum(${list})`), tie('text').map((text) => `$length(${text})`)),
    text: fc.oneof({ maxDepth: 3, depthSize: 'small' }, fc.constantFrom('$states.input.s', '$states.input.s', '"a"', '"日本"', '$states.context.Execution.Name', '$states.context.State.Name'), fc.tuple(tie('text'), tie('any')).map(([a, b]) => `(${a} & ${b})`), tie('any').map((value) => `$string(${value})`), tie('any').map((value) => `$type(${value})`), tie('text').map((text) => `$uppercase(${text})`), tie('text').map((text) => `$substring(${text}, 1)`)),
    list: fc.oneof({ maxDepth: 3, depthSize: 'small' }, fc.constantFrom('$states.input.list', '$states.input.list', '$states.input.objs', '[1..3]', '[]', '$states.input.objs.x', '$states.input.objs[x > 1]', '$keys($states.input)', '$states.input.objs[0]', '$states.input.*'), tie('list').map((list) => `$map(${list}, function($v, $i){$i})`), tie('list').map((list) => `$filter(${list}, function($v){$v = 2})`), tie('list').map((list) => `$reverse(${list})`), tie('list').map((list) => `$partition([${list}], 2)`), fc.tuple(tie('any'), tie('any')).map(([a, b]) => `[${a}, ${b}]`), fc.tuple(tie('list'), tie('list')).map(([a, b]) => `$append(${a}, ${b})`)),
    truth: fc.oneof({ maxDepth: 3, depthSize: 'small' }, fc.constantFrom('$states.input.flag', 'true', '$exists($states.input.deep)'), fc.tuple(tie('number'), fc.constantFrom('=', '!=', '<', '>='), tie('number')).map((parts) => `(${parts.join(' ')})`), fc.tuple(tie('any'), tie('list')).map(([a, b]) => `(${a} in ${b})`), fc.tuple(tie('truth'), fc.constantFrom('and', 'or'), tie('truth')).map((parts) => `(${parts.join(' ')})`), tie('any').map((value) => `$exists(${value})`), tie('any').map((value) => `$boolean(${value})`)),
    any: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      roots,
      fc.tuple(roots, fc.constantFrom('.n', '.deep', '.list[0]', '.list[-1]', '.objs.x', '.`__proto__`', '.nope', '.constructor')).map((parts) => parts.join('')),
      tie('number'), tie('text'), tie('list'), tie('truth'),
      fc.tuple(tie('truth'), tie('any'), tie('any')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      fc.tuple(tie('any'), tie('any')).map(([a, b]) => `{"n": ${a}, "__proto__": ${b}}`),
      tie('any').map((value) => `$merge([$states.input, {"r": ${value}}])`),
      fc.tuple(tie('any'), tie('any')).map(([a, b]) => `($x := ${a}; {"x": $x, "y": ${b}})`),
      tie('any').map((value) => `$lookup(${value}, "n")`),
      fc.constantFrom('$error("boom")', '$parse("[1, 2]")', '$parse("{")', 'null', '$nope', 'function($x){$x}', '$reduce($states.input.list, function($a, $b){$a & $b})', '$sort($states.input.list)', '$substringBefore($states.input.s, ",")', '$split($states.input.s, ",")'),
    ),
  }));
  const safe = fc.constantFrom('$states.input', '$states.input.n', '$states.input.s', '$states.input.list', '$string($states.input)', '$states.context.State.Name', '$count($states.input.list)', `{"n": 1, "s": "a", "list": [$states.${offers}]}`);
  return fc.oneof({ weight: 2, arbitrary: safe }, { weight: 1, arbitrary: any }).map((text) => `{% ${text} %}`);
});

const keeping = '{% $merge([$states.input, {"r": 1}]) %}';

/** A field of a JSONata state: an expression, a literal, or objects and arrays of them. */
export const field = once((place: Place, offers: Offers): fc.Arbitrary<Json> =>
  fc.oneof(
    { weight: 10, arbitrary: fc.constant<Json>(keeping) },
    { weight: 3, arbitrary: expression(place, offers) },
    { weight: 3, arbitrary: fc.tuple(expression(place, offers), expression(place, offers)).map(([a, b]) => Object.fromEntries([['n', '{% $states.input.n %}'], ['s', '{% $states.input.s %}'], ['list', '{% $states.input.list %}'], ['__proto__', a], ['r', [b, 'text', ' {% 1 %} ']]]) as Json) },
    { weight: 1, arbitrary: fc.constantFrom<Json>('text', 7, null, [1, { a: 'b' }], `{% $states.${offers} %}`, 'x'.repeat(300)) },
  ));

/** Mostly true or false. */
export const condition = once((place: Place): fc.Arbitrary<Json> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<Json>('{% $states.input.n > 2 %}', '{% $states.input.flag %}', '{% $exists($states.input.deep) and $states.input.n < 4 %}', '{% $states.input.s = "a" %}', '{% 2 in $states.input.list %}', true, false) },
    { weight: 1, arbitrary: expression(place, 'input') },
  ));

/** Variables by name; those of JSONata are read as `$name`. */
export const assign = once((place: Place, offers: Offers): fc.Arbitrary<Json> =>
  fc.dictionary(fc.constantFrom(...variablesOf(place.depth)), fc.oneof({ weight: 3, arbitrary: expression(place, offers) }, { weight: 1, arbitrary: fc.constant('{% $states.input %}') }), { minKeys: 1, maxKeys: 2, noNullPrototype: true }) as fc.Arbitrary<Json>);
