export const definition: object;
export const functions: Readonly<Record<string, string>>;
export function failsOf(total: number): number;
export function eventOf(i: number): string;
