import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { poll } from '../../test/services/poll.mjs';
import { freePorts } from '../../test/services/ports.mjs';
import { Unavailable } from '../../test/services/unavailable.mjs';
import { closedLoop, observed, post, startOurs } from '../lib/http.mjs';
import { byHand, events } from '../lib/machine.mjs';
import { contest, row } from '../lib/measure.mjs';
import { needsNode, peerPackages } from '../lib/peer-packages.mjs';
import { cpuMs, rssBytes, serverProcess } from '../lib/processes.mjs';
import { OURS_SYNC } from './fastify.mjs';

const VERSIONS = { '@restatedev/restate-server': '1.7.12', '@restatedev/restate-sdk': '1.17.2' };
const READY_MS = 60_000;

/** A Restate server and a service of its SDK, both on this machine, against our synchronous and asynchronous starts; 64 connections. */
export async function run({ smoke = false, roundMs, ...options }) {
  needsNode(22, "Restate's SDK");
  const packages = await peerPackages(VERSIONS);
  const texts = events(256);
  const restate = await startRestate(packages);
  const ours = await startOurs();
  try {
    for (const text of texts.slice(0, 20)) assert.deepEqual(await post(restate, '/level/run', text), byHand(JSON.parse(text)));
    const asked = (server, path) => () => observed(server, () => closedLoop(server, path, texts, roundMs, { smoke }));
    const against = async (name, ourPath, theirPath, guarantees) => {
      const theirs = asked(restate, theirPath);
      const turns = {
        peer: async () => {
          const done = await theirs();
          // What was only accepted is run before it is our turn.
          await restate.idle();
          return done;
        },
        ours: asked(ours, ourPath),
      };
      if (!smoke) for (const warmUp of Object.values(turns)) await warmUp();
      const figures = await contest(turns, { ...options, name });
      return row({ suite: 'peers', case: name, unit: 'requests/s', ours: figures.ours, baseline: figures.peer, baselineName: 'Restate', guarantees });
    };
    return [
      await against('Restate: ask and be answered', '/v1/machines/m/sync-executions', '/level/run', {
        ours: OURS_SYNC,
        baseline: 'durable: the call and its result are in a log on disk before it is answered, and it runs to its end across crashes',
      }),
      await against('Restate: start without waiting', '/v1/machines/m/executions', '/level/run/send', {
        ours: 'durable: in a journal on disk, fsynced, before 202; at least once across crashes, under the same name',
        baseline: 'durable: in a log on disk before 202; to its end across crashes, with the results of its steps kept',
      }),
    ];
  } finally {
    await ours.close();
    await restate.close();
  }
}

async function startRestate({ resolve }) {
  const [fabric, ingress, admin, endpoint] = await freePorts(4);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-restate-'));
  const config = join(folder, 'restate.toml');
  writeFileSync(config, `listen-mode = "tcp"\nbind-ip = "127.0.0.1"\nbind-port = ${fabric}\ndisable-telemetry = true\n[ingress]\nbind-port = ${ingress}\n[admin]\nbind-port = ${admin}\n`);
  const log = join(folder, 'server.log');
  const output = openSync(log, 'w');
  const server = spawn(binary(resolve), ['--config-file', config, '--no-logo'], { cwd: folder, stdio: ['ignore', output, output], env: { ...process.env, RESTATE_BASE_DIR: join(folder, 'data') } });
  const kill = () => server.kill();
  process.once('exit', kill);
  const gone = once(server, 'exit');
  let service;
  const close = async () => {
    process.off('exit', kill);
    kill();
    await Promise.all([gone, service?.close()]);
    rmSync(folder, { recursive: true, force: true });
  };
  const ask = (path, body) => fetch(`http://127.0.0.1:${admin}${path}`, { ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }), headers: { 'content-type': 'application/json', accept: 'application/json' } });
  try {
    service = await serverProcess([fileURLToPath(new URL('./restate-endpoint.mjs', import.meta.url)), resolve('@restatedev/restate-sdk'), String(endpoint)]);
    const ready = await poll(async () => server.exitCode !== null || (await ask('/health').catch(() => undefined))?.ok, READY_MS, 200);
    if (!ready || server.exitCode !== null) throw new Error(`Restate does not start: ${readFileSync(log, 'utf8').slice(-2000)}`);
    const registered = await ask('/deployments', { uri: service.address });
    assert.ok(registered.ok, await registered.text());
  } catch (error) {
    await close();
    throw error;
  }
  const both = [server.pid, service.pid];
  const sum = (of) => both.reduce((total, pid) => total + of(pid), 0);
  return {
    address: `http://127.0.0.1:${ingress}`,
    cpuMs: () => sum(cpuMs),
    mainThreadMs: service.mainThreadMs,
    rssBytes: () => sum(rssBytes),
    async idle() {
      const isIdle = async () => {
        const { rows } = await (await ask('/query', { query: "SELECT count(*) AS open FROM sys_invocation WHERE status <> 'completed'" })).json();
        return rows[0].open === 0;
      };
      if (!(await poll(isIdle, READY_MS, 100))) throw new Error('Restate has not run what it has accepted');
    },
    close,
  };
}

/** The server's binary comes in a package for each platform. */
function binary(resolve) {
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`;
  try {
    return resolve(name);
  } catch {
    throw new Unavailable('peers', `Restate has no server for ${process.platform} ${process.arch}.`, 'Run it on Linux or macOS.');
  }
}
