import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { run, tail, which } from './command.mjs';
import { Unavailable } from './unavailable.mjs';

const INSTALL_MS = 5 * 60_000;
/** XAUTOCLAIM came with it. */
const AT_LEAST = [6, 2];
const HOW = 'Install Redis 6.2 or later (Debian: sudo apt-get install redis-server; macOS: brew install redis). Or have Docker Compose running, or set REDIS_URL.';
const POLICY = '/usr/sbin/policy-rc.d';

/**
 * The redis-server program: the one on the PATH, else Debian's package, installed if this is root.
 *
 * @throws Unavailable when there is none and none can be installed, or it is too old
 */
export async function redisProgram(note = () => {}) {
  const program = which('redis-server') ?? (await install(note));
  const { stdout } = await run(program, ['--version'], { withinMs: 10_000 });
  const [, major = 0, minor = 0] = /v=(\d+)\.(\d+)/.exec(stdout) ?? [];
  if (Number(major) > AT_LEAST[0] || (Number(major) === AT_LEAST[0] && Number(minor) >= AT_LEAST[1])) return program;
  throw new Unavailable('redis', `${program} is version ${major}.${minor}.`, HOW);
}

async function install(note) {
  const apt = which('apt-get');
  if (apt === undefined || process.getuid?.() !== 0) throw new Unavailable('redis', 'There is no redis-server on the PATH.', HOW);
  note('installing the package redis-server, once');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const lift = forbidServices();
  try {
    const update = await run(apt, ['update', '-q'], { withinMs: INSTALL_MS, env });
    const { code, stdout, stderr } = await run(apt, ['install', '-q', '-y', '--no-install-recommends', 'redis-server'], { withinMs: INSTALL_MS, env });
    const program = which('redis-server');
    if (code === 0 && program !== undefined) return program;
    throw new Unavailable('redis', `apt-get could not install redis-server:\n${tail(`${update.stderr}\n${stdout}\n${stderr}`)}\n`, HOW);
  } finally {
    lift();
  }
}

/**
 * Keeps the package from starting a service on port 6379 that nobody asked for, by the way that Debian has for it. The policy
 * holds only as long as this process lives, even if it is killed.
 */
function forbidServices() {
  if (existsSync(POLICY)) return () => {};
  writeFileSync(POLICY, `#!/bin/sh\nkill -0 ${process.pid} 2>/dev/null && exit 101\nrm -f "$0"\nexit 0\n`, { mode: 0o755 });
  return () => rmSync(POLICY, { force: true });
}
