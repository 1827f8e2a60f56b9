import { given, type Part } from './part.ts';
import { REDIS_WAYS } from './schema-connections.ts';
import type { KafkaConnection, RedisConnection, TlsSettings } from './settings.ts';

export function readKafkaConnection(part: Part): KafkaConnection {
  const sasl = part.part('sasl');
  return given({
    brokers: readAddresses(part, 'brokers', 9092),
    clientId: part.needed('clientId'),
    tls: readTls(part),
    sasl: part.has('sasl') ? { mechanism: sasl.word<'plain' | 'scram-sha-256' | 'scram-sha-512'>('mechanism'), username: sasl.needed('username'), password: sasl.needed('password') } : undefined,
    connectionTimeoutMs: part.number('connectionTimeoutMs'),
    requestTimeoutMs: part.number('requestTimeoutMs'),
  });
}

/** The connection that a part names; where it names none, that of the file's key redis. */
export function readRedisConnection(part: Part, fallback: RedisConnection | null): RedisConnection {
  // Where the schema itself asks for one, its absence has been told of.
  if (part.schema.exactlyOne !== REDIS_WAYS && REDIS_WAYS.every((way) => !part.has(way))) {
    if (fallback === null) part.faultOfAll('MISSING_KEY', `names no Redis: it has none of ${REDIS_WAYS.join(', ')}, and the configuration has no redis.`, 'Add url: redis://127.0.0.1:6379 to it, or redis: { url: redis://127.0.0.1:6379 } to the configuration.');
    else if (!part.has('tls')) return fallback;
    else part.fault('INVALID_VALUE', 'tls', 'goes with a url, sentinels or a cluster beside it.', 'Put it beside the url of the key redis.');
  }
  const sentinels = part.part('sentinels');
  const cluster = part.part('cluster');
  return given({
    url: readRedisUrl(part),
    sentinels: part.has('sentinels')
      ? given({
          addresses: readAddresses(sentinels, 'addresses', 26_379),
          master: sentinels.needed('master'),
          username: sentinels.text('username'),
          password: sentinels.text('password'),
          sentinelPassword: sentinels.text('sentinelPassword'),
          db: sentinels.numberIf('db'),
        })
      : undefined,
    cluster: part.has('cluster') ? given({ addresses: readAddresses(cluster, 'addresses', 6379), username: cluster.text('username'), password: cluster.text('password') }) : undefined,
    tls: readTls(part),
  });
}

function readRedisUrl(part: Part): string | undefined {
  const url = part.text('url');
  if (url === undefined) return undefined;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  // The text itself may hold a password.
  if (parsed === undefined || !/^rediss?:$/.test(parsed.protocol) || parsed.hostname === '') {
    part.fault('INVALID_VALUE', 'url', 'is not the URL of a Redis.', 'Write redis://host:6379, or rediss:// for TLS; redis://user:password@host:6379/0 with all that it can name. In a user or password, / ? # @ : and % are written as %2F %3F %23 %40 %3A and %25.');
  } else if (!/^\/?\d*$/.test(parsed.pathname)) part.fault('INVALID_VALUE', 'url', 'has a path that is not the number of a database.', 'Write redis://host:6379/0.');
  return url;
}

/** Texts between commas count one by one, since an environment variable holds all of them in one. */
function readAddresses(part: Part, key: string, port: number): string[] {
  const addresses = [...new Set(part.texts(key).flatMap((text) => text.split(',')).map((text) => text.trim()).filter((text) => text !== ''))];
  if (addresses.length === 0 && part.texts(key).length > 0) part.fault('INVALID_VALUE', key, 'names no address.');
  for (const address of addresses) {
    const [, host = '', written = ''] = /^(\[[0-9a-fA-F:.]+\]|[^\s:/@[\]]+):(\d{1,5})$/.exec(address) ?? [];
    if (host !== '' && Number(written) >= 1 && Number(written) <= 65_535) continue;
    part.fault('INVALID_VALUE', key, `names '${address}', which is not an address.`, `Write host:port, as in ${/^[\w.-]+$/.test(address) ? address : 'example.org'}:${port}.`);
  }
  return addresses;
}

function readTls(part: Part): TlsSettings | undefined {
  if (part.get('tls') === undefined || part.get('tls') === false) return undefined;
  const tls = part.part('tls');
  for (const [one, other] of [['cert', 'key'], ['key', 'cert']] as const) {
    if (tls.has(one) && !tls.has(other)) tls.fault('MISSING_KEY', one, `goes with ${other}, which is not there.`);
  }
  return given({ ca: readPem(tls, 'ca'), cert: readPem(tls, 'cert'), key: readPem(tls, 'key'), servername: tls.text('servername'), rejectUnauthorized: part.get('tls') === true || tls.flag('rejectUnauthorized') });
}

function readPem(part: Part, key: string): string | undefined {
  const content = part.file(key);
  if (content !== undefined && content !== '' && !content.includes('-----BEGIN ')) part.fault('INVALID_VALUE', key, `names ${part.needed(key)}, which is not PEM.`, 'PEM is text that begins with -----BEGIN.');
  return content;
}
