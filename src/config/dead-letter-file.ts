import { join } from 'node:path';

/**
 * Where dead letters of a source go when nothing else is said, or the place that was named refuses them; those of starts over
 * HTTP when `source` is left out.
 */
export const deadLetterFile = (dataDir: string, source = 'journal'): string => join(dataDir, 'dead-letters', `${source}.ndjson`);
