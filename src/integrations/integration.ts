import type { Task } from '../asl/types.ts';
import type { Functions } from './functions.ts';

/** What integrations may draw on when they bind a Resource. */
export interface IntegrationContext {
  /** Null where no functions folder is configured. */
  readonly functions: Functions | null;
}

/** One family of Task resources. */
export interface Integration {
  readonly name: string;
  matches(resource: string): boolean;
  bind(resource: string, context: IntegrationContext): Task;
}
