export const SUITES: Readonly<Record<string, { readonly about: string; readonly byName?: boolean; load(): Promise<{ run(options?: object): unknown }> }>>;
