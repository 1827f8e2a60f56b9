import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { loadConfig, type Config } from '../config.ts';
import type { Stored } from '../outputs/dead-letters/contract.ts';
import { openDeadLetterStore } from '../outputs/dead-letters/table.ts';
import { silentLog } from '../telemetry/log.ts';
import { compileFilter, type FilterFlags } from './dead-letters-filter.ts';
import { type Place, type PlaceFlags, placesOf } from './dead-letters-places.ts';
import { Redriving } from './dead-letters-redrive.ts';
import { letterLine, letterText, tableHead, tableRow } from './dead-letters-text.ts';
import { EXIT, UsageError } from './exit-codes.ts';
import { wantsColor } from './output.ts';

export interface DeadLetterFlags extends FilterFlags, PlaceFlags {
  readonly config?: string;
  readonly limit?: number;
  readonly format?: 'text' | 'ndjson';
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  /** URL of a Millrace server, or of one machine's executions. */
  readonly to?: string;
}

export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Told by the first SIGINT or SIGTERM: what is under way is ended, nothing more begun. */
  readonly interrupted: AbortSignal;
}

/** What all of these commands begin with. */
class Command {
  readonly flags: DeadLetterFlags;
  readonly terminal: Terminal;
  readonly config: Config;
  readonly places: readonly Place[];
  readonly #matches: (stored: Stored) => boolean;

  constructor(flags: DeadLetterFlags, terminal: Terminal) {
    this.flags = flags;
    this.terminal = terminal;
    this.config = loadConfig({ cwd: terminal.cwd, env: terminal.env, ...(flags.config === undefined ? {} : { file: flags.config }) });
    this.#matches = compileFilter(flags, Date.now());
    this.places = placesOf(flags, this.config, terminal.cwd);
  }

  /** Goes through the dead letters that are asked for, in lots; `visit` gets what it may remove them by. */
  async each(readOnly: boolean, visit: (letters: readonly Stored[], place: Place, remove: (letters: readonly Stored[]) => Promise<void>) => Promise<void>): Promise<void> {
    let left = this.flags.limit ?? Number.POSITIVE_INFINITY;
    for (const place of this.places) {
      const store = await openDeadLetterStore(place.kind, { name: place.name, readOnly, log: silentLog })!;
      try {
        for await (const lot of store.read()) {
          const letters = lot.filter((stored) => place.belongs(stored) && this.#matches(stored)).slice(0, left);
          left -= letters.length;
          if (letters.length > 0) await visit(letters, place, (some) => store.remove(some));
          if (left === 0 || this.terminal.interrupted.aborted) break;
        }
      } finally {
        await store.close();
      }
      for (const note of store.notes) this.note(note);
      if (left === 0 || this.terminal.interrupted.aborted) break;
    }
  }

  get format(): 'text' | 'ndjson' {
    return this.flags.format ?? (this.terminal.stdout.isTTY === true ? 'text' : 'ndjson');
  }

  note(text: string): void {
    this.terminal.stderr.write(`${text}\n`);
  }

  /** Writes at the pace of the reader. */
  async write(text: string): Promise<void> {
    const { stdout } = this.terminal;
    if (!stdout.write(text)) await new Promise((resolve) => stdout.once('drain', resolve));
  }

  /** @throws UsageError when it is not said whose dead letters are meant */
  needPlace(): void {
    const { source, output, file } = this.flags;
    if (source === undefined && output === undefined && file === undefined) throw new UsageError(`Say whose dead letters are meant: --source, --output or --file.${this.places.length === 0 ? '' : ` There are ${this.places.map(({ name }) => name).join(', ')}.`}`);
  }

  /** Counts by reason what is asked for, and changes nothing. */
  async count(): Promise<Counts> {
    const counts = new Counts();
    await this.each(true, (letters) => Promise.resolve(counts.add(letters)));
    return counts;
  }

  /** Asks whoever sits at the terminal; true where nobody does, or need not be asked. */
  async confirm(verb: string): Promise<boolean> {
    const { stdin, stderr } = this.terminal;
    if (this.flags.yes === true || stdin.isTTY !== true || stderr.isTTY !== true) return true;
    const question = `${verb} ${await this.count()} of ${this.places.map(({ name }) => name).join(' and ')}? [y/N] `;
    const lines = createInterface({ input: stdin, output: stderr });
    try {
      return /^y(es)?$/i.test((await lines.question(question)).trim());
    } finally {
      lines.close();
    }
  }
}

/** How many, and for which reasons. */
class Counts {
  readonly #byReason = new Map<string, number>();
  total = 0;

