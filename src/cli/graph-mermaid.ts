import type { GraphBody, GraphEdge, GraphNode } from './graph-model.ts';

/**
 * Text for a quoted Mermaid label. Everything that Mermaid or the HTML it makes could take for syntax becomes a numeric
 * entity, which Mermaid writes as #code;.
 */
const escaped = (text: string): string =>
  text.replaceAll(/\p{Cc}+/gu, ' ').replaceAll(/["#&;<>`\\[\]{}()|]/g, (char) => `#${String(char.charCodeAt(0))};`);

const SHAPES: Readonly<Record<string, readonly [open: string, close: string]>> = {
  Task: ['["', '"]'], Pass: ['["', '"]'], Choice: ['{"', '"}'], Wait: ['(["', '"])'], Succeed: ['(["', '"])'], Fail: ['(["', '"])'], Parallel: ['[["', '"]]'], Map: ['[["', '"]]'],
};

/** A Mermaid flowchart. Bodies are subgraphs; Catch edges are dotted, since Mermaid has no dashes. */
export function renderMermaid(machine: GraphBody): string {
  const lines = ['flowchart TD'];
  body(machine, '  ');
  lines.push('  classDef missing stroke:#b03030,stroke-dasharray:4 3,color:#b03030', '  classDef fail fill:#fbe0e0,stroke:#b03030', '  classDef succeed fill:#dff3e3,stroke:#3a7d44');
  return `${lines.join('\n')}\n`;

  function body(graph: GraphBody, indent: string): void {
    for (const node of graph.nodes) drawNode(node, indent);
    for (const edge of graph.edges) lines.push(`${indent}${edge.from} ${arrow(edge)} ${edge.to}`);
  }

  function drawNode(node: GraphNode, indent: string): void {
    lines.push(`${indent}${node.id}${look(node)}`);
    for (const inner of node.bodies) {
      lines.push(`${indent}subgraph ${inner.id}["${escaped(`${node.name}: ${inner.title}`)}"]`);
      body(inner, `${indent}  `);
      lines.push(`${indent}end`, `${indent}${node.id} -.- ${inner.nodes[0]!.id}`);
    }
  }
}

function arrow(edge: GraphEdge): string {
  const label = edge.label === '' ? '' : `|"${escaped(edge.label)}"|`;
  return `${edge.kind === 'catch' ? '-.->' : edge.kind === 'default' ? '==>' : '-->'}${label}`;
}

function look(node: GraphNode): string {
  switch (node.kind) {
    case 'start':
      return '(("Start"))';
    case 'end':
      return '((("End")))';
    case 'missing':
      return `["${escaped(node.name)}<br/>(missing)"]:::missing`;
    default: {
      const [open, close] = Object.hasOwn(SHAPES, node.type) ? SHAPES[node.type]! : (['["', '"]'] as const);
      const label = [node.name, node.type, ...node.notes].map(escaped).join('<br/>');
      return `${open}${label}${close}${node.type === 'Fail' ? ':::fail' : node.type === 'Succeed' ? ':::succeed' : ''}`;
    }
  }
}
