import { Pool } from 'undici';
import { MillraceError } from '../errors.ts';
import type { HttpMode, HttpTarget } from './http.ts';

export interface HttpPlace extends Pick<HttpTarget, 'headers' | 'timeoutMs' | 'tls'> {
  /** The server's, or all of the path that starts are posted to. */
  readonly url: URL;
  readonly machine: string | undefined;
  readonly mode: HttpMode | undefined;
}

const ROUTES: Readonly<Record<HttpMode, string>> = { async: 'executions', sync: 'sync-executions', bulk: 'events' };
const FULL_PATH = /\/(executions|sync-executions|events)\/?$/;

/**
 * Finds out where starts are to be posted, and that somebody is there.
 *
 * @throws MillraceError TARGET_UNAVAILABLE when nothing answers, NO_SUCH_MACHINE when the server has no such machine
 */
export async function findHttpTarget({ url, machine, mode, headers, timeoutMs, tls }: HttpPlace): Promise<{ url: URL; mode: HttpMode }> {
  const pool = new Pool(url.origin, { connections: 1, headersTimeout: timeoutMs, bodyTimeout: timeoutMs, connect: { timeout: timeoutMs, ...tls } });
  const ask = async (path: string): Promise<{ status: number; text: string }> => {
    try {
      const { statusCode, body } = await pool.request({ path, method: 'GET', headers });
      return { status: statusCode, text: await body.text() };
    } catch (cause) {
      throw new MillraceError('TARGET_UNAVAILABLE', `Nothing answers at ${url.origin}: ${troubleOf(cause)}. Start the server there (millrace start), or correct --url.`, { cause });
    }
  };
  try {
    const full = FULL_PATH.exec(url.pathname);
    if (full !== null) {
      await ask('/readyz');
      return { url, mode: mode ?? (Object.keys(ROUTES) as HttpMode[]).find((one) => ROUTES[one] === full[1])! };
    }
    const base = url.pathname.replace(/\/$/, '');
    const { status, text } = await ask(`${base}/v1/machines`);
    const served = status === 200 ? machinesOf(text) : undefined;
    if (served !== undefined && machine !== undefined && !served.includes(machine)) throw new MillraceError('NO_SUCH_MACHINE', `The server at ${url.origin} has no machine '${machine}'; it has ${listed(served)}.`);
    const chosen = machine ?? (served?.length === 1 ? served[0] : undefined);
    if (chosen === undefined) throw new MillraceError('NO_SUCH_MACHINE', `Say with --machine which machine of ${url.origin} is to be started${served === undefined ? '' : `: it has ${listed(served)}`}.`);
    const found = new URL(url);
    found.pathname = `${base}/v1/machines/${encodeURIComponent(chosen)}/${ROUTES[mode ?? 'async']}`;
    return { url: found, mode: mode ?? 'async' };
  } finally {
    await pool.destroy();
  }
}

function machinesOf(text: string): string[] | undefined {
  try {
    const { machines } = JSON.parse(text) as { machines?: { name: string }[] };
    return machines?.map(({ name }) => name);
  } catch {
    return undefined;
  }
}

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

function troubleOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map((one) => (one as Error).message).join('; ');
  return error instanceof Error ? error.message : String(error);
}
