import { MillraceError } from '../errors.ts';

/** What a redis:// or rediss:// URL says. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls: boolean;
}

const PORT = 6379;

/**
 * Reads `redis[s]://[[user]:password@]host[:port][/database]`, IPv6 hosts in brackets. It is never repeated in a message: it may
 * hold a password.
 *
 * @throws MillraceError SOURCE_MISCONFIGURED when it is not of that form
 */
export function parseRedisUrl(url: string): RedisAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) throw malformed('it cannot be parsed');
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:') throw malformed('it does not begin with redis:// or rediss://');
  if (parsed.hostname === '') throw malformed('it names no host');
  if (parsed.search !== '' || parsed.hash !== '') throw malformed('it has a query or a fragment');
  const db = parsed.pathname.slice(1);
  if (!/^\d{0,5}$/.test(db)) throw malformed('its path is not the number of a database');
  return {
    host: parsed.hostname.replaceAll(/^\[|\]$/g, ''),
    port: parsed.port === '' ? PORT : Number(parsed.port),
    ...(parsed.username === '' ? {} : { username: decoded(parsed.username) }),
    ...(parsed.password === '' ? {} : { password: decoded(parsed.password) }),
    ...(db === '' ? {} : { db: Number(db) }),
    tls: parsed.protocol === 'rediss:',
  };
}

/**
 * Reads `host:port` of a Sentinel or a node of a Cluster; IPv6 hosts in brackets, the port may be left out.
 *
 * @throws MillraceError SOURCE_MISCONFIGURED when it is not of that form
 */
export function parseHostPort(address: string, defaultPort: number): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\]]+))(?::(\d{1,5}))?$/.exec(address) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port ?? defaultPort) > 65_535) {
    throw new MillraceError('SOURCE_MISCONFIGURED', `${JSON.stringify(address)} is not the address of a Redis server. Write host:port, for example 127.0.0.1:26379.`);
  }
  return { host, port: Number(port ?? defaultPort) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw malformed('its user or password has a % that begins no percent-encoding (write %25)');
  }
}

const malformed = (what: string): MillraceError =>
  new MillraceError('SOURCE_MISCONFIGURED', `The url of a Redis connection is malformed: ${what}. Write redis://user:password@host:6379/0, with special characters of the password percent-encoded; rediss:// for TLS.`);
