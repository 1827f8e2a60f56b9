import { MillraceError } from '../errors.ts';

/** What errors of Redis and of TLS mean that no waiting helps against, and what to do. */
const REFUSALS: readonly (readonly [pattern: RegExp, what: string, remedy: string])[] = [
  [/WRONGPASS|invalid password|invalid username-password/, 'refuses the user or the password', 'Correct them in the url or beside the addresses.'],
  [/NOAUTH/, 'asks for a password, and none is given', 'Give it in the url (redis://user:password@host:6379) or beside the addresses.'],
  [/NOPERM/, 'does not allow its user a command that is needed', "Extend the user's rights (ACL SETUSER)."],
  [/DB index is out of range/, 'has no database of that number', 'Correct the number at the end of the url, or raise "databases" in redis.conf.'],
  [/No such master|invalid reply: null/, 'is asked for through Sentinels that know no master of that name', 'Compare sentinels.master with the names of SENTINEL MASTERS.'],
  [/cluster support disabled/, 'is not a Cluster', 'Use url instead of cluster.'],
  [/SELF_SIGNED|self-signed|UNABLE_TO_VERIFY|unable to verify|UNABLE_TO_GET|CERT_|certificate|altnames/i, 'has a certificate that is not trusted', 'Name its authority in tls.ca and its name in tls.servername.'],
  [/wrong version number|packet length too long|ERR_SSL/i, 'does not speak TLS on that port, or not a version that is accepted', 'Use redis:// without tls, or its TLS port.'],
];

/** What cannot get better by waiting, as an error that says what to change; undefined for an outage. */
export function refusalOf(error: unknown, server: string): MillraceError | undefined {
  const text = describeError(error);
  const found = REFUSALS.find(([pattern]) => pattern.test(text));
  return found && new MillraceError('SOURCE_MISCONFIGURED', `${server} ${found[1]}. ${found[2]} It says: ${text}`, { cause: error });
}

/** Message and code, and those of what a Cluster got from the last node that it asked. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code: unknown = Reflect.get(error, 'code');
  const last: unknown = Reflect.get(error, 'lastNodeError');
  // An error of several addresses of one name has an empty message.
  const inner = error instanceof AggregateError ? error.errors.map(describeError).join('; ') : '';
  const own = [error.message, typeof code === 'string' && !error.message.includes(code) ? `(${code})` : '', inner].filter(Boolean).join(' ');
  return last instanceof Error ? `${own}: ${describeError(last)}` : own;
}
