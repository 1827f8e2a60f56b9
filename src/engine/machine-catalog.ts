import type { MachineSummary } from '../api/contract.ts';
import { machineArn, type ArnScope } from '../delivery/arn.ts';
import { MillraceError, type Diagnostic } from '../errors.ts';
import { compileInputCheck, type InputCheck } from '../pool/intake.ts';
import type { Pool, Revision } from '../pool/pool.ts';
import type { MachineOptions } from './options.ts';

interface Installed {
  readonly options: MachineOptions;
  readonly revision: number;
  /** The input check on this thread, for starts that are answered before a worker sees the input. */
  readonly check: InputCheck | null;
  readonly comment: string | undefined;
}

/** The machines that are served, and what every revision of them is made of. */
export class MachineCatalog {
  readonly #pool: Pool;
  readonly #functions: string | undefined;
  readonly #timeoutSeconds: number | undefined;
  readonly #arn: ArnScope;
  readonly #machines = new Map<string, Installed>();
  /** Ways into a machine besides its own name: the intakes of sources. */
  readonly #routes = new Map<string, NonNullable<Revision['route']>[]>();
  #functionsRevision = 0;

  constructor(pool: Pool, functions: string | undefined, timeoutSeconds: number | undefined, arn: ArnScope) {
    this.#pool = pool;
    this.#functions = functions;
    this.#timeoutSeconds = timeoutSeconds;
    this.#arn = arn;
  }

  get(name: string): Installed | undefined {
    return this.#machines.get(name);
  }

  names(): string[] {
    return [...this.#machines.keys()];
  }

  summaries(): MachineSummary[] {
    return [...this.#machines.keys()].map((name) => this.summary(name)!);
  }

  summary(name: string): MachineSummary | undefined {
    const installed = this.#machines.get(name);
    if (installed === undefined) return undefined;
    const { options, revision, comment } = installed;
    return {
      name,
      arn: machineArn(this.#arn, name),
      revision,
      ...(comment === undefined ? {} : { comment }),
      definition: options.definition,
    };
  }

  /** Installs all; raises one error with the diagnostics of every machine that is not valid. */
  async installAll(machines: Readonly<Record<string, MachineOptions>>): Promise<void> {
    const results = await Promise.allSettled(Object.entries(machines).map(([name, options]) => this.install(name, options)));
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    const known = failures.filter((failure) => failure instanceof MillraceError);
    const unknown = failures.find((failure) => !(failure instanceof MillraceError));
    if (unknown !== undefined) throw unknown;
    if (known.length === 0) return;
    if (known.length === 1) throw known[0]!;
    const diagnostics: Diagnostic[] = known.flatMap((failure) => failure.diagnostics);
    throw new MillraceError(known[0]!.code, known.map((failure) => failure.message).join('\n'), { diagnostics });
  }

  async install(name: string, options: MachineOptions): Promise<void> {
    const check = options.inputSchema === undefined ? null : await compileInputCheck(options.inputSchema);
    const described: Revision = {
      machine: name,
      definition: options.definition,
      ...(options.type === undefined ? {} : { type: options.type }),
      ...(options.roleArn === undefined ? {} : { roleArn: options.roleArn }),
      ...this.#bounds(options),
      ...(options.inputSchema === undefined ? {} : { inputSchema: options.inputSchema }),
      ...(this.#functions === undefined ? {} : { functionsFolder: this.#functions, functionsRevision: String(this.#functionsRevision) }),
    };
    let revision: number;
    try {
      revision = await this.#pool.install(described);
      for (const route of this.#routes.get(name) ?? []) await this.#pool.install({ ...described, route });
    } catch (error) {
      throw error instanceof MillraceError ? named(error, name, options.file) : error;
    }
    const comment = (JSON.parse(options.definition) as { Comment?: unknown }).Comment;
    this.#machines.set(name, { options, revision, check, comment: typeof comment === 'string' ? comment : undefined });
  }

  remove(name: string): void {
    this.#machines.delete(name);
    this.#pool.remove(name);
    for (const route of this.#routes.get(name) ?? []) this.#pool.remove(route.name);
  }

  /** Opens a way into a machine, behind the intake of a source, with the machine's next installation; it follows it through all. */
  addRoute(machine: string, route: NonNullable<Revision['route']>): void {
    this.#routes.set(machine, [...(this.#routes.get(machine) ?? []), route]);
  }

  /** Every machine gets a revision that runs on the functions as they are now. */
  async reloadFunctions(): Promise<void> {
    this.#functionsRevision++;
    await this.installAll(Object.fromEntries([...this.#machines].map(([name, { options }]) => [name, options])));
  }

  #bounds(options: MachineOptions): { timeoutSeconds?: number } {
    const bounds = [options.timeoutSeconds, this.#timeoutSeconds].filter((seconds) => seconds !== undefined);
    return bounds.length === 0 ? {} : { timeoutSeconds: Math.min(...bounds) };
  }
}

/** The same error, with the machine and file that it is about. */
function named(error: MillraceError, name: string, file: string | undefined): MillraceError {
  const diagnostics = error.diagnostics.map((diagnostic): Diagnostic => (file === undefined || diagnostic.file !== undefined ? diagnostic : { ...diagnostic, file }));
  return new MillraceError(error.code, `State machine '${name}': ${error.message}`, { cause: error, diagnostics });
}

