import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderConfigValidators, renderStructureValidators } from '../docs/validators.mjs';
import { ASL_SCHEMA } from '../src/asl/validate/schema.ts';
import { REASONS } from '../src/cli/dead-letters-filter.ts';
import { loadConfig } from '../src/config.ts';
import { renderConfigurationDoc } from '../src/config/config-doc.ts';
import { editorSchema, renderEditorSchema } from '../src/config/editor-schema.ts';
import { renderErrorsDoc } from '../src/config/errors-doc.ts';
import { CONFIG_MISTAKES } from '../src/config/mistakes.ts';
import { withDefinitions } from '../src/config/schema-definitions.ts';
import type { ConfigSchema } from '../src/config/schema-parts.ts';
import { CONFIG_SCHEMA } from '../src/config/schema.ts';
import { FAULTS } from '../src/errors.ts';
import { renderMetricsDoc } from '../src/telemetry/metrics-doc.ts';

const docs = new URL('../docs/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, docs), 'utf8');

const GENERATED: Readonly<Record<string, () => string>> = {
  'asl.schema.json': () => `${JSON.stringify(ASL_SCHEMA, null, 2)}\n`,
  'configuration.md': renderConfigurationDoc,
  'errors.md': renderErrorsDoc,
  'metrics.md': renderMetricsDoc,
  'millrace.schema.json': renderEditorSchema,
  '../src/asl/validate/structure-validators.ts': () => renderStructureValidators(ASL_SCHEMA),
  '../src/config/config-validators.ts': () => renderConfigValidators(withDefinitions(CONFIG_SCHEMA)),
};

describe('generated pages', () => {
  it.each(Object.keys(GENERATED))('docs/%s is what its source renders (else: npm run build && node docs/generate.mjs)', (name) => {
    expect(read(name)).toBe(GENERATED[name]!());
  });

  it('are all written by docs/generate.mjs', () => {
    expect([...read('generate.mjs').matchAll(/^ {2}'(.+)':/gm)].map((match) => match[1])).toEqual(Object.keys(GENERATED));
  });
});

describe('docs/errors.md', () => {
  it('names every code, and no other', () => {
    const codes = [...read('errors.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]);
    expect(codes).toEqual([...Object.keys(FAULTS), ...Object.keys(CONFIG_MISTAKES)]);
  });
});

describe('docs/configuration.md', () => {
  const examples = [...read('configuration.md').matchAll(/```yaml\n([^]*?)```/g)].map((match) => match[1]!);

  it('has examples, all of which load and satisfy the schema for editors', () => {
    expect(examples).toHaveLength(2);
    const folder = mkdtempSync(join(tmpdir(), 'millrace-docs-'));
    mkdirSync(join(folder, 'functions'));
    for (const file of ['triage.asl.json', 'billing.asl.json', 'invoice.schema.json']) writeFileSync(join(folder, file), '{}');
    for (const example of examples) {
      writeFileSync(join(folder, 'millrace.yaml'), example);
      const config = loadConfig({ cwd: folder, env: {} });
      expect(config).toMatchObject({ server: { host: '127.0.0.1', port: 8080 }, dataDir: join(folder, 'data'), workers: 'auto' });
      expect(Object.keys(config.machines).toSorted()).toEqual(['billing', 'triage']);
    }
    rmSync(folder, { recursive: true });
  });

  it('has a row or a heading for every key, and one for what stands in several places', () => {
    const seen = new Set<ConfigSchema>();
    const keys: string[] = [];
    const visit = (schema: ConfigSchema): void => {
      for (const [key, inner] of Object.entries(schema.properties ?? {})) {
        if (seen.has(inner)) continue;
        seen.add(inner);
        keys.push(key);
        visit(inner);
      }
      if (schema.additionalProperties !== undefined && schema.additionalProperties !== false) visit(schema.additionalProperties);
      schema.anyOf?.forEach(visit);
    };
    visit(CONFIG_SCHEMA);
    const told = [...read('configuration.md').matchAll(/^\| `(?:\w+\.)*(\w+)` \||^##+ (?:\w+: )?([a-z]\w+)$/gm)].map((match) => match[1] ?? match[2]);
    expect(told.toSorted()).toEqual(keys.toSorted());
  });
});

describe('docs/outputs.md and docs/dead-letters.md', () => {
  it.each(['outputs.md', 'dead-letters.md'])('%s has an example that loads', (page) => {
    const examples = [...read(page).matchAll(/```yaml\n([^]*?)```/g)].map((match) => match[1]!);
    expect(examples).toHaveLength(1);
    const folder = mkdtempSync(join(tmpdir(), 'millrace-docs-'));
    for (const file of ['triage.asl.json', 'billing.asl.json']) writeFileSync(join(folder, file), '{}');
    writeFileSync(join(folder, 'millrace.yaml'), examples[0]!);
    expect(loadConfig({ cwd: folder, env: {} }).outputs.length).toBeGreaterThan(0);
    rmSync(folder, { recursive: true });
  });

  it('name every header that is written, and every reason', () => {
    const sourceOf = (name: string): string => readFileSync(new URL(`../src/delivery/${name}`, import.meta.url), 'utf8');
    for (const [page, file] of [['outputs.md', 'record.ts'], ['dead-letters.md', 'dead-letter.ts']] as const) {
      for (const [header] of sourceOf(file).matchAll(/(?<=')millrace-[a-z-]+[a-z](?=')/g)) expect([page, header, read(page).includes(`\`${header}\``)]).toEqual([page, header, true]);
    }
    for (const reason of REASONS) expect(read('dead-letters.md')).toContain(`\`${reason}\``);
  });
});

describe('docs/millrace.schema.json', () => {
  const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(editorSchema());
  const SOURCES = ['redisStream: { stream: s, group: g, trim: "${TRIM}" }', 'redisStream: { streams: [s], group: g, trim: { maxLength: "${N}" } }', 'kafka: { brokers: "${B}", topics: t, groupId: g }, order: "${ORDER}"'].map((settings) => `sources: { s: { machine: m, ${settings} } }`);
  const accepts = (yaml: string): boolean => validate(parse(yaml)) as boolean;

  it('takes what an editor sees: interpolations in place of numbers and words', () => {
    for (const yaml of ['server: { port: "${PORT:-8080}" }', 'workers: ${W}', 'compatibility: ${C}', 'machines: { a: "${A}", b: { definition: x, timeoutSeconds: "${T}" } }', 'server: { port: 1 }', 'workers: auto', '{}', ...SOURCES, 'redis: { url: "${REDIS_URL}" }', 'redis: { sentinels: { addresses: "${S}", master: m, db: "${DB}" }, tls: "${TLS}" }', 'journal: {}', 'journal: { kafka: { brokers: [b] } }', 'outputs: { o: { file: { path: x }, when: { status: "${S}" } } }', 'outputs: { o: { file: { path: x }, when: { status: [FAILED] } } }']) {
      expect([yaml, accepts(yaml)]).toEqual([yaml, true]);
    }
  });

  it('refuses what the configuration refuses', () => {
    for (const yaml of ['server: { port: eighty }', 'server: { port: 65536 }', 'workers: many', 'workers: 0', 'compatibility: lax', 'prot: 1', 'machines: { a b: x }', 'machines: { a: {} }', 'machines: { a: [] }', '[]', 'sources: { a: { machine: b } }', 'sources: { a: { machine: b, bullmq: { queue: q }, kafka: { brokers: b, topics: t, groupId: g } } }', 'sources: { a: { machine: b, redisStream: { group: g } } }', 'sources: { a: { machine: b, bullmq: { queue: q, url: u, cluster: { addresses: a } } } }', 'schedules: { a: { machine: b } }', 'journal: { maxBytes: 1048576, lmdb: {} }', 'outputs: { o: { file: { path: x }, when: { status: OK } } }']) {
      expect([yaml, accepts(yaml)]).toEqual([yaml, false]);
    }
  });

  it('has a title, a description and an example for every key, and examples and defaults that are valid', () => {
    const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
    ajv.addVocabulary(['exactlyOne', 'atMostOne']);
    const visit = (schema: ConfigSchema, path: string): void => {
      expect([path, typeof schema.title, typeof schema.description, (schema.examples ?? []).length > 0]).toEqual([path, 'string', 'string', true]);
      const check = ajv.compile(schema);
      for (const value of [...(schema.examples ?? []), ...(schema.default === undefined ? [] : [schema.default])]) expect([path, value, check(value)]).toEqual([path, value, true]);
      for (const [key, inner] of Object.entries(schema.properties ?? {})) visit(inner, `${path}/${key}`);
      if (schema.additionalProperties !== undefined && schema.additionalProperties !== false) visit(schema.additionalProperties, `${path}/*`);
    };
    const { $schema: _, ...root } = CONFIG_SCHEMA as ConfigSchema;
    visit(root, '');
  });
});

describe('pages', () => {
  it('link only to pages that exist', () => {
    const broken: string[] = [];
    for (const page of readdirSync(docs).filter((name) => name.endsWith('.md'))) {
      for (const [, target] of read(page).matchAll(/\]\(([\w.-]+\.(?:md|json))(?:#[\w-]*)?\)/g)) {
        if (!readdirSync(docs).includes(target!)) broken.push(`${page}: ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });
});
