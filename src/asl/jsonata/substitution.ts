import type { Found } from './values.ts';

/**
 * Fills the references of a replacement: `$$` is a dollar sign, `$0` the match, `$n` a group. As many digits are taken as
 * the number of groups has, one less where that would name a group that is not there. A reference to no group is empty.
 */
export function substitute(replacement: string, { match, groups }: Found): string {
  let result = '';
  let from = 0;
  for (let at = replacement.indexOf('$'); at !== -1; at = replacement.indexOf('$', from)) {
    result += replacement.substring(from, at);
    from = at + 1;
    const character = replacement[from];
    if (character === '$') {
      result += '$';
      from++;
      continue;
    }
    if (character === '0') {
      result += match;
      from++;
      continue;
    }
    const index = groupIndex(replacement, from, groups.length);
    if (index === undefined) {
      result += '$';
      continue;
    }
    const group = groups[index - 1];
    if (typeof group === 'string') result += group;
    from += String(index).length;
  }
  return result + replacement.substring(from);
}

function groupIndex(replacement: string, from: number, count: number): number | undefined {
  const digits = count === 0 ? 1 : String(count).length;
  let index = Number.parseInt(replacement.substring(from, from + digits), 10);
  if (digits > 1 && index > count) index = Number.parseInt(replacement.substring(from, from + digits - 1), 10);
  return Number.isNaN(index) ? undefined : index;
}