  add(letters: readonly Stored[]): void {
    this.total += letters.length;
    for (const { letter } of letters) this.#byReason.set(letter.reason, (this.#byReason.get(letter.reason) ?? 0) + 1);
  }

  toString(): string {
    const reasons = [...this.#byReason].map(([reason, count]) => `${count} ${reason}`).join(', ');
    return `${this.total} dead letter${this.total === 1 ? '' : 's'}${reasons === '' ? '' : ` (${reasons})`}`;
  }
}

const exitOf = ({ interrupted }: Terminal, failures = 0): number => (interrupted.aborted ? EXIT.interrupted : failures > 0 ? EXIT.failed : EXIT.done);

/** Writes the dead letters that are asked for: a table for eyes, lines of JSON for everybody else. */
export async function listCommand(flags: DeadLetterFlags, terminal: Terminal): Promise<number> {
  const command = new Command(flags, terminal);
  const counts = new Counts();
  const text = command.format === 'text';
  if (text) await command.write(tableHead(wantsColor(terminal.stdout, terminal.env)));
  await command.each(true, async (letters, { name }) => {
    counts.add(letters);
    await command.write(letters.map((stored) => (text ? tableRow(stored) : letterLine(stored, name))).join(''));
  });
  command.note(`${counts}`);
  return exitOf(terminal);
}

/** Writes everything about one dead letter, named by its id or its execution. */
export async function showCommand(wanted: string, flags: DeadLetterFlags, terminal: Terminal): Promise<number> {
  const command = new Command(flags, terminal);
  const found: { readonly stored: Stored; readonly store: string }[] = [];
  await command.each(true, (letters, { name }) => {
    for (const stored of letters) if (stored.id === wanted || stored.letter.execution === wanted) found.push({ stored, store: name });
    return Promise.resolve();
  });
  const exact = found.filter(({ stored }) => stored.id === wanted);
  const one = exact[0] ?? found[0];
  if (one === undefined) {
    command.note(`There is no dead letter '${wanted}' in ${command.places.map(({ name }) => name).join(', ') || 'any store: the configuration has none'}.`);
    return EXIT.failed;
  }
  if (exact.length === 0 && found.length > 1) throw new UsageError(`The execution ${wanted} has ${found.length} dead letters: ${found.map(({ stored }) => stored.id).join(', ')}. Name one of them.`);
  await command.write(command.format === 'text' ? letterText(one.stored, wantsColor(terminal.stdout, terminal.env)) : letterLine(one.stored, one.store));
  return EXIT.done;
}

/**
 * Puts the events of dead letters back to where they came from, and removes each letter once its event is there: whatever
 * breaks off in between, an event may come twice and none is lost.
 */
export async function redriveCommand(flags: DeadLetterFlags, terminal: Terminal): Promise<number> {
  const command = new Command(flags, terminal);
  command.needPlace();
  const redriving = new Redriving(command.config.sources, flags.to, silentLog);
  if (flags.dryRun === true) {
    const counts = await command.count();
    command.note(`${counts} would be redriven.`);
    return exitOf(terminal);
  }
  if (!(await command.confirm('Redrive'))) return notDone(command);
  try {
    await command.each(false, async (letters, _place, remove) => remove(await redriving.put(letters)));
  } finally {
    await redriving.close();
    for (const line of redriving.report()) command.note(line);
  }
  return exitOf(terminal, redriving.failed);
}

/** Removes dead letters for good. */
export async function purgeCommand(flags: DeadLetterFlags, terminal: Terminal): Promise<number> {
  const command = new Command(flags, terminal);
  command.needPlace();
  if (flags.dryRun === true) {
    const counts = await command.count();
    command.note(`${counts} would be removed.`);
    return exitOf(terminal);
  }
  if (flags.yes !== true && terminal.stdin.isTTY !== true) throw new UsageError('What is purged is gone. Say --yes where nobody can be asked, or look with --dry-run first.');
  if (!(await command.confirm('Remove for good'))) return notDone(command);
  const counts = new Counts();
  try {
    await command.each(false, async (letters, _place, remove) => {
      await remove(letters);
      counts.add(letters);
    });
  } finally {
    command.note(`${counts} removed.`);
  }
  return exitOf(terminal);
}

function notDone(command: Command): number {
  command.note('Nothing was done.');
  return EXIT.done;
}
