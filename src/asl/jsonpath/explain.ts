import { printedJson } from '../state-fault.ts';
import { item, own } from './definite.ts';
import { MISSING } from './missing.ts';
import type { PathStep } from './syntax.ts';
import { isContainer } from '../numbers/json-number.ts';

/** Why a definite path leads nowhere, in the words of the Jayway version (2.0) that AWS runs. */
export function explainMissing(steps: readonly PathStep[], root: unknown): string {
  let node = root;
  let path = '$';
  for (const [i, step] of steps.entries()) {
    const last = i === steps.length - 1;
    const isObject = isContainer(node) && !Array.isArray(node);
    if (step.kind === 'name') {
      if (!isObject) return `Property ['${step.name}'] not found in path ${path}`;
      path += `['${step.name}']`;
      node = own(node, step.name);
      if (node === MISSING) return `${last ? 'No results for path:' : 'Missing property in path'} ${path}`;
    } else if (step.kind === 'index') {
      if (!Array.isArray(node)) {
        return `Filter: ${steps.slice(i).map(fragment).join('')} can only be applied to arrays. Current context is: ${typeof node === 'string' ? node : printedJson(node)}`;
      }
      path += fragment(step);
      node = item(node, step.index, null);
    } else if (step.kind === 'call') {
      return 'Aggregation function attempted to calculate value using empty array';
    } else if (step.kind === 'names' && !isObject) {
      return `Property ${fragment(step)} not found in path ${path}`;
    } else break;
  }
  return `No results for path: ${path}`;
}


function fragment(step: PathStep): string {
  switch (step.kind) {
    case 'name':
      return `['${step.name}']`;
    case 'names':
      return `['${step.names.join("', '")}']`;
    case 'index':
      return `[${step.index}]`;
    case 'call':
      return `.${step.name}()`;
    default:
      return '';
  }
}
