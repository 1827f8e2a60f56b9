import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('..', import.meta.url));
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Node with nothing but Node on the PATH: a machine without Docker, Java, Maven, Redis and apt-get. */
async function onBareMachine(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const path = join(folder, 'bin');
  if (!existsSync(path)) {
    await mkdir(path);
    await symlink(process.execPath, join(path, 'node'));
  }
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, encoding: 'utf8', env: { PATH: path, HOME: folder, NO_COLOR: '1', ...env } }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

describe('services on a machine that can have none of them', () => {
  it('up says why and what would help, and fails', async () => {
    const { code, stdout, stderr } = await onBareMachine(['test/services/main.mjs', 'up']);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('kafka cannot be had. There is no Java. Install Java 17 or later and Maven');
    expect(stderr).toContain('redis cannot be had. There is no redis-server on the PATH. Install Redis 6.2 or later');
  });

  it('up refuses what the environment names and what does not answer', async () => {
    const { code, stderr } = await onBareMachine(['test/services/main.mjs', 'up', 'redis'], { REDIS_URL: 'redis://127.0.0.1:1' });
    expect(code).toBe(1);
    expect(stderr).toContain('REDIS_URL is redis://127.0.0.1:1, and nothing answers there. Start it, or unset REDIS_URL');
  });

  it('a run of the tests passes, and its last lines name each suite that did not run and how to have it run', async () => {
    const { code, stdout } = await onBareMachine(['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/services/fixtures/vitest.config.ts']);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n').slice(-6)).toEqual([
      'Not run, for want of a service:',
      '  test/services/fixtures/both.suite.ts needs kafka: There is no Java.',
      '  test/services/fixtures/both.suite.ts needs redis: There is no redis-server on the PATH.',
      'To have them run:',
      expect.stringMatching(/^ {2}kafka: Install Java 17 .* Or have Docker Compose running, or set KAFKA_BROKERS\.$/),
      expect.stringMatching(/^ {2}redis: Install Redis 6\.2 .* Or have Docker Compose running, or set REDIS_URL\.$/),
    ]);
  });

  it('under CI=true that is a failure', async () => {
    const { code, stdout, stderr } = await onBareMachine(['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/services/fixtures/vitest.config.ts'], { CI: 'true' });
    expect(code).toBe(1);
    expect(stdout).toContain('1 failed');
    expect(stdout).toContain('Not run, for want of a service:');
    expect(stderr).toContain('Under CI=true every suite has to run.');
  });

  it.each([
    [['sideways'], 'There is no command sideways.'],
    [['up', 'mongo'], 'There is no service mongo.'],
    [[], 'A command is missing.'],
  ])('%j is answered with the usage', async (args, message) => {
    const { code, stderr } = await onBareMachine(['test/services/main.mjs', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('npm run --silent services -- <command>');
  });
});

interface ComposeService {
  readonly image?: string;
  readonly build?: string;
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
  readonly healthcheck?: { test: readonly string[] };
}

describe('docker-compose.yml', () => {
  const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8')) as { services: Record<string, ComposeService>; volumes: Record<string, null> };
  const services = Object.entries(compose.services);

  it('has Kafka, Redis, Millrace, Prometheus and Grafana', () => {
    expect(Object.keys(compose.services).toSorted()).toEqual(['grafana', 'kafka', 'millrace', 'prometheus', 'redis']);
  });

  it.each(services)('%s keeps its data in a volume, says whether it is well, and is published on this machine only', (_, service) => {
    expect(service.healthcheck?.test.length).toBeGreaterThan(1);
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z]+_PORT:-\d+\}:\d+$/);
    const named = service.volumes.map((volume) => volume.split(':')[0] ?? '').filter((source) => !source.startsWith('.'));
    expect(named.length).toBeGreaterThan(0);
    for (const volume of named) expect(Object.keys(compose.volumes)).toContain(volume);
  });

  it.each(services)('%s waits only for services that say whether they are well, and mounts only what is there', (_, service) => {
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(condition).toBe('service_healthy');
      expect(compose.services[name]?.healthcheck).toBeDefined();
    }
    for (const source of service.volumes.map((volume) => volume.split(':')[0] ?? '').filter((source) => source.startsWith('.'))) {
      expect(parse(readFileSync(join(root, source), 'utf8'))).toBeTypeOf('object');
    }
    if (service.build !== undefined) expect(existsSync(join(root, service.build, 'Dockerfile'))).toBe(true);
    else expect(service.image).toMatch(/^[a-z/]+:[\w.-]+$/);
  });

  it('has Prometheus read the metrics of Millrace, and Grafana read Prometheus', () => {
    const prometheus = parse(readFileSync(join(root, 'docs/compose/prometheus.yml'), 'utf8')) as { scrape_configs: { static_configs: { targets: string[] }[] }[] };
    expect(prometheus.scrape_configs.flatMap(({ static_configs: configs }) => configs.flatMap(({ targets }) => targets))).toEqual(['millrace:8080']);
    const grafana = parse(readFileSync(join(root, 'docs/compose/grafana/datasources.yml'), 'utf8')) as { datasources: { type: string; url: string }[] };
    expect(grafana.datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090' }]);
  });

  // The client offers this without an engine, where it has Compose at all.
  it('is one to Docker Compose itself, where that is installed', async (context) => {
    const docker = (args: readonly string[]): Promise<{ code: number; stderr: string }> =>
      new Promise((resolve) => execFile('docker', args, { cwd: root, timeout: 20_000 }, (error, _, stderr) => resolve({ code: error === null ? 0 : 1, stderr })));
    if ((await docker(['compose', 'version'])).code !== 0) context.skip();
    expect(await docker(['compose', '-f', 'docker-compose.yml', 'config', '--quiet'])).toMatchObject({ code: 0 });
  });
});
