import type { Cluster } from 'kafkajs';
import type { Log } from '../../telemetry/log.ts';
import { brokerErrorType } from './errors.ts';
import { decodeFetchResponse, type FetchResponse } from './fetch-response.ts';
import type { ResponseDesk } from './large-responses.ts';

/*
 * The one place that reaches into kafkajs. Its consumers hand the cluster that they work with to their partition assigner, which
 * is public; of this cluster, and of no other in the process, the brokers are made to
 *
 *   - wait before a fetch where there is no room for what it would bring;
 *   - leave record batches as they are: kafkajs's decoder makes an object, Longs and three strings of every record; large responses
 *     do not even pass through kafkajs (large-responses.ts);
 *   - wait a moment before the group is joined anew;
 *   - say what range of offsets was refused, instead of committing a default one;
 *   - say which generation of the group has been joined, and as whom; and join as the same member again after a consumer has
 *     been replaced, since the group would wait for a member that does not come back until its session is over.
 *
 * test/sources/kafka/cluster-hooks.test.ts fails when kafkajs changes underneath. Where a response is not of a known version or
 * format, kafkajs's own decoder reads it.
 */

export interface ClusterHooks {
  /** Asked before every fetch: false answers it with nothing, so that kafkajs sends a heartbeat and asks again. */
  mayFetch(): Promise<boolean>;
  /** How far a partition reaches, and up to where transactions have ended; for every partition of every response. */
  fetched(topic: string, partition: number, highWatermark: number, lastStableOffset: number): void;
  /** The broker does not have the offset any more, or not yet. */
  outOfRange(topic: string, partition: number): Promise<void>;
  /** Awaited before every request to join. */
  beforeJoin(): Promise<void>;
  joined(coordinator: Coordinator, memberId: string, generationId: number): void;
  /** Who we were before; asked when a consumer joins that is nobody yet. */
  formerMember(): string | undefined;
  /** The group does not know that member any more. */
  formerMemberIsUnknown(): void;
}

/** The broker that coordinates the group, as far as commits go. */
export interface Coordinator {
  offsetFetch(request: { groupId: string; topics: { topic: string; partitions: { partition: number }[] }[] }): Promise<{ responses: { topic: string; partitions: { partition: number; offset: string; metadata?: string | null }[] }[] }>;
  offsetCommit(request: { groupId: string; groupGenerationId: number; memberId: string; topics: { topic: string; partitions: { partition: number; offset: string; metadata?: string }[] }[] }): Promise<unknown>;
}

interface Protocol {
  readonly request: { readonly apiVersion: number };
  readonly response: { decode(payload: Buffer): Promise<unknown>; parse(data: unknown): Promise<unknown> };
}

type BuildRequest = (options: unknown) => Protocol;
type LookUp = (apiKey: number, definition: unknown) => BuildRequest;

interface Broker extends Coordinator {
  lookupRequest: LookUp;
  fetch(options: unknown): Promise<{ responses: readonly unknown[] }>;
  joinGroup(options: { memberId: string }): Promise<{ memberId: string; generationId: number }>;
}

/** The number of the Fetch API. */
const FETCH = 1;

export function hookCluster(cluster: Cluster, hooks: ClusterHooks, desk: ResponseDesk, log: Log): void {
  const hooked = new WeakSet<object>();
  const hook = <B>(broker: B): B => {
    const known = broker as unknown as Broker;
    if (!hooked.has(known)) hookBroker(known, hooks, desk, log);
    hooked.add(known);
    return broker;
  };
  const findBroker = cluster.findBroker.bind(cluster);
  const findGroupCoordinator = cluster.findGroupCoordinator.bind(cluster);
  const disconnect = cluster.disconnect.bind(cluster);
  cluster.findBroker = async (node) => hook(await findBroker(node));
  cluster.findGroupCoordinator = async (group) => hook(await findGroupCoordinator(group));
  // A consumer that has crashed disconnects without waiting for it: the rejection would be nobody's.
  cluster.disconnect = () => disconnect().catch((error: unknown) => log.debug('Kafka: a connection could not be closed in order', { error }));
}

function hookBroker(broker: Broker, hooks: ClusterHooks, desk: ResponseDesk, log: Log): void {
  const fetch = broker.fetch.bind(broker);
  const joinGroup = broker.joinGroup.bind(broker);
  broker.fetch = async (options) => {
    if (!(await hooks.mayFetch())) return { responses: [] };
    try {
      return await fetch(options);
    } catch (error) {
      const range = refusedRange(error);
      if (range === undefined) throw error;
      await hooks.outOfRange(range.topic, range.partition);
      return { responses: [] };
    }
  };
  broker.joinGroup = async (options) => {
    const memberId = options.memberId === '' ? (hooks.formerMember() ?? '') : options.memberId;
    await hooks.beforeJoin();
    const joined = await joinGroup({ ...options, memberId }).catch((error: unknown) => {
      if (brokerErrorType(error) === 'UNKNOWN_MEMBER_ID') hooks.formerMemberIsUnknown();
      throw error;
    });
    hooks.joined(broker, joined.memberId, joined.generationId);
    return joined;
  };
  // kafkajs assigns it anew whenever it connects.
  let lookUp = broker.lookupRequest;
  const replaced: LookUp = (apiKey, definition) => {
    const build = lookUp(apiKey, definition);
    return apiKey === FETCH ? (options) => withoutRecords(build(options), hooks, desk, log) : build;
  };
  Object.defineProperty(broker, 'lookupRequest', {
    configurable: true,
    enumerable: true,
    get: () => replaced,
    set: (value: LookUp) => {
      lookUp = value;
    },
  });
}

let warned = false;

function withoutRecords(protocol: Protocol, hooks: ClusterHooks, desk: ResponseDesk, log: Log): Protocol {
  const { request, response } = protocol;
  const decode = async (given: Buffer): Promise<unknown> => {
    const large = desk.redeem(given);
    const payload = large ?? given;
    const decoded = decodeFetchResponse(request.apiVersion, payload, large === undefined ? undefined : () => desk.memory.giveBack(large));
    if (decoded === undefined && !warned) {
      warned = true;
      log.warn("The broker answers in a format that kafkajs's decoder has to read, record by record, which is slower", { fetchVersion: request.apiVersion });
    }
    const result = decoded ?? ((await response.decode(payload)) as FetchResponse);
    for (const { topicName, partitions } of result.responses) {
      for (const { partition, errorCode, highWatermark, lastStableOffset } of partitions) {
        if (errorCode === 0) hooks.fetched(topicName, partition, Number(highWatermark), Number(lastStableOffset ?? highWatermark));
      }
    }
    return result;
  };
  return { ...protocol, response: { ...response, decode } };
}

function refusedRange(error: unknown): { topic: string; partition: number } | undefined {
  if (!(error instanceof Error) || error.name !== 'KafkaJSOffsetOutOfRange') return undefined;
  return error as unknown as { topic: string; partition: number };
}
