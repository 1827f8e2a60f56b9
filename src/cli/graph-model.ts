import type { Json } from '../asl/types.ts';
import { conditionText } from './graph-condition.ts';

export interface GraphNode {
  readonly id: string;
  readonly kind: 'start' | 'end' | 'state' | 'missing';
  readonly name: string;
  readonly type: string;
  /** Lines below the name. */
  readonly notes: readonly string[];
  /** Branches of a Parallel, body of a Map. Drawn as clusters; edges go to and from the node itself. */
  readonly bodies: readonly GraphBody[];
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: 'next' | 'choice' | 'default' | 'catch';
  readonly label: string;
}

export interface GraphBody {
  readonly id: string;
  readonly title: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

type Object_ = Readonly<Record<string, Json>>;

const MAX_DEPTH = 100;
const isObject = (value: unknown): value is Object_ => typeof value === 'object' && value !== null && !Array.isArray(value);
const own = (object: Object_, key: string): Json | undefined => (Object.hasOwn(object, key) ? object[key] : undefined);
const objects = (value: Json | undefined): Object_[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** Reads a definition into nodes and edges with short ids of their own, so that names need escaping in labels only. */
export function readMachine(definition: Json): GraphBody {
  let serial = 0;
  const nextId = (prefix: string): string => `${prefix}${String((serial += 1))}`;
  return readBody(isObject(definition) ? definition : {}, '', 0);

  function readBody(body: Object_, title: string, depth: number): GraphBody {
    const states = own(body, 'States');
    const ids = new Map<string, string>();
    const entries = isObject(states) ? Object.entries(states) : [];
    for (const [name] of entries) ids.set(name, nextId('s'));
    const start = nextId('start');
    const end = nextId('end');
    const nodes: GraphNode[] = [{ id: start, kind: 'start', name: '', type: '', notes: [], bodies: [] }];
    const edges: GraphEdge[] = [];
    let ends = false;
    const idOf = (name: string): string => {
      let id = ids.get(name);
      if (id === undefined) {
        id = nextId('missing');
        ids.set(name, id);
        nodes.push({ id, kind: 'missing', name, type: 'missing', notes: [], bodies: [] });
      }
      return id;
    };
    const link = (from: string, target: Json | undefined, kind: GraphEdge['kind'], label: string): void => {
      if (typeof target === 'string') edges.push({ from, to: idOf(target), kind, label });
    };

    link(start, own(body, 'StartAt'), 'next', '');
    for (const [name, state] of entries) {
      const id = ids.get(name)!;
      const read = isObject(state) ? state : {};
      const type = typeof own(read, 'Type') === 'string' ? String(own(read, 'Type')) : '?';
      nodes.push({ id, kind: 'state', name, type, notes: notesOf(read, type), bodies: depth < MAX_DEPTH ? bodiesOf(read, depth) : [] });
      link(id, own(read, 'Next'), 'next', '');
      for (const rule of objects(own(read, 'Choices'))) link(id, own(rule, 'Next'), 'choice', conditionText(rule));
      link(id, own(read, 'Default'), 'default', 'Default');
      for (const catcher of objects(own(read, 'Catch'))) link(id, own(catcher, 'Next'), 'catch', `Catch ${errorsOf(catcher)}`);
      if (own(read, 'End') === true || type === 'Succeed' || type === 'Fail') {
        edges.push({ from: id, to: end, kind: 'next', label: '' });
        ends = true;
      }
    }
    if (ends) nodes.push({ id: end, kind: 'end', name: '', type: '', notes: [], bodies: [] });
    return { id: nextId('body'), title, nodes, edges };
  }

  function bodiesOf(state: Object_, depth: number): GraphBody[] {
    const branches = objects(own(state, 'Branches')).map((branch, index) => readBody(branch, `Branch ${String(index + 1)}`, depth + 1));
    const processor = own(state, 'ItemProcessor') ?? own(state, 'Iterator');
    return isObject(processor) ? [...branches, readBody(processor, 'For each item', depth + 1)] : branches;
  }
}

function notesOf(state: Object_, type: string): string[] {
  const notes: string[] = [];
  const resource = own(state, 'Resource');
  if (typeof resource === 'string') notes.push(shortResource(resource));
  if (type === 'Wait') {
    for (const field of ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath']) {
      const value = own(state, field);
      if (typeof value === 'string' || typeof value === 'number') notes.push(`${String(value)}${field === 'Seconds' && typeof value === 'number' ? ' s' : ''}`);
    }
  }
  const error = own(state, 'Error');
  if (type === 'Fail' && typeof error === 'string') notes.push(error);
  const concurrency = own(state, 'MaxConcurrency');
  if (type === 'Map' && typeof concurrency === 'number' && concurrency > 0) notes.push(`${String(concurrency)} at once`);
  for (const retrier of objects(own(state, 'Retry'))) {
    const attempts = own(retrier, 'MaxAttempts');
    notes.push(`Retry ${errorsOf(retrier)} ×${typeof attempts === 'number' ? String(attempts) : '3'}`);
  }
  return notes;
}

const errorsOf = (entry: Object_): string => {
  const names = own(entry, 'ErrorEquals');
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string').join(', ') : '';
};

/** The end of an ARN says what is called. */
function shortResource(resource: string): string {
  const integration = /:states:::(.+)$/.exec(resource);
  if (integration !== null) return integration[1]!;
  const named = /:(?:function|activity):(.+)$/.exec(resource);
  return named === null ? resource : named[1]!;
}
