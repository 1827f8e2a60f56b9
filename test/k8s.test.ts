import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAX_TIMEOUT_SECONDS } from '../src/asl/types.ts';
import type { RedisStreamSourceSettings, SourceConfig } from '../src/config/settings.ts';
import { serve } from '../src/engine/serve.ts';
import { render } from './k8s/kustomize.ts';
import { at, configOf, containerOf, environmentOf, only, podOf, type Json } from './k8s/objects.ts';
import { faultsOf } from './k8s/schemas.ts';
import { temporaryFolder } from './lib/temporary-folder.ts';

const root = new URL('..', import.meta.url).pathname;
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

const secretsOf = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === 'secretKeyRef' ? [(inner as { name: string }).name] : secretsOf(inner)));
};

const bytes = (quantity: unknown): number => {
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(String(quantity))!;
  return Number(number) * 1024 ** (unit === 'Mi' ? 2 : 3);
};

describe.each(['base', 'overlays/kafka', 'overlays/redis'])('k8s/%s', (folder) => {
  const objects = render(join(root, 'k8s', folder));

  it('renders objects that satisfy their schemas, and no field that these do not know', () => {
    expect(objects.map((object) => [object.kind, faultsOf(object)])).toEqual(objects.map((object) => [object.kind, []]));
    expect(new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).size).toBe(objects.length);
  });

  it('has a configuration that loads', () => {
    const config = configOf(objects, temporaryFolder());
    expect(config.server).toEqual({ host: '0.0.0.0', port: at(containerOf(objects), 'ports.0.containerPort') });
    expect(Object.keys(config.machines)).toEqual(['readings']);
    expect((containerOf(objects)['volumeMounts'] as Json[]).map((mount) => mount['mountPath'])).toContain(config.dataDir);
  });

  it('gives what runs at SIGTERM the time that an execution may take', () => {
    const { limits } = configOf(objects, temporaryFolder());
    const preStopSeconds = Number(at(containerOf(objects), 'lifecycle.preStop.exec.command.1'));
    expect(limits.graceMs).toBeGreaterThan(MAX_TIMEOUT_SECONDS * 1000);
    expect(podOf(objects)['terminationGracePeriodSeconds']).toBe(preStopSeconds + limits.graceMs / 1000 + 15);
  });

  it('keeps what is in flight, and the journal, well within what the container has', () => {
    const { limits, journal } = configOf(objects, temporaryFolder());
    expect(limits.maxInFlightBytes * 8).toBe(bytes(at(containerOf(objects), 'resources.limits.memory')));
    const data = bytes(at(podOf(objects), 'volumes.1.emptyDir.sizeLimit'));
    expect(data).toBeLessThan(bytes(at(containerOf(objects), 'resources.limits.ephemeral-storage')));
    if ('lmdb' in journal) expect(journal.lmdb.maxBytes * 4).toBeLessThanOrEqual(data);
    else expect(folder).not.toBe('base');
  });

  it('runs without privileges', () => {
    expect(at(podOf(objects), 'securityContext')).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } });
    expect(containerOf(objects)['securityContext']).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    expect(podOf(objects)['automountServiceAccountToken']).toBe(false);
    expect(read('Dockerfile')).toContain('\nUSER node\n');
  });

  it('selects the pods that it makes', () => {
    const labels = at(only(objects, 'Deployment'), 'spec.template.metadata.labels');
    const selectors = [at(only(objects, 'Deployment'), 'spec.selector.matchLabels'), at(only(objects, 'Service'), 'spec.selector'), at(only(objects, 'PodDisruptionBudget'), 'spec.selector.matchLabels'), ...(podOf(objects)['topologySpreadConstraints'] as Json[]).map((constraint) => at(constraint, 'labelSelector.matchLabels'))];
    expect(selectors).toEqual(selectors.map(() => labels));
    expect(at(only(objects, 'Service'), 'spec.ports.0.targetPort')).toBe(at(containerOf(objects), 'ports.0.name'));
    expect(podOf(objects)['serviceAccountName']).toBe(only(objects, 'ServiceAccount').metadata.name);
  });
});

describe('the probes of k8s/base', () => {
  it('ask what the server answers, ready and draining', async () => {
    const objects = render(join(root, 'k8s/base'));
    const container = containerOf(objects);
    const service = await serve({ ...configOf(objects, temporaryFolder()), server: { host: '127.0.0.1', port: 0 }, dataDir: temporaryFolder(), workers: 1 }, { watch: false });
    const status = async (probe: string): Promise<number> => {
      expect(at(container, `${probe}.httpGet.port`)).toBe('http');
      return (await fetch(`http://127.0.0.1:${service.address.port}${String(at(container, `${probe}.httpGet.path`))}`)).status;
    };
    try {
      expect(await Promise.all(['startupProbe', 'livenessProbe', 'readinessProbe'].map(status))).toEqual([200, 200, 200]);
      const answer = await fetch(`http://127.0.0.1:${service.address.port}/v1/machines/readings/sync-executions`, { method: 'POST', body: '{"celsius":31}' });
      expect(await answer.json()).toMatchObject({ status: 'SUCCEEDED', output: { celsius: 31, class: 'hot' } });
      service.engine.drain();
      expect(await Promise.all(['livenessProbe', 'readinessProbe'].map(status))).toEqual([200, 503]);
    } finally {
      await service.close(0);
    }
  });
});

