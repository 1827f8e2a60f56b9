import type { Output } from '../delivery/outcome.ts';
import type { Log } from '../telemetry/log.ts';

/** What every kind of output is made with. */
export interface OutputParts {
  /** The output's name in the configuration. */
  readonly name: string;
  readonly log: Log;
}

/** One kind of output: an entry of the table. It connects by itself, and says what keeps it from that as its trouble. */
export type CreateOutput<Settings> = (settings: Settings, parts: OutputParts) => Output;
