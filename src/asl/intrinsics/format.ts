import type { Frame, Getter } from '../types.ts';
import { refuse, wantString } from './failure.ts';
import { javaText } from './java-text.ts';
import { WEIGHT_LIMIT, weigh } from './weight.ts';
import type { IntrinsicNode } from './parse.ts';

/** The texts around the placeholders; one more than there are placeholders. */
function splitTemplate(source: string): string[] {
  const texts = [''];
  for (let i = 0; i < source.length; i++) {
    let c = source.charAt(i);
    if (c === '{' && source.charAt(i + 1) === '}') {
      texts.push('');
      i++;
      continue;
    }
    if (c === '\\' && i + 1 < source.length) c = source.charAt(++i);
    texts[texts.length - 1] += c;
  }
  return texts;
}

function fill(texts: readonly string[], values: readonly unknown[], frame: Frame): string {
  if (values.length !== texts.length - 1) {
    refuse(`Invalid arguments: the template has ${texts.length - 1} occurrences of {}, but there are ${values.length} arguments to put there.`);
  }
  let out = texts[0] ?? '';
  for (let i = 0; i < values.length; i++) out = limited(out + printed(values[i], frame) + (texts[i + 1] ?? ''));
  return out;
}

function printed(value: unknown, frame: Frame): string {
  if (typeof value === 'object' && value !== null) weigh(value, frame);
  return javaText(value);
}

const limited = (text: string): string => (text.length <= WEIGHT_LIMIT ? text : refuse(`Invalid arguments: the text has more than ${WEIGHT_LIMIT} characters.`));

/** States.Format(template, …): a literal template is split once. */
export function compileFormat(template: IntrinsicNode | undefined, args: readonly Getter[]): Getter {
  const [readTemplate, ...reads] = args;
  if (template?.kind === 'string') {
    const texts = splitTemplate(template.source);
    const [before = '', after = ''] = texts;
    const [read] = reads;
    if (texts.length === 2 && reads.length === 1 && read !== undefined) return (input, frame) => before + printed(read(input, frame), frame) + after;
    return (input, frame) => fill(texts, reads.map((each) => each(input, frame)), frame);
  }
  return (input, frame) => {
    const source = wantString(readTemplate?.(input, frame), 'the template');
    return fill(splitTemplate(source), reads.map((each) => each(input, frame)), frame);
  };
}
