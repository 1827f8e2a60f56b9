import { parseDuration } from '../config/times.ts';
import { constant, ramp, sequence, sine, type Shape, spike, type Stage } from '../load/shape.ts';
import { UsageError } from './exit-codes.ts';

const FORMS = 'constant:5000, ramp:1000..50000, spike:1000..50000,every=30s,lasting=2s or sine:20000,amplitude=15000,period=60s; each may end with ,for=30s';

/**
 * Reads shapes, one stage after another. The last stage goes on for as long as the run does, unless it says for how long.
 *
 * @param duration of the whole run in seconds; Infinity when it has no end
 * @throws UsageError
 */
export function parseShapes(texts: readonly string[], duration: number): Shape {
  let begun = 0;
  const stages = texts.map((text, index): Stage => {
    const { kind, rates, options } = partsOf(text);
    const isLast = index === texts.length - 1;
    const asked = options.get('for');
    if (asked === undefined && !isLast) throw new UsageError(`The shape '${text}' needs an end, ,for=30s: another one follows it.`);
    const lasting = asked === undefined ? duration - begun : secondsOf(text, 'for', asked);
    if (lasting <= 0) throw new UsageError(`The shape '${text}' would begin when --duration is over.`);
    begun += lasting;
    return { shape: shapeOf(text, kind, rates, options, lasting), lasting };
  });
  return sequence(stages);
}

function shapeOf(text: string, kind: string, rates: readonly number[], options: ReadonlyMap<string, string>, lasting: number): Shape {
  const needs = (count: number, names: readonly string[]): void => {
    if (rates.length !== count) throw new UsageError(`The shape '${text}' needs ${count === 1 ? 'one rate' : 'two rates, from..to'}. Shapes are ${FORMS}.`);
    const missing = names.find((name) => !options.has(name));
    const other = [...options.keys()].find((name) => name !== 'for' && !names.includes(name));
    if (missing !== undefined || other !== undefined) throw new UsageError(`The shape '${text}' ${missing === undefined ? `does not take ${other}` : `needs ${missing}`}. Shapes are ${FORMS}.`);
  };
  const [first = 0, second = 0] = rates;
  const seconds = (name: string): number => secondsOf(text, name, options.get(name)!);
  switch (kind) {
    case 'constant':
      needs(1, []);
      if (first === 0) throw new UsageError(`The shape '${text}' sends nothing.`);
      return constant(first);
    case 'ramp':
      needs(2, []);
      if (first + second === 0) throw new UsageError(`The shape '${text}' sends nothing.`);
      if (lasting === Infinity) throw new UsageError(`The shape '${text}' needs to know how long it takes: give --duration, or ,for=30s.`);
      return ramp(first, second, lasting);
    case 'spike': {
      needs(2, ['every', 'lasting']);
      if (second === 0) throw new UsageError(`The shape '${text}' has no peak.`);
      if (seconds('lasting') >= seconds('every')) throw new UsageError(`The spikes of '${text}' last as long as the time between them.`);
      return spike(first, second, seconds('every'), seconds('lasting'));
    }
    case 'sine': {
      needs(1, ['amplitude', 'period']);
      const amplitude = rateOf(text, options.get('amplitude')!);
      if (first === 0 || amplitude > first) throw new UsageError(`The amplitude of '${text}' is more than its mean: a rate cannot be negative.`);
      return sine(first, amplitude, seconds('period'));
    }
    default:
      throw new UsageError(`'${text}' is no shape. Shapes are ${FORMS}.`);
  }
}

function partsOf(text: string): { kind: string; rates: number[]; options: Map<string, string> } {
  const colon = text.indexOf(':');
  if (colon === -1) throw new UsageError(`'${text}' is no shape. Shapes are ${FORMS}.`);
  const [rates = '', ...rest] = text.slice(colon + 1).split(',');
  const options = new Map<string, string>();
  for (const option of rest) {
    const [name = '', value] = option.split('=');
    if (value === undefined || options.has(name.trim())) throw new UsageError(`'${option}' in the shape '${text}' is no option. Shapes are ${FORMS}.`);
    options.set(name.trim(), value.trim());
  }
  return { kind: text.slice(0, colon).trim(), rates: rates.split('..').map((rate) => rateOf(text, rate)), options };
}

function secondsOf(text: string, name: string, value: string): number {
  const ms = parseDuration(value);
  if (ms === undefined || ms === 0) throw new UsageError(`${name}=${value} in the shape '${text}' is no duration, such as 500ms, 30s or 5m.`);
  return ms / 1000;
}

/** Events per second: 50000, 50k, 1.5M. */
export function parseRate(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text.trim()) ?? [];
  return number === undefined ? undefined : Number(number) * (unit === 'k' ? 1e3 : unit === 'M' ? 1e6 : 1);
}

function rateOf(text: string, rate: string): number {
  const number = parseRate(rate);
  if (number === undefined) throw new UsageError(`'${rate}' in the shape '${text}' is no rate, such as 5000, 50k or 1.5M events a second.`);
  return number;
}
