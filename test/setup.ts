import * as fc from 'fast-check';

/**
 * The suite draws the same random values every time, so that a change fails because of what it changed. Another seed explores:
 * MILLRACE_SEED=7 npm test; npm run fuzz goes on with seeds of its own.
 */
fc.configureGlobal({ seed: Number(process.env['MILLRACE_SEED'] ?? 20_261_121) });
