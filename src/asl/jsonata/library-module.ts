import { createRequire } from 'node:module';
import type jsonata from 'jsonata';

let loaded: typeof jsonata | undefined;

/**
 * The jsonata library, loaded when the first expression is met: most machines hold none, and every thread would wait for it.
 * It comes by require: for an import Node first searches its 200 kB of CommonJS for the names that it exports.
 */
export const jsonataLibrary = (): typeof jsonata => (loaded ??= createRequire(import.meta.url)('jsonata') as typeof jsonata);
