export function median(numbers: readonly number[]): number;
export function rangeOf(numbers: readonly number[]): [number, number];
export function rankTest(lower: readonly number[], upper: readonly number[]): number;
export function lineThrough(points: readonly (readonly [number, number])[]): { slope: number; intercept: number; explained: number; slopeError: number };
export function trendOf(points: readonly (readonly [number, number])[], blocks?: number): { slope: number; intercept: number; bound: number };
