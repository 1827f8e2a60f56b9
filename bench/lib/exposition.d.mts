export function sumOf(text: string, metric: string, labels?: Readonly<Record<string, string>>): number;
