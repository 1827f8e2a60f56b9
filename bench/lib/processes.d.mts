export const CLI: string;
export function cpuMs(pid: number): number | undefined;
export function mainThreadMs(pid: number): number | undefined;
export function rssBytes(pid: number): number | undefined;
export function openFiles(pid: number): number | undefined;
export interface ServerOfNode {
  readonly address: string;
  readonly pid: number;
  cpuMs(): number | undefined;
  mainThreadMs(): number | undefined;
  rssBytes(): number | undefined;
  openFiles(): number | undefined;
  close(): Promise<void>;
}
export function serverProcess(args: readonly string[], options?: { readonly env?: Readonly<Record<string, string>>; readonly node?: string; readonly flags?: readonly string[]; readonly pattern?: RegExp }): Promise<ServerOfNode>;
