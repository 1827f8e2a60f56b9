// Started by ownership.mjs, detached. Without arguments: reads which servers its owner has, and ends them when standard input
// does, which is when the owner is gone. With a pid and its start: gives that process's lease back when it is gone.
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, signal } from './pids.mjs';
import { poll } from './poll.mjs';

const [pid, ...startedAt] = process.argv.slice(2);

if (pid === undefined) {
  const owned = new Map();
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line);
    if (message.own === undefined) owned.delete(message.disown);
    else owned.set(message.own.folder, message.own);
  }
  for (const server of owned.values()) signal(server, 'SIGKILL');
  for (const server of owned.values()) {
    await poll(() => !isAlive(server), 10_000);
    rmSync(server.folder, { recursive: true, force: true, maxRetries: 3 });
  }
} else {
  const holder = { pid: Number(pid), startedAt: startedAt.join(' ') };
  while (isAlive(holder)) await delay(500);
  const { release } = await import('./services.mjs');
  await release(holder);
}
