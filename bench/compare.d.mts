export const USAGE: string;
export function compare(args: readonly string[], streams?: { print?: (line: string) => void; warn?: (line: string) => void }): number;
