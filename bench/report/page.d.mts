import type { Results } from '../lib/results.mjs';

export function pageOf(results: Results): string;
export function escape(text: unknown): string;
