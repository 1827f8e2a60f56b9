import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { redisProgram } from './redis-package.mjs';
import { freePorts } from './ports.mjs';
import { redisAnswers } from './probes.mjs';
import { serverFolder, ServerProcess } from './server-process.mjs';

const READY_MS = 30_000;

/**
 * Starts one Redis on 127.0.0.1.
 *
 * @param options
 *   port: a free one if left out;
 *   aof: 'always' (fsync before each answer), 'everysec', or false (a restart then finds nothing);
 *   replicaOf: the port of another Redis;
 *   sentinel: makes it a Sentinel instead: { master, port, quorum, downAfterMs, failoverMs };
 *   cluster: true makes it a node of a cluster;
 *   settings: further directives by name, a list for one that is given several times
 * @returns a ServerProcess with `url`
 * @throws Unavailable when there is no redis-server and none can be installed
 */
export async function startRedis({ port, aof = 'everysec', replicaOf, sentinel, cluster = false, settings = {}, note } = {}) {
  const program = await redisProgram(note);
  const [own] = port === undefined ? await freePorts(1) : [port];
  const role = sentinel === undefined ? 'redis' : 'sentinel';
  const folder = await serverFolder(role);
  const directives = {
    bind: '127.0.0.1',
    port: own,
    dir: folder,
    ...(sentinel === undefined ? dataDirectives({ aof, replicaOf, cluster }) : sentinelDirectives(sentinel)),
    ...settings,
  };
  const file = join(folder, 'redis.conf');
  await writeFile(file, Object.entries(directives).flatMap(([key, value]) => [value].flat().map((one) => `${key} ${one}\n`)).join(''));
  const args = [file, ...(sentinel === undefined ? [] : ['--sentinel'])];
  const redis = openRedis({ name: role, command: program, args, folder, port: own, kept: false, pid: 0, startedAt: '' });
  await redis.start().catch(async (error) => {
    await redis.remove();
    throw error;
  });
  return redis;
}

/** The Redis of a record, whoever started it. */
export function openRedis(record) {
  const url = `redis://127.0.0.1:${record.port}`;
  return Object.assign(new ServerProcess(record, () => redisAnswers(url), READY_MS), { url });
}

const dataDirectives = ({ aof, replicaOf, cluster }) => ({
  // Nothing but the append-only file is written, and no write waits for a dump that a full disk prevents.
  save: '""',
  appendonly: aof === false ? 'no' : 'yes',
  ...(aof === false ? {} : { appendfsync: aof }),
  'maxmemory-policy': 'noeviction',
  'repl-diskless-sync-delay': 0,
  ...(replicaOf === undefined ? {} : { replicaof: `127.0.0.1 ${replicaOf}` }),
  ...(cluster ? { 'cluster-enabled': 'yes', 'cluster-config-file': 'nodes.conf', 'cluster-node-timeout': 2000 } : {}),
});

const sentinelDirectives = ({ master, port, quorum, downAfterMs = 1000, failoverMs = 5000 }) => ({
  'sentinel monitor': `${master} 127.0.0.1 ${port} ${quorum}`,
  'sentinel down-after-milliseconds': `${master} ${downAfterMs}`,
  'sentinel failover-timeout': `${master} ${failoverMs}`,
  'sentinel parallel-syncs': `${master} 1`,
});
