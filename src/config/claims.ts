import type { Part } from './part.ts';
import type { BullmqSourceSettings, KafkaSourceSettings, RedisConnection, RedisStreamSourceSettings } from './settings.ts';

/*
 * Two consumers of one group, or of one queue, share its events: which of the two gets an event nobody can say. So processes
 * share work with their like; two sources of one file would only take it away from each other.
 */

/** Who consumes what, by a text for each thing that only one may consume. */
export class Claims {
  readonly #owners = new Map<string, string>();

  kafka(part: Part, { brokers, groupId }: KafkaSourceSettings): void {
    // Members of a Kafka group have to read the same topics, too.
    this.#claim(part, 'groupId', brokers.map((broker) => `kafka ${broker} ${groupId}`));
  }

  redisStream(part: Part, { streams, group, ...connection }: RedisStreamSourceSettings): void {
    this.#claim(part, 'group', streams.map((stream) => `stream ${reached(connection)} ${group} ${stream}`));
  }

  bullmq(part: Part, { queue, prefix, ...connection }: BullmqSourceSettings): void {
    this.#claim(part, 'queue', [`queue ${reached(connection)} ${prefix} ${queue}`]);
  }

  #claim(part: Part, key: string, things: readonly string[]): void {
    const value = part.text(key);
    if (value === undefined) return;
    const owner = things.map((thing) => this.#owners.get(thing)).find((other) => other !== undefined);
    if (owner !== undefined) part.fault('INVALID_VALUE', key, `is '${value}', and so is that of ${owner}: each event would go to one of the two, and nobody can say to which.`, key === 'queue' ? 'Let one source have the queue.' : 'Give it a group of its own.');
    for (const thing of things) if (!this.#owners.has(thing)) this.#owners.set(thing, part.name);
  }
}

const reached = ({ url, sentinels, cluster }: RedisConnection): string => JSON.stringify([url, sentinels, cluster]);
