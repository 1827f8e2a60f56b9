import type { SourceConfig } from '../config/settings.ts';
import type { Wants } from '../delivery/source.ts';
import type { Intake } from '../pool/messages.ts';

/** The name under which the pool has a machine behind the intake of a source. No machine's own name has a colon. */
export const routeName = (source: string): string => `source:${source}`;

export function intakeOf({ name, filter, schema, input, order, retry, tombstones }: SourceConfig): Intake {
  return {
    source: name,
    order,
    retry,
    tombstones,
    ...(filter === undefined ? {} : { filter }),
    ...(schema === undefined ? {} : { schema }),
    ...(input === undefined ? {} : { input }),
  };
}

/** The context object may be read: by a path, or by `$states` used other than through input, result and errorOutput. */
const READS_CONTEXT = /\$\$|\$states(?!\s*\.\s*(?:input|result|errorOutput)\b)/;

/** What the workers need to know of each event besides its value. */
export function wantsOf({ order, input }: Pick<SourceConfig, 'order' | 'input'>, definition: string): Wants {
  if (order === 'key' || input !== undefined || READS_CONTEXT.test(definition)) return 'everything';
  return order === 'partition' ? 'coordinate' : 'nothing';
}
