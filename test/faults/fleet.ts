import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, freePort, ServerProcess } from '../lib/server-process.ts';
import { Ledger, writeLedgerMachine } from './ledger.ts';

export interface FleetOptions {
  /** Of millrace.yaml, besides machines, functions, port and dataDir. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly graceMs?: number;
  readonly workers?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** The ledger is written every 50 ms, and not for every event: faster, and no oracle where processes are killed. */
  readonly buffered?: boolean;
}

/** A server of the fleet, which keeps its port and data folder through restarts. */
export interface Member {
  readonly index: number;
  server: ServerProcess;
}

/** Processes of the built server that share their sources, and a ledger of what they ran. */
export class Fleet {
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-faults-'));
  readonly ledger = new Ledger(join(this.folder, 'ledger'));
  readonly members: Member[] = [];
  readonly #options: FleetOptions;
  #started = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
    writeLedgerMachine(this.folder, options.buffered);
  }

  /** Starts one more; resolves once it is ready, unless told not to wait. */
  async add({ wait = true }: { readonly wait?: boolean } = {}): Promise<Member> {
    const index = this.#started++;
    const member: Member = { index, server: await this.#spawn(index) };
    this.members.push(member);
    if (wait) await member.server.ready();
    return member;
  }

  /** Ends a member for good. */
  async remove(member: Member, signal: NodeJS.Signals): Promise<number | string | null> {
    this.members.splice(this.members.indexOf(member), 1);
    return member.server.end(signal);
  }

  /** Ends a member, with SIGKILL unless told otherwise, and starts it again on the same data folder. */
  async restart(member: Member, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await member.server.end(signal);
    member.server = await this.#spawn(member.index);
    await member.server.ready();
  }

  /** A number of one member's metrics, summed over its labels. */
  async metric(member: Member, name: string): Promise<number> {
    const { body } = await ask(member.server.port, 'GET', '/metrics');
    return body.split('\n').reduce((sum, line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`) ? sum + Number(line.slice(line.lastIndexOf(' ') + 1)) : sum), 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.members.map(({ server }) => server.end('SIGKILL')));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #spawn(index: number): Promise<ServerProcess> {
    const { config, graceMs = 10_000, workers = 1, env = {} } = this.#options;
    const file = join(this.folder, `millrace-${index}.yaml`);
    const limits = { graceMs, ...(config['limits'] as object | undefined) };
    const whole = { dataDir: join(this.folder, `data-${index}`), functions: join(this.folder, 'functions'), workers, machines: { record: join(this.folder, 'record.asl.json') }, ...config, limits };
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(whole));
    return new ServerProcess(['--config', file], await freePort(), { env: { MILLRACE_LEDGER: this.ledger.folder, ...env } });
  }
}
