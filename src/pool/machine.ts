import { compileValid } from '../asl/program.ts';
import type { Program } from '../asl/types.ts';
import { MillraceError } from '../errors.ts';
import { loadFunctions } from '../integrations/functions.ts';
import { createTaskResolver } from '../integrations/table.ts';
import { Counter } from './counts.ts';
import { compileInputCheck, type InputCheck } from './intake.ts';
import type { Failure, Install } from './messages.ts';
import { compileRoute, type Route } from './route.ts';

/** A revision ready to run. */
export interface InstalledMachine {
  readonly name: string;
  readonly roleArn: string | undefined;
  readonly program: Program;
  readonly check: InputCheck | null;
  /** The intake of a source; null: events of no source. */
  readonly route: Route | null;
  readonly counter: Counter;
}

/** The machines of one worker, by revision number. */
export class InstalledMachines {
  readonly #byId = new Map<number, InstalledMachine>();
  /** Functions by folder and revision; the last few are kept, so that machines share what they load. */
  readonly #functions = new Map<string, ReturnType<typeof loadFunctions>>();

  get(id: number): InstalledMachine | undefined {
    return this.#byId.get(id);
  }

  retire(id: number): void {
    this.#byId.delete(id);
  }

  /** Answers what is wrong as data: nothing is installed then. */
  async install({ id, revision, counts }: Install): Promise<Failure> {
    try {
      const { functionsFolder, timeoutSeconds, inputSchema } = revision;
      const functions = functionsFolder === undefined ? null : await this.#load(functionsFolder, revision.functionsRevision ?? '');
      const program = compileValid(revision.definition, {
        resolveTask: createTaskResolver({ functions }),
        ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      });
      const check = inputSchema === undefined ? null : await compileInputCheck(inputSchema);
      const route = revision.route === undefined ? null : await compileRoute(revision.route.intake);
      this.#byId.set(id, { name: revision.machine, roleArn: revision.roleArn, program, check, route, counter: new Counter(counts) });
      return null;
    } catch (error) {
      if (error instanceof MillraceError) return { code: error.code, message: error.message, diagnostics: error.diagnostics };
      return { code: 'INVALID_CONFIG', message: `${revision.machine}: ${error instanceof Error ? error.message : String(error)}`, diagnostics: [] };
    }
  }

  #load(folder: string, revision: string): ReturnType<typeof loadFunctions> {
    const key = `${revision}\n${folder}`;
    let functions = this.#functions.get(key);
    if (functions === undefined) {
      functions = loadFunctions(folder, revision);
      this.#functions.set(key, functions);
      for (const old of this.#functions.keys()) if (this.#functions.size > 4) this.#functions.delete(old);
    }
    return functions;
  }
}
