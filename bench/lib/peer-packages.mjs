import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cacheFolder } from '../../test/services/cache.mjs';
import { run, tail, which } from '../../test/services/command.mjs';
import { Unavailable } from '../../test/services/unavailable.mjs';

const INSTALL_MS = 5 * 60_000;

/**
 * Packages of a peer, installed once beside the downloads of the test services and not among this project's own: they are large, or
 * do not run on every version of Node that this one runs on. Their install scripts do not run.
 *
 * @param packages versions by package name
 * @returns what loads them: `load(name)` imports one, `resolve(name)` is the path of its main file
 * @throws Unavailable when npm is not there or cannot install them
 */
export async function peerPackages(packages) {
  const dependencies = Object.fromEntries(Object.entries(packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const key = createHash('sha256').update(JSON.stringify([dependencies, process.platform, process.arch])).digest('hex').slice(0, 16);
  const folder = join(cacheFolder(), 'peers', key);
  if (!existsSync(folder)) await install(folder, dependencies);
  const { resolve } = createRequire(join(folder, 'package.json'));
  return { resolve, load: (name) => import(pathToFileURL(resolve(name)).href) };
}

async function install(folder, dependencies) {
  const names = Object.entries(dependencies).map(([name, version]) => `${name}@${version}`).join(' ');
  const npm = which('npm');
  if (npm === undefined) throw new Unavailable('peers', `There is no npm to install ${names} with.`, 'Install npm.');
  await mkdir(dirname(folder), { recursive: true });
  const temporary = await mkdtemp(`${folder}.`);
  try {
    await writeFile(join(temporary, 'package.json'), JSON.stringify({ private: true, dependencies }));
    const { code, stdout, stderr } = await run(npm, ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: temporary, withinMs: INSTALL_MS });
    if (code !== 0) throw new Unavailable('peers', `npm could not install ${names}:\n${tail(`${stdout}\n${stderr}`)}\n`, 'Look at the connection to the registry.');
    // The folder appears under its name only when it is complete.
    await rename(temporary, folder).catch((error) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** @throws Unavailable on a version of Node that is too old for a peer */
export function needsNode(major, name) {
  if (Number(process.versions.node.split('.')[0]) < major) throw new Unavailable('peers', `${name} needs Node ${major} or later, and this is ${process.version}.`, 'Run npx -y -p node@24 node --expose-gc bench/main.mjs peers.');
}
