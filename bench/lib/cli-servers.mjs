import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CLI, serverProcess } from './processes.mjs';

/**
 * Processes of the real command line on one configuration, as an operator would start them: the same file for all, a folder of
 * its own for each one's data.
 *
 * @param config the configuration as an object; `machines` hold definitions instead of paths; a function is given each process's
 *   folder
 * @param functions files of the functions folder, by name
 */
export async function startServers(count, config, functions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const servers = [];
  const close = async () => {
    await Promise.all(servers.map((server) => server.close()));
    rmSync(folder, { recursive: true, force: true });
  };
  const start = async (i) => {
    const own = join(folder, String(i));
    mkdirSync(join(own, 'functions'), { recursive: true });
    const { machines, ...rest } = typeof config === 'function' ? config(own) : config;
    for (const [name, definition] of Object.entries(machines)) writeFileSync(join(own, `${name}.asl.json`), JSON.stringify(definition));
    for (const [name, text] of Object.entries(functions)) writeFileSync(join(own, 'functions', name), text);
    const paths = Object.fromEntries(Object.keys(machines).map((name) => [name, `./${name}.asl.json`]));
    writeFileSync(join(own, 'millrace.yaml'), stringify({ machines: paths, functions: './functions', ...rest }));
    const server = await serverProcess([CLI, 'start', '--config', join(own, 'millrace.yaml'), '--port', '0', '--data-dir', join(own, 'data')]);
    servers.push(server);
  };
  try {
    await Promise.all(Array.from({ length: count }, (_, i) => start(i)));
  } catch (error) {
    await close();
    throw error;
  }
  return { servers, folder, close };
}

/** What a server says of itself. */
export async function metricsOf({ address }) {
  const response = await fetch(`${address}/metrics`);
  if (!response.ok) throw new Error(`${address}/metrics answers ${response.status}`);
  return response.text();
}
