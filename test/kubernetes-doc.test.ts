import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { METRICS } from '../src/telemetry/metrics-table.ts';
import { render } from './k8s/kustomize.ts';
import { at, configOf, containerOf, environmentOf, mapOf, only, podOf, type Json } from './k8s/objects.ts';
import { faultsOf } from './k8s/schemas.ts';
import { temporaryFolder } from './lib/temporary-folder.ts';

const root = new URL('..', import.meta.url).pathname;
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

describe('docs/kubernetes.md', () => {
  const doc = read('docs/kubernetes.md');
  const base = render(join(root, 'k8s/base'));
  const sectionOf = (title: string): string => doc.split(/^## /m).find((part) => part.startsWith(`${title}\n`))!;
  const rows = (title: string): string[][] =>
    [...sectionOf(title).matchAll(/^\|(.*)\|$/gm)].slice(2).map((match) => match[1]!.split('|').map((cell) => cell.trim().replaceAll('`', '')));

  it.each([
    ['What is set, and why', 'base', 'Deployment'],
    ['Kafka', 'overlays/kafka', 'ScaledObject'],
    ['Redis streams', 'overlays/redis', 'ScaledObject'],
  ])('gives under %s the settings that k8s/%s has', (title, folder, kind) => {
    const object = only(render(join(root, 'k8s', folder)), kind);
    const settings = rows(title).map(([path, value]) => [path, value]);
    expect(settings.length).toBeGreaterThanOrEqual(4);
    expect(settings.map(([path]) => [path, String(at(object, path!))])).toEqual(settings);
  });

  it.each([
    ['Kafka', 'kafka'],
    ['Redis streams', 'redis'],
  ])('gives under %s the maxInFlight that its source has', (title, name) => {
    const [, most] = /`maxInFlight` of the source (?:\(|is small, )(\d+)/.exec(sectionOf(title))!;
    expect(configOf(render(join(root, 'k8s/overlays', name)), temporaryFolder()).sources[0]!.maxInFlight).toBe(Number(most));
  });

  it('names metrics that there are', () => {
    const names = [...doc.matchAll(/`(millrace_\w+)`/g)].map((match) => match[1]!);
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !Object.hasOwn(METRICS, name))).toEqual([]);
  });

  const folderOf = (name: string): string => {
    const folder = temporaryFolder();
    cpSync(join(root, 'k8s'), join(folder, 'k8s'), { recursive: true });
    mkdirSync(join(folder, name));
    return folder;
  };

  it('begins with a kustomization that renders', () => {
    const folder = folderOf('deploy');
    writeFileSync(join(folder, 'deploy/kustomization.yaml'), /<<'EOF'\n([^]*?)EOF\n/.exec(doc)![1]!);
    const objects = render(join(folder, 'deploy'));
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(containerOf(objects)['image']).toBe(`registry.example.org/millrace:${version}`);
  });

  it("has a kustomization of one's own that renders", () => {
    const folder = folderOf('deploy');
    writeFileSync(join(folder, 'deploy/kustomization.yaml'), /```yaml\n(# deploy[^]*?)```/.exec(doc)![1]!);
    writeFileSync(join(folder, 'deploy/millrace.yaml'), 'machines: { readings: ./readings.asl.json, orders: ./orders.asl.json }\n');
    writeFileSync(join(folder, 'deploy/orders.asl.json'), '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}');
    const objects = render(join(folder, 'deploy'));
    expect(objects.flatMap(faultsOf)).toEqual([]);
    expect(containerOf(objects)['image']).toBe('registry.example.org/orders:1.4.2');
    expect(environmentOf(objects)['KAFKA_BROKERS']).toBe('kafka-1.example.org:9093,kafka-2.example.org:9093');
    expect(Object.keys(mapOf(objects, at(podOf(objects), 'volumes.0.configMap.name')).data)).toEqual(['millrace.yaml', 'readings.asl.json', 'orders.asl.json']);
  });

  it('builds the version that the package is', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(containerOf(base)['image']).toBe(`millrace:${version}`);
    expect(new Set([...doc.matchAll(/millrace:(\d+\.\d+\.\d+)/g)].map((match) => match[1]))).toEqual(new Set([version]));
    expect((parse(read('k8s/base/kustomization.yaml')) as { images: Json[] }).images).toHaveLength(1);
  });
});
