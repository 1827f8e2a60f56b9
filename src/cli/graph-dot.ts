import type { GraphBody, GraphEdge, GraphNode } from './graph-model.ts';

/** A quoted DOT string: quotes, backslashes and HTML entities are special in a label. */
const quoted = (text: string): string => `"${escaped(text)}"`;
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('&', '&amp;').replaceAll(/\p{Cc}+/gu, ' ');

const SHAPES: Readonly<Record<string, string>> = {
  Task: 'shape=box, style="rounded,filled", fillcolor="#e8f1fb"',
  Pass: 'shape=box, style="rounded,filled", fillcolor="#f4f4f4"',
  Choice: 'shape=diamond, style=filled, fillcolor="#fff3d6"',
  Wait: 'shape=box, style="rounded,filled", fillcolor="#ece6f7"',
  Succeed: 'shape=box, style="rounded,filled", fillcolor="#dff3e3"',
  Fail: 'shape=box, style="rounded,filled", fillcolor="#fbe0e0"',
  Parallel: 'shape=box, style="filled", fillcolor="#dceff0"',
  Map: 'shape=box, style="filled", fillcolor="#dceff0"',
};

const EDGES: Readonly<Record<GraphEdge['kind'], string>> = {
  next: '', choice: '', default: 'style=bold', catch: 'style=dashed, color="#b03030", fontcolor="#b03030"',
};

/** Graphviz DOT. Bodies are clusters below their Parallel or Map, tied to it by a dotted line. */
export function renderDot(machine: GraphBody): string {
  const lines = [
    'digraph machine {',
    '  rankdir=TB; compound=true; fontname="sans-serif"; fontsize=11;',
    '  node [fontname="sans-serif", fontsize=11]; edge [fontname="sans-serif", fontsize=9];',
  ];
  body(machine, '  ');
  return `${lines.join('\n')}\n}\n`;

  function body(graph: GraphBody, indent: string): void {
    for (const node of graph.nodes) drawNode(node, indent);
    for (const edge of graph.edges) lines.push(`${indent}${edge.from} -> ${edge.to}${attributes([edge.label === '' ? '' : `label=${quoted(edge.label)}`, EDGES[edge.kind]])};`);
  }

  function drawNode(node: GraphNode, indent: string): void {
    lines.push(`${indent}${node.id} [${look(node)}];`);
    for (const inner of node.bodies) {
      lines.push(`${indent}subgraph cluster_${inner.id} {`, `${indent}  label=${quoted(`${node.name}: ${inner.title}`)}; style="rounded,dashed"; color="#888888";`);
      body(inner, `${indent}  `);
      lines.push(`${indent}}`, `${indent}${node.id} -> ${inner.nodes[0]!.id} [lhead=cluster_${inner.id}, style=dotted, arrowhead=none];`);
    }
  }
}

const attributes = (parts: readonly string[]): string => {
  const said = parts.filter((part) => part !== '');
  return said.length === 0 ? '' : ` [${said.join(', ')}]`;
};

function look(node: GraphNode): string {
  switch (node.kind) {
    case 'start':
      return 'shape=circle, style=filled, fillcolor="#333333", label="", width=0.18';
    case 'end':
      return 'shape=doublecircle, style=filled, fillcolor="#333333", label="", width=0.12';
    case 'missing':
      return `shape=box, style=dashed, color="#b03030", fontcolor="#b03030", label="${escaped(node.name)}\\n(missing)"`;
    default: {
      const label = [node.name, node.type, ...node.notes].map(escaped).join('\\n');
      return `${Object.hasOwn(SHAPES, node.type) ? SHAPES[node.type]! : 'shape=box'}, label="${label}"`;
    }
  }
}
