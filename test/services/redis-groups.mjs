import { Redis } from 'ioredis';
import { poll } from './poll.mjs';
import { startRedis } from './redis.mjs';

const FORMED_MS = 30_000;
const SLOTS = 16_384;

/**
 * Starts a Redis, replicas of it, and Sentinels that watch it, and waits until every Sentinel knows all of them: a failover
 * that begins earlier finds nobody to elect.
 *
 * @returns master, replicas and sentinels (ServerProcess each), the name to ask for, the Sentinels' addresses as ioredis takes
 *   them, currentPort() of whoever is the master by now, and remove()
 */
export async function startSentinels({ replicas: replicaCount = 1, sentinels: sentinelCount = 3, name = 'millrace', aof = 'everysec', downAfterMs, failoverMs } = {}) {
  const servers = [];
  const start = async (options) => {
    const server = await startRedis(options);
    servers.push(server);
    return server;
  };
  const remove = () => Promise.all(servers.map((server) => server.remove())).then(() => {});
  try {
    const master = await start({ aof });
    const replicas = [];
    for (let n = 0; n < replicaCount; n += 1) replicas.push(await start({ aof, replicaOf: master.port }));
    const sentinel = { master: name, port: master.port, quorum: Math.floor(sentinelCount / 2) + 1, downAfterMs, failoverMs };
    const sentinels = [];
    for (let n = 0; n < sentinelCount; n += 1) sentinels.push(await start({ sentinel }));
    await every(replicas, 'replicas did not catch up', async (redis) => (await redis.info('replication')).includes('master_link_status:up'));
    await every(sentinels, 'Sentinels did not find each other', async (redis) => {
      const known = asObject(await redis.call('sentinel', 'master', name));
      return Number(known['num-slaves']) === replicaCount && Number(known['num-other-sentinels']) === sentinelCount - 1;
    });
    const currentPort = async () => {
      const watching = sentinels.find((one) => one.alive());
      return asking(watching, async (redis) => Number((await redis.call('sentinel', 'get-master-addr-by-name', name))[1]));
    };
    return { name, master, replicas, sentinels, addresses: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })), currentPort, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Starts a Redis Cluster of masters without replicas, with the slots shared out.
 *
 * @returns nodes (ServerProcess each), their addresses as ioredis takes them, and remove()
 */
export async function startCluster({ nodes: count = 3, aof = 'everysec' } = {}) {
  const nodes = [];
  const remove = () => Promise.all(nodes.map((node) => node.remove())).then(() => {});
  try {
    for (let n = 0; n < count; n += 1) nodes.push(await startRedis({ cluster: true, aof }));
    const share = Math.ceil(SLOTS / count);
    for (const [n, node] of nodes.entries()) {
      const slots = Array.from({ length: Math.min(share, SLOTS - n * share) }, (_, slot) => n * share + slot);
      await asking(node, async (redis) => {
        await redis.cluster('ADDSLOTS', ...slots);
        // Nodes with the same epoch would argue over their slots.
        await redis.cluster('SET-CONFIG-EPOCH', n + 1);
      });
    }
    await asking(nodes[0], async (redis) => {
      for (const { port } of nodes.slice(1)) await redis.cluster('MEET', '127.0.0.1', port);
    });
    await every(nodes, 'nodes of the cluster did not find each other', async (redis) => {
      const info = await redis.cluster('INFO');
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${count}`);
    });
    return { nodes, addresses: nodes.map(({ port }) => ({ host: '127.0.0.1', port })), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function every(servers, otherwise, condition) {
  for (const server of servers) {
    const holds = await asking(server, (redis) => poll(() => condition(redis), FORMED_MS));
    if (!holds) throw new Error(`The ${otherwise} within ${FORMED_MS} ms. The log of ${server.record.name} on port ${server.port} ends:\n${server.logTail()}`);
  }
}

async function asking(server, question) {
  const redis = new Redis(server.port, '127.0.0.1', { maxRetriesPerRequest: 3 });
  redis.on('error', () => {});
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

const asObject = (pairs) => (Array.isArray(pairs) ? Object.fromEntries(Array.from({ length: pairs.length / 2 }, (_, n) => [pairs[2 * n], pairs[2 * n + 1]])) : pairs);
