export function brokerList(value: string): string[];