/** What KEDA's two scalers read from the metadata of a trigger; the CRD only says that all values are texts. */
const TRIGGERS: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  kafka: {
    bootstrapServersFromEnv: /^[A-Z_]+$/,
    consumerGroup: /./,
    topic: /./,
    lagThreshold: /^[1-9]\d*$/,
    offsetResetPolicy: /^(?:earliest|latest)$/,
    allowIdleConsumers: /^(?:true|false)$/,
    excludePersistentLag: /^(?:true|false)$/,
    version: /^\d+\.\d+\.\d+$/,
    tls: /^(?:enable|disable)$/,
    sasl: /^(?:none|plaintext|scram_sha256|scram_sha512|oauthbearer|gssapi)$/,
  },
  'redis-streams': {
    addressFromEnv: /^[A-Z_]+$/,
    stream: /./,
    consumerGroup: /./,
    lagCount: /^[1-9]\d*$/,
    activationLagCount: /^\d+$/,
    databaseIndex: /^\d+$/,
    enableTLS: /^(?:true|false)$/,
  },
};

describe.each([
  ['kafka', 'kafka'],
  ['redis', 'redis-streams'],
])('k8s/overlays/%s', (name, type) => {
  const objects = render(join(root, 'k8s/overlays', name));
  const scaled = only(objects, 'ScaledObject');
  const metadata = at(scaled, 'spec.triggers.0.metadata') as Record<string, string>;
  const source = (): SourceConfig => configOf(objects, temporaryFolder()).sources.find((one) => one.name === 'readings')!;

  it('leaves the number of replicas to KEDA', () => {
    expect(at(scaled, 'spec.scaleTargetRef')).toEqual({ name: only(objects, 'Deployment').metadata.name });
    expect(at(only(objects, 'Deployment'), 'spec.replicas')).toBeUndefined();
    expect(at(scaled, 'spec.minReplicaCount')).toBeGreaterThanOrEqual(2);
  });

  it('has a trigger of which KEDA knows every parameter', () => {
    expect(at(scaled, 'spec.triggers.0.type')).toBe(type);
    expect(Object.entries(metadata).filter(([key, value]) => TRIGGERS[type]![key]?.test(value) !== true)).toEqual([]);
    const from = Object.entries(metadata).filter(([key]) => key.endsWith('FromEnv'));
    expect(from.map(([, variable]) => environmentOf(objects)[variable])).toEqual(from.map(() => expect.stringMatching(/^[\w.-]+:\d+$/)));
  });

  it('takes the credentials of both from one Secret', () => {
    const authentication = only(objects, 'TriggerAuthentication');
    const targets = at(authentication, 'spec.secretTargetRef') as { parameter: string; name: string; key: string }[];
    expect(at(scaled, 'spec.triggers.0.authenticationRef.name')).toBe(authentication.metadata.name);
    expect(targets.map(({ parameter }) => parameter)).toEqual(['username', 'password']);
    expect(new Set([...targets.map((target) => target.name), ...secretsOf(only(objects, 'Deployment'))])).toEqual(new Set([`millrace-${name}`]));
  });

  it('sends dead letters, and starts over HTTP, where they outlive the pod', () => {
    const { journal, outputs } = configOf(objects, temporaryFolder());
    const { deadLetters } = source();
    expect(Object.keys(journal)).toEqual([name]);
    const output = outputs.find((one) => deadLetters !== null && 'output' in deadLetters && one.name === deadLetters.output);
    expect(Object.keys(output!.kind)).toEqual([name === 'kafka' ? 'kafka' : 'redisStream']);
  });

  it('scales on what the source reads', () => {
    const { kind, maxInFlight } = source();
    if ('kafka' in kind) {
      const { topics, groupId, from, tls, sasl } = kind.kafka;
      expect(metadata).toMatchObject({ consumerGroup: groupId, offsetResetPolicy: from, tls: tls === undefined ? 'disable' : 'enable', sasl: { plain: 'plaintext', 'scram-sha-256': 'scram_sha256', 'scram-sha-512': 'scram_sha512' }[sasl!.mechanism] });
      expect(topics).toEqual([metadata['topic']]);
      // What is in flight is lag: a replica that is merely busy must not ask for another.
      expect(Number(metadata['lagThreshold'])).toBeGreaterThanOrEqual(2 * maxInFlight);
    } else {
      const { streams, group, from, trim, url } = (kind as { redisStream: RedisStreamSourceSettings }).redisStream;
      expect(metadata).toMatchObject({ consumerGroup: group, databaseIndex: new URL(url!).pathname.slice(1), enableTLS: String(url!.startsWith('rediss:')) });
      expect(streams).toEqual([metadata['stream']]);
      // Redis knows the lag of such a group at any time.
      expect({ from, trim }).toEqual({ from: '0', trim: 'acknowledged' });
      // What is in flight is not lag: what a replica cannot run soon stays in the stream.
      expect(maxInFlight).toBeLessThan(Number(metadata['lagCount']));
    }
  });
});
