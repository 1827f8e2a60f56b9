import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tail } from './command.mjs';
import { disown, own } from './ownership.mjs';
import { identify, isAlive, signal } from './pids.mjs';
import { poll } from './poll.mjs';

const PORT_TAKEN_MS = 10_000;
const PORT_TAKEN = /address already in use|BindException/i;

/** A new temporary folder for one server's files. */
export const serverFolder = (name) => mkdtemp(join(tmpdir(), `millrace-${name}-`));

/**
 * One server as a process of its own, known by a plain record, so that another process can go on with it. Its port and data
 * stay over stop, kill and start. Unless it is kept, it and its folder go when the process that started it ends, however that ends.
 */
export class ServerProcess {
  /** @param {{name, command, args, folder, port, kept, pid, startedAt}} record @param ready asked until it answers true */
  constructor(record, ready, readyWithinMs) {
    this.record = record;
    this.ready = ready;
    this.readyWithinMs = readyWithinMs;
  }

  get pid() {
    return this.record.pid;
  }

  get port() {
    return this.record.port;
  }

  get folder() {
    return this.record.folder;
  }

  get logFile() {
    return join(this.record.folder, 'server.log');
  }

  alive() {
    return isAlive(this.record);
  }

  /**
   * Resolves when the server answers. While it was down something else may have got its port, for as long as it takes to try
   * whether a port is free: it is started again for a while then.
   *
   * @throws with the end of its log when it stops or does not answer in time
   */
  async start() {
    const until = Date.now() + PORT_TAKEN_MS;
    while (!(await this.#startOnce(Date.now() < until))) await sleep(250);
  }

  /** @param again whether a port that is taken is to be answered with false instead of an error */
  async #startOnce(again) {
    if (this.alive()) return true;
    const { name, command, args, folder, kept } = this.record;
    const log = openSync(this.logFile, 'a');
    // Its own process group, so that Ctrl-C in a terminal reaches only who has to decide what to do about it.
    const child = spawn(command, args, { cwd: folder, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    const failure = new Promise((resolve) => child.once('error', resolve));
    child.unref();
    if (child.pid === undefined) throw new Error(`${name} could not be started: ${(await failure).message}`);
    Object.assign(this.record, identify(child.pid));
    if (!kept) own(this.record);
    const settled = await poll(async () => !this.alive() || (await this.ready()), this.readyWithinMs);
    // Asked again: what has answered may be another server that has the port.
    const alive = this.alive();
    if (settled && alive) return true;
    await this.kill();
    if (again && !alive && PORT_TAKEN.test(this.logTail(5))) return false;
    throw new Error(`${name} ${alive ? `did not answer within ${this.readyWithinMs} ms` : 'stopped while it started'}. Its log ends:\n${this.logTail()}`);
  }

  /** SIGTERM, and SIGKILL when that does not help in time. */
  async stop(withinMs = 30_000) {
    signal(this.record, 'SIGTERM');
    signal(this.record, 'SIGCONT');
    if (!(await poll(() => !this.alive(), withinMs))) await this.kill();
  }

  /** kill -9. Resolves when the process is gone; its files stay as they are at that moment. */
  async kill() {
    signal(this.record, 'SIGKILL');
    if (!(await poll(() => !this.alive(), 10_000, 5))) throw new Error(`${this.record.name} (pid ${this.pid}) survives SIGKILL.`);
  }

  async restart() {
    await this.stop();
    await this.start();
  }

  /** Freezes the process: connections stay open, nothing is answered. */
  pause() {
    signal(this.record, 'SIGSTOP');
  }

  resume() {
    signal(this.record, 'SIGCONT');
  }

  /** Lets the server outlive this process. */
  async keep() {
    this.record.kept = true;
    await disown(this.record);
  }

  /** Ends the server for good, with its data. */
  async remove() {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
    await disown(this.record);
  }

  logTail(lines = 15) {
    try {
      return tail(readFileSync(this.logFile, 'utf8'), lines);
    } catch {
      return '(no log)';
    }
  }
}
