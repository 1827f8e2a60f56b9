import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

/*
 * As much of Kustomize as k8s/ uses, and no more: what is not known here is an error. Its objects were compared with those of
 * kustomize 5.7.1, names of generated ConfigMaps included.
 */

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { name: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

export interface ConfigMap extends KubeObject {
  data: Record<string, string>;
}

type Json = Record<string, unknown>;

interface Kustomization {
  readonly resources: readonly string[];
  readonly configMapGenerator: readonly { readonly name: string; readonly behavior?: 'merge'; readonly files?: readonly string[]; readonly literals?: readonly string[] }[];
  readonly patches: readonly { readonly path?: string; readonly target?: { readonly kind: string; readonly name: string }; readonly patch?: string }[];
  readonly images: readonly { readonly name: string; readonly newName?: string; readonly newTag?: string }[];
}

const KEYS = new Set(['apiVersion', 'kind', 'resources', 'configMapGenerator', 'patches', 'images']);

/** The objects that a folder with a kustomization.yaml renders. */
export function render(folder: string): readonly KubeObject[] {
  const objects = assemble(folder);
  const names = new Map(objects.filter(isConfigMap).map((map) => [map.metadata.name, `${map.metadata.name}-${hashOf(map)}`]));
  for (const object of objects) rename(object, names);
  for (const map of objects.filter(isConfigMap)) map.metadata.name = names.get(map.metadata.name)!;
  return objects;
}

const isConfigMap = (object: KubeObject): object is ConfigMap => object.kind === 'ConfigMap';

function assemble(folder: string): KubeObject[] {
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const given = parse(read('kustomization.yaml')) as Kustomization;
  for (const key of Object.keys(given)) if (!KEYS.has(key)) throw new Error(`${folder}: ${key} is not rendered here`);
  const { resources, configMapGenerator = [], patches = [], images = [] } = given;
  const objects = resources.flatMap((name) => (readdirSync(folder).includes(name) ? parseAllDocuments(read(name)).map((document) => document.toJS() as KubeObject) : assemble(join(folder, name))));
  for (const { name, behavior, files = [], literals = [] } of configMapGenerator) {
    const data = Object.fromEntries([...files.map((file) => [file, read(file)] as const), ...literals.map((literal) => [literal.slice(0, literal.indexOf('=')), literal.slice(literal.indexOf('=') + 1)] as const)]);
    if (behavior === 'merge') Object.assign((find(objects, 'ConfigMap', name) as ConfigMap).data, data);
    else objects.push({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
  }
  for (const { path, target, patch } of patches) {
    if (path !== undefined) {
      const merged = parse(read(path)) as KubeObject;
      merge(find(objects, merged.kind, merged.metadata.name), merged, []);
    } else for (const operation of parse(patch!) as JsonPatch[]) apply(find(objects, target!.kind, target!.name), operation);
  }
  for (const { name, newName = name, newTag } of images) {
    for (const container of objects.flatMap(containersOf)) {
      const [, image, tag = ''] = /^(.+?)(:[^/:]+)?$/.exec(container['image'] as string)!;
      if (image === name) container['image'] = `${newName}${newTag === undefined ? tag : `:${newTag}`}`;
    }
  }
  return objects;
}

function find(objects: readonly KubeObject[], kind: string, name: string): KubeObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`There is no ${kind} ${name} to change`);
  return found;
}

const containersOf = (object: KubeObject): readonly Json[] => ((object['spec'] as { template?: { spec: { containers: Json[] } } } | undefined)?.template?.spec.containers ?? []);

/** Lists that a strategic merge patch merges by a key of their elements. */
const LIST_KEYS: Readonly<Record<string, string>> = { containers: 'name', env: 'name' };

function merge(target: Json, patch: Json, path: readonly string[]): void {
  for (const [key, value] of Object.entries(patch)) {
    const there = target[key];
    if (Array.isArray(value)) {
      const by = LIST_KEYS[key];
      if (by === undefined) throw new Error(`Lists at ${[...path, key].join('.')} are not merged here`);
      const list = (target[key] ??= []) as Json[];
      for (const element of value as Json[]) {
        const same = list.find((one) => one[by] === element[by]);
        if (same === undefined) list.push(element);
        else merge(same, element, [...path, key]);
      }
    } else if (isMapping(value) && isMapping(there)) merge(there, value, [...path, key]);
    else target[key] = value;
  }
}

const isMapping = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

interface JsonPatch {
  readonly op: string;
  readonly path: string;
}

function apply(object: KubeObject, { op, path }: JsonPatch): void {
  if (op !== 'remove') throw new Error(`The operation ${op} is not known here`);
  const keys = path.split('/').slice(1);
  const last = keys.pop()!;
  const parent = keys.reduce<Json>((inner, key) => inner[key] as Json, object);
  if (!Object.hasOwn(parent, last)) throw new Error(`There is no ${path} to remove`);
  delete parent[last];
}

/** Gives references to ConfigMaps, of volumes and of environments, the names with suffixes. */
function rename(value: unknown, names: ReadonlyMap<string, string>): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value) as [string, Json][]) {
    if (['configMap', 'configMapKeyRef', 'configMapRef'].includes(key)) inner['name'] = names.get(inner['name'] as string) ?? inner['name'];
    else rename(inner, names);
  }
}

/** The suffix that Kustomize makes from what a ConfigMap holds: ten digits of a SHA-256, those that could spell words replaced. The name does not count. */
function hashOf({ data }: ConfigMap): string {
  const sorted = Object.fromEntries(Object.entries(data).toSorted(([left], [right]) => (left < right ? -1 : 1)));
  // Go escapes what could end a script in HTML.
  const text = JSON.stringify({ data: sorted, kind: 'ConfigMap', name: '' }).replaceAll(/[<>&\u2028\u2029]/g, (unit) => String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const letters: Readonly<Record<string, string>> = { 0: 'g', 1: 'h', 3: 'k', a: 'm', e: 't' };
  return Array.from(createHash('sha256').update(text).digest('hex').slice(0, 10), (digit) => letters[digit] ?? digit).join('');
}
