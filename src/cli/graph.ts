import type { Json } from '../asl/types.ts';
import { renderDot } from './graph-dot.ts';
import { renderMermaid } from './graph-mermaid.ts';
import { readMachine } from './graph-model.ts';

/**
 * Draws a definition as text for Mermaid or Graphviz. Takes what there is: a definition with faults is drawn as far as it
 * goes, with its missing targets marked. Bodies deeper than 100 levels are left out.
 */
export function graph(definition: Json, format: 'mermaid' | 'dot'): string {
  const machine = readMachine(definition);
  return format === 'dot' ? renderDot(machine) : renderMermaid(machine);
}
