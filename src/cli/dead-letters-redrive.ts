import type { SourceConfig } from '../config/settings.ts';
import type { RedriveTarget, Stored } from '../outputs/dead-letters/contract.ts';
import { createHttpTarget } from '../outputs/dead-letters/http-target.ts';
import { openRedriveTarget } from '../outputs/dead-letters/table.ts';
import type { Log } from '../telemetry/log.ts';
import { UsageError } from './exit-codes.ts';

/** So many failures are told one by one. */
const TOLD = 10;

/** Puts events back, each to its source, or all to one server, and keeps count of it. */
export class Redriving {
  readonly #sources: readonly SourceConfig[];
  readonly #log: Log;
  /** By source; a server is everybody's. */
  readonly #targets = new Map<string | undefined, Promise<RedriveTarget>>();
  readonly #server: RedriveTarget | undefined;
  readonly #done = new Map<string, number>();
  readonly #failures: string[] = [];
  failed = 0;

  constructor(sources: readonly SourceConfig[], to: string | undefined, log: Log) {
    this.#sources = sources;
    this.#log = log;
    if (to === undefined) return;
    if (!URL.canParse(to) || !/^https?:$/.test(new URL(to).protocol)) throw new UsageError(`--to takes the URL of a Millrace server, http://127.0.0.1:8080, and not '${to}'.`);
    this.#server = createHttpTarget(to);
  }

  /** Resolves with those letters whose events are where they belong. */
  async put(letters: readonly Stored[]): Promise<readonly Stored[]> {
    const bySource = new Map<string | undefined, Stored[]>();
    for (const stored of letters) {
      const { source } = stored.letter;
      const group = bySource.get(source);
      if (group === undefined) bySource.set(source, [stored]);
      else group.push(stored);
    }
    const done: Stored[] = [];
    for (const [source, group] of bySource) done.push(...(await this.#putTo(source, group)));
    return done;
  }

  async #putTo(source: string | undefined, group: readonly Stored[]): Promise<readonly Stored[]> {
    const target = await this.#targetOf(source);
    if (target === undefined) {
      const why = source === undefined ? 'it was started over HTTP: name a server with --to' : `the configuration has no source '${source}': name a server with --to, or put the source back`;
      for (const { id } of group) this.#fail(id, why);
      return [];
    }
    const failures = new Set<number>();
    for (const { index, message } of await target.put(group.map(({ letter }) => letter))) {
      failures.add(index);
      this.#fail(group[index]!.id, message);
    }
    this.#done.set(target.name, (this.#done.get(target.name) ?? 0) + group.length - failures.size);
    return group.filter((_, index) => !failures.has(index));
  }

  #targetOf(source: string | undefined): Promise<RedriveTarget | undefined> {
    if (this.#server !== undefined) return Promise.resolve(this.#server);
    const config = this.#sources.find(({ name }) => name === source);
    if (config === undefined) return Promise.resolve(undefined);
    const target = this.#targets.get(source) ?? openRedriveTarget(config, this.#log);
    this.#targets.set(source, target);
    return target;
  }

  #fail(id: string, message: string): void {
    this.failed += 1;
    if (this.#failures.length < TOLD) this.#failures.push(`${id} was not redriven: ${message}`);
  }

  /** What to say at the end. */
  report(): string[] {
    const counts = [...this.#done].map(([target, count]) => `${count} redriven to ${target}`);
    const more = this.failed - this.#failures.length;
    return [
      ...this.#failures,
      ...(more > 0 ? [`… and ${more} more`] : []),
      `${counts.length === 0 ? 'none redriven' : counts.join(', ')}${this.failed === 0 ? '' : `; ${this.failed} not, which are where they were`}.`,
    ];
  }

  async close(): Promise<void> {
    for (const target of this.#targets.values()) await (await target).close();
    await this.#server?.close();
  }
}
