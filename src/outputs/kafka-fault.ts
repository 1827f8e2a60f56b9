import { MillraceError } from '../errors.ts';

/** What kafkajs throws, as far as it is looked at. */
interface KafkaFault {
  readonly message: string;
  readonly type?: string;
  readonly code?: number | string;
  readonly cause?: unknown;
}

/** A record is not taken as it is: MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE, INVALID_TIMESTAMP, INVALID_RECORD. */
const REFUSALS: ReadonlySet<number | string | undefined> = new Set([10, 18, 32, 87]);

/** kafkajs wraps what went wrong in what it has given up on. */
function innermost(error: unknown): KafkaFault {
  let fault = error as KafkaFault;
  while (fault.type === undefined && typeof fault.cause === 'object' && fault.cause !== null && 'message' in fault.cause) fault = fault.cause as KafkaFault;
  return fault;
}

/** True when the peer refuses one of the records for good, and not the write as a whole. */
export const refusesRecord = (error: unknown): boolean => REFUSALS.has(innermost(error).code);

const ADVICE: Readonly<Record<string, (topic: string) => string>> = {
  UNKNOWN_TOPIC_OR_PARTITION: (topic) => `there is no topic '${topic}'. Create it`,
  TOPIC_AUTHORIZATION_FAILED: (topic) => `writing to the topic '${topic}' is not allowed. Grant WRITE and DESCRIBE on it`,
  CLUSTER_AUTHORIZATION_FAILED: () => 'an idempotent producer is not allowed. Grant IDEMPOTENT_WRITE on the cluster, or WRITE on the topic',
  INVALID_TOPIC_EXCEPTION: (topic) => `'${topic}' cannot be the name of a topic`,
  NOT_ENOUGH_REPLICAS: (topic) => `fewer replicas of '${topic}' are in sync than its min.insync.replicas asks for`,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: (topic) => `fewer replicas of '${topic}' are in sync than its min.insync.replicas asks for`,
};

/** Why a write failed that may succeed later, in words. */
export function kafkaUnavailable(error: unknown, brokers: readonly string[], topic: string): MillraceError {
  if (error instanceof MillraceError) return error;
  const fault = innermost(error);
  const says = ADVICE[fault.type ?? '']?.(topic) ?? fault.message.replace(/\.$/, '');
  return new MillraceError('OUTPUT_UNAVAILABLE', `Kafka at ${brokers.join(', ')}: ${says}.`, { cause: error });
}

export const kafkaRefused = (error: unknown, topic: string, id: string): MillraceError =>
  new MillraceError('OUTPUT_REFUSED', `Kafka does not take the record of ${id} into the topic '${topic}': ${innermost(error).message.replace(/\.$/, '')}.`, { cause: error });
