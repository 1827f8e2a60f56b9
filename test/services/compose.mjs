import { fileURLToPath } from 'node:url';
import { run, tail, which } from './command.mjs';
import { freePorts } from './ports.mjs';

const FILE = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));
/** Not the name that a user's own `docker compose up` has: what runs there is left alone. */
const PROJECT = 'millrace-services';
const ENGINE_MS = 5_000;
const UP_MS = 10 * 60_000;

/** Whether `docker compose` is there and an engine answers it. */
export async function composeAnswers() {
  if (which('docker') === undefined) return false;
  const client = await run('docker', ['compose', 'version'], { withinMs: ENGINE_MS });
  if (client.code !== 0) return false;
  const engine = await run('docker', ['info', '--format', '{{.ServerVersion}}'], { withinMs: ENGINE_MS });
  return engine.code === 0 && engine.stdout.trim() !== '';
}

/** Starts one service of docker-compose.yml on a free port of 127.0.0.1. Resolves with the port; undefined when that failed, with a note why. */
export async function composeUp(name, note) {
  const [port] = await freePorts(1);
  note(`starting ${name} with docker compose`);
  const env = { ...process.env, [`${name.toUpperCase()}_PORT`]: String(port) };
  const { code, stderr } = await compose(['up', '--detach', '--wait', '--no-deps', name], env);
  if (code === 0) return port;
  note(`docker compose could not start ${name}: ${tail(stderr, 1)}`);
  await composeRemove(name);
  return undefined;
}

/** What a container is told: it keeps its port and its volume. */
export async function composeControl(name, verb) {
  const { code, stderr } = await compose([verb, name]);
  if (code !== 0) throw new Error(`docker compose ${verb} ${name}: ${tail(stderr)}`);
}

/** Removes one service's container. */
export const composeRemove = (name) => compose(['rm', '--stop', '--force', '--volumes', name]);

/** Removes what is left of the project: network and volumes. */
export const composeEnd = () => compose(['down', '--volumes']);

const compose = (args, env = process.env) => run('docker', ['compose', '--project-name', PROJECT, '--file', FILE, ...args], { withinMs: UP_MS, env });
