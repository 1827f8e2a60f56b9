import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { RedisConnection } from '../../src/config/settings.ts';
import { closeRedis, createRedis, redisFault, redisReady, type RedisClientOptions } from '../../src/redis/redis.ts';
import { keepLog } from '../lib/keep-log.ts';
import { describeWith, uniqueName } from '../lib/services.ts';
import { until } from '../lib/until.ts';
import { freePorts } from '../services/ports.mjs';
import { startCluster, startSentinels } from '../services/redis-groups.mjs';
import { startRedis, type RedisOptions } from '../services/redis.mjs';

const purpose = 'source orders';
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

function open(connection: RedisConnection, options: Partial<RedisClientOptions> = {}) {
  const log = keepLog();
  const troubles: (string | undefined)[] = [];
  const client = createRedis(connection, { purpose, log, onTrouble: (trouble) => troubles.push(trouble), ...options });
  undo.push(() => closeRedis(client));
  return { client, log, troubles, ready: () => redisReady(client, connection, purpose) };
}

async function server(options: RedisOptions = {}) {
  const redis = await startRedis({ aof: false, ...options });
  undo.push(() => redis.remove());
  return redis;
}

await describeWith(['redis'], 'connections to Redis', ({ redis: shared }) => {
  it('connects, names its connection, and closes without a word', async () => {
    const { client, log, ready } = open({ url: shared.url });
    await ready();
    expect(await client.client('GETNAME')).toBe('millrace:source-orders');
    await closeRedis(client);
    expect(client.status).toBe('end');
    expect(log.lines).toEqual([]);
  });

  it('uses the database of the url', async () => {
    const { client, ready } = open({ url: `${shared.url}/3` });
    await ready();
    expect(await client.client('INFO')).toContain(' db=3 ');
  });

  it('waits for a Redis that is not there yet, and says so once', async () => {
    const [port = 0] = await freePorts(1);
    const { client, log, troubles, ready } = open({ url: `redis://127.0.0.1:${port}` });
    const connected = ready();
    await until(() => troubles.filter((trouble) => trouble?.includes('ECONNREFUSED')).length >= 4, 'several attempts');
    expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
    await server({ port });
    await connected;
    await until(() => log.lines.length === 2, 'the word that it is back');
    expect(log.lines[1]).toMatchObject({ level: 'info', message: expect.stringContaining('is back') });
    expect(troubles.at(-1)).toBeUndefined();
    expect(await client.ping()).toBe('PONG');
  });

  it('keeps commands over a restart, and logs each outage once', async () => {
    const redis = await server({ aof: 'always' });
    const { client, log, ready } = open({ url: redis.url });
    await ready();
    for (const outage of [1, 2]) {
      await redis.kill();
      await until(() => log.lines.length === 2 * outage - 1, 'the word that it is away');
      const kept = client.incr('n');
      await redis.start();
      expect(await kept).toBe(outage);
      await until(() => log.lines.length === 2 * outage, 'the word that it is back');
    }
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'info', 'warn', 'info']);
  });

  it('rejects commands at once while Redis is away, if asked to', async () => {
    const redis = await server();
    const { client, troubles, ready } = open({ url: redis.url }, { whenAway: 'fail' });
    await ready();
    const blocked = client.blpop(uniqueName('none'), 60).catch((error: unknown) => error);
    await redis.kill();
    expect(await blocked).toBeInstanceOf(Error);
    const error = await client.ping().catch((error: unknown) => error);
    expect(redisFault(error, { url: redis.url }, purpose)).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retryable: true });
    await redis.start();
    await until(() => troubles.at(-1) === undefined, 'the connection');
    expect(await client.ping()).toBe('PONG');
  });

  it('gives up a connection on which nothing comes', async () => {
    const redis = await server();
    const { client, troubles, ready } = open({ url: redis.url }, { whenAway: 'fail', silenceMs: 300 });
    await ready();
    redis.pause();
    undo.push(async () => redis.resume());
    await expect(client.ping()).rejects.toThrow();
    expect(troubles.at(-1)).toContain('Socket timeout');
  });

  it('can be closed while Redis is away: what waits for it is rejected', async () => {
    const [port = 0] = await freePorts(1);
    for (const connection of [{ url: `redis://127.0.0.1:${port}` }, { sentinels: { addresses: [`127.0.0.1:${port}`], master: 'millrace' } }, { cluster: { addresses: [`127.0.0.1:${port}`] } }]) {
      const { client, troubles, ready } = open(connection);
      const waiting = [ready(), client.ping()].map((promise) => promise.then(String, (error: unknown) => error));
      await until(() => troubles.length > 2, 'several attempts');
      await closeRedis(client);
      const [readiness, command] = await Promise.all(waiting);
      expect(readiness).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
      expect(command).toBeInstanceOf(Error);
    }
  });

  it('says what to change when the password is refused or missing, and shows none', async () => {
    const redis = await server();
    const admin = open({ url: redis.url });
    await admin.ready();
    await admin.client.config('SET', 'requirepass', 'hush');
    const host = `127.0.0.1:${redis.port}`;
    for (const [url, why] of [[`redis://:wrong@${host}`, 'refuses the user or the password'], [`redis://nobody:hush@${host}`, 'refuses the user'], [`redis://${host}`, 'asks for a password']] as const) {
      const { log, ready } = open({ url });
      await expect(ready()).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED', retryable: false, message: expect.stringContaining(why) });
      expect(JSON.stringify(log.lines)).not.toMatch(/hush|:wrong/);
    }
    await open({ url: `redis://:hush@${host}` }).ready();
  });

  it('refuses settings without an address, or with a malformed one, at once', () => {
    expect(() => open({})).toThrowError(expect.objectContaining({ code: 'SOURCE_MISCONFIGURED' }));
    expect(() => open({ url: 'cache' })).toThrowError(expect.objectContaining({ code: 'SOURCE_MISCONFIGURED' }));
    expect(() => open({ cluster: { addresses: ['redis://cache'] } })).toThrowError(expect.objectContaining({ code: 'SOURCE_MISCONFIGURED' }));
  });

  it('refuses a database that is not there, and a Cluster that is none', async () => {
    await expect(open({ url: `${shared.url}/9999` }).ready()).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED', message: expect.stringContaining('no database') });
    const { host } = new URL(shared.url);
    await expect(open({ cluster: { addresses: [host] } }).ready()).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED', message: expect.stringContaining('not a Cluster') });
  });

  it('speaks TLS, and refuses a certificate that it does not know', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const [tlsPort = 0] = await freePorts(1);
    await server({ settings: { 'tls-port': tlsPort, 'tls-cert-file': cert, 'tls-key-file': key, 'tls-ca-cert-file': cert, 'tls-auth-clients': 'no' } });
    const url = `rediss://localhost:${tlsPort}`;
    const trusting = open({ url, tls: { ca: readFileSync(cert, 'utf8'), rejectUnauthorized: true } });
    await trusting.ready();
    expect(await trusting.client.ping()).toBe('PONG');
    await expect(open({ url }).ready()).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED', message: expect.stringContaining('not trusted') });
  });

  it('follows a failover that Sentinels decide, and refuses a master that they do not know', async () => {
    const group = await startSentinels();
    undo.push(() => group.remove());
    const addresses = group.addresses.map(({ host, port }) => `${host}:${port}`);
    await expect(open({ sentinels: { addresses, master: 'nobody' } }).ready()).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED', message: expect.stringContaining('no master of that name') });
    const { client, ready } = open({ sentinels: { addresses, master: group.name } });
    await ready();
    await client.set('before', 1);
    await group.master.kill();
    expect(await client.set('after', 1)).toBe('OK');
    expect(await client.info('replication')).toContain('role:master');
    expect(await group.currentPort()).not.toBe(group.master.port);
  }, 60_000);

  it('leaves a master that hangs for the one that took its place', async () => {
    const group = await startSentinels();
    undo.push(() => group.remove());
    const { client, ready } = open({ sentinels: { addresses: group.addresses.map(({ host, port }) => `${host}:${port}`), master: group.name } }, { silenceMs: 500 });
    await ready();
    group.master.pause();
    undo.push(async () => group.master.resume());
    expect(await client.set('after', 1)).toBe('OK');
  }, 60_000);

  it('finds the nodes of a Cluster, and goes on after one was killed and started', async () => {
    const cluster = await startCluster();
    undo.push(() => cluster.remove());
    const { client, ready } = open({ cluster: { addresses: [`127.0.0.1:${cluster.nodes[0]?.port}`] } });
    await ready();
    const keys = Array.from({ length: 20 }, (_, n) => `key-${n}`);
    await Promise.all(keys.map((key) => client.incr(key)));
    const [, node] = cluster.nodes;
    await node?.kill();
    const counts = Promise.all(keys.map((key) => client.incr(key)));
    await node?.start();
    expect((await counts).every((count) => count >= 1)).toBe(true);
  }, 60_000);
});
