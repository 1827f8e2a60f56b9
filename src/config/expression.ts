import type { Part } from './part.ts';

/** A JSONata expression without its {% %}; what it says is for the workers to judge, who compile it. */
export function readExpression(part: Part, key: string): string | undefined {
  const text = part.text(key);
  if (text === undefined) return undefined;
  const [, expression] = /^\{%(.*)%\}$/s.exec(text) ?? [];
  if (expression === undefined) part.fault('INVALID_VALUE', key, `must be a JSONata expression in {% %}, not '${text}'.`, `Write ${key}: "{% ${/^\{%|%\}$/.test(text) ? 'value' : text} %}", in quotes.`);
  else if (expression.trim() === '') part.fault('INVALID_VALUE', key, 'is an empty expression.', `Write ${key}: "{% value %}", in quotes.`);
  return expression ?? '';
}
