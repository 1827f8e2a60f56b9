import { MillraceError } from '../../errors.ts';

/** What a broker answers that no waiting will change. */
const FATAL_TYPES: ReadonlySet<string> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'INCONSISTENT_GROUP_PROTOCOL',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'UNSUPPORTED_VERSION',
]);

/** What OpenSSL says of a certificate, and Node of a name in it. */
const TLS_CODES = /^(?:ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT|UNABLE_TO_)/;

interface LibraryError extends Error {
  readonly type?: string;
  readonly code?: unknown;
}

/** The error and what caused it, the outermost first. kafkajs wraps what it has tried several times. */
function* chain(error: unknown): Generator<LibraryError> {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) yield at as LibraryError;
}

/** The broker's name for what is wrong, such as ILLEGAL_GENERATION. */
export function brokerErrorType(error: unknown): string | undefined {
  for (const { type } of chain(error)) if (type !== undefined) return type;
  return undefined;
}

export const isUnknownTopic = (error: unknown): boolean => brokerErrorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION';

/** Says what is wrong: with settings that cannot work, or with a broker that is away and waited for. */
export function explain(error: unknown, brokers: readonly string[]): MillraceError {
  if (error instanceof MillraceError) return error;
  const at = brokers.join(', ');
  const message = innermost(error);
  for (const { type, name, code } of chain(error)) {
    if (name === 'KafkaJSSASLAuthenticationError' || type?.includes('SASL') === true) return new MillraceError('SOURCE_MISCONFIGURED', `Kafka at ${at} refuses the credentials: ${message}. Correct sasl.`, { cause: error });
    if (type !== undefined && FATAL_TYPES.has(type)) return new MillraceError('SOURCE_MISCONFIGURED', `Kafka at ${at} refuses: ${message} (${type}).`, { cause: error });
    if (typeof code === 'string' && TLS_CODES.test(code)) return new MillraceError('SOURCE_MISCONFIGURED', `No TLS connection to Kafka at ${at}: ${message} (${code}). Correct tls.`, { cause: error });
  }
  return new MillraceError('SOURCE_UNAVAILABLE', `Kafka at ${at} does not serve this source: ${message}. It is tried again.`, { cause: error });
}

export const noSuchTopics = (topics: readonly string[], brokers: readonly string[], cause: unknown): MillraceError =>
  new MillraceError('SOURCE_MISCONFIGURED', `Kafka at ${brokers.join(', ')} has no topic ${topics.join(', ')}. Create it, or correct topics.`, { cause });

function innermost(error: unknown): string {
  let message = String(error);
  for (const one of chain(error)) message = one.message;
  return message.replace(/\.$/, '');
}
