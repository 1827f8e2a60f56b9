import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { loadConfig, type Config } from '../../src/config.ts';
import type { ConfigMap, KubeObject } from './kustomize.ts';

export type Json = Readonly<Record<string, unknown>>;

/** What stands at a path of keys and indexes. */
export const at = (value: unknown, path: string): unknown => path.split('.').reduce<unknown>((inner, key) => (inner as Json | undefined)?.[key], value);

export const only = (objects: readonly KubeObject[], kind: string): KubeObject => {
  const found = objects.filter((object) => object.kind === kind);
  expect(found.map(({ metadata }) => metadata.name)).toHaveLength(1);
  return found[0]!;
};

export const podOf = (objects: readonly KubeObject[]): Json => at(only(objects, 'Deployment'), 'spec.template.spec') as Json;
export const containerOf = (objects: readonly KubeObject[]): Json => at(podOf(objects), 'containers.0') as Json;

export function mapOf(objects: readonly KubeObject[], name: unknown): ConfigMap {
  const found = objects.find((object) => object.kind === 'ConfigMap' && object.metadata.name === name);
  if (found === undefined) throw new Error(`No ConfigMap ${String(name)} is rendered`);
  return found as ConfigMap;
}

/** The environment of the container: ConfigMaps as they are rendered, Secrets as an operator makes them. */
export function environmentOf(objects: readonly KubeObject[]): Record<string, string> {
  const variables = (containerOf(objects)['env'] ?? []) as { name: string; valueFrom: { configMapKeyRef?: { name: string; key: string }; secretKeyRef?: { name: string; key: string } } }[];
  return Object.fromEntries(
    variables.map(({ name, valueFrom: { configMapKeyRef, secretKeyRef } }) => {
      const value = configMapKeyRef === undefined ? `secret-${secretKeyRef!.key}` : mapOf(objects, configMapKeyRef.name).data[configMapKeyRef.key];
      if (value === undefined) throw new Error(`${name} refers to what is not there`);
      return [name, value];
    }),
  );
}

/** Loads millrace.yaml as the container does, from the files of the ConfigMap that it mounts, laid down in `folder`. */
export function configOf(objects: readonly KubeObject[], folder: string): Config {
  for (const [name, content] of Object.entries(mapOf(objects, at(podOf(objects), 'volumes.0.configMap.name')).data)) writeFileSync(join(folder, name), content);
  const args = containerOf(objects)['args'] as string[];
  expect(args.slice(0, 2)).toEqual(['start', '--config']);
  expect(args[2]).toBe(join(at(containerOf(objects), 'volumeMounts.0.mountPath') as string, 'millrace.yaml'));
  return loadConfig({ file: join(folder, 'millrace.yaml'), cwd: folder, env: environmentOf(objects) });
}
