import { array, assert, asyncProperty, constantFrom, nat, record, subarray } from 'fast-check';
import kafkajs, { type Cluster, type GroupMember } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { createStickyAssigner, type AssignerProtocol, type Assignment, type Claim } from '../../../src/sources/kafka/assigner.ts';

const protocol = kafkajs.AssignerProtocol as unknown as AssignerProtocol;
const nothing: Claim = { owned: {}, generation: -1, leaving: false };

/** A cluster of topics with so many partitions. */
function clusterOf(topics: Record<string, number>): Cluster {
  return {
    addMultipleTargetTopics: () => Promise.resolve(),
    refreshMetadata: () => Promise.resolve(),
    findTopicPartitionMetadata: (topic: string) => Array.from({ length: topics[topic] ?? 0 }, (_, partitionId) => ({ partitionId })),
  } as unknown as Cluster;
}

interface Joining {
  id: string;
  topics: string[];
  claim?: Claim | Buffer;
}

async function assignment(topics: Record<string, number>, joining: Joining[]): Promise<Record<string, Assignment>> {
  const cluster = clusterOf(topics);
  const members = joining.map(({ id, topics: subscribed, claim = nothing }): GroupMember => {
    const memberMetadata = Buffer.isBuffer(claim)
      ? protocol.MemberMetadata.encode({ version: 0, topics: subscribed, userData: claim })
      : createStickyAssigner(cluster, protocol, () => claim).protocol({ topics: subscribed }).metadata;
    return { memberId: id, memberMetadata };
  });
  const assigned = await createStickyAssigner(cluster, protocol, () => nothing).assign({ members, topics: joining[0]!.topics });
  return Object.fromEntries(assigned.map(({ memberId, memberAssignment }) => [memberId, kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)!.assignment]));
}

const flat = (assigned: Assignment): string[] => Object.entries(assigned).flatMap(([topic, partitions]) => partitions.map((partition) => `${topic}/${partition}`));
const claims = (owned: Assignment, generation = 1, leaving = false): Claim => ({ owned, generation, leaving });

describe('the assigner', () => {
  it('gives each member as many partitions as the others, to within one, and every partition to exactly one', async () => {
    await assert(
      asyncProperty(array(record({ topics: subarray(['a', 'b', 'c'], { minLength: 1 }) }), { minLength: 1, maxLength: 7 }), nat({ max: 9 }), nat({ max: 9 }), async (joining, a, b) => {
        const topics = { a: a + 1, b, c: 3 };
        const members = joining.map(({ topics: subscribed }, i) => ({ id: `m${i}`, topics: subscribed }));
        const assigned = await assignment(topics, members);
        const wanted = Object.entries(topics).flatMap(([topic, count]) => (members.some((member) => member.topics.includes(topic)) ? Array.from({ length: count }, (_, i) => `${topic}/${i}`) : []));
        expect(Object.values(assigned).flatMap(flat).toSorted()).toEqual(wanted.toSorted());
        for (const { id, topics: subscribed } of members) expect(Object.keys(assigned[id]!).every((topic) => subscribed.includes(topic))).toBe(true);
        const alike = members.filter((member) => member.topics.length === 3).map(({ id }) => flat(assigned[id]!).length);
        if (alike.length === members.length) expect(Math.max(...alike) - Math.min(...alike)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('leaves with each member what it has, as far as the shares allow', async () => {
    await assert(
      asyncProperty(nat({ max: 12 }), array(constantFrom('join', 'leave'), { maxLength: 8 }), async (partitions, changes) => {
        let members = ['m0', 'm1'];
        let made = 2;
        let before: Record<string, Assignment> = {};
        for (const [generation, change] of ['join', ...changes].entries()) {
          if (change === 'join') members.push(`m${made++}`);
          else if (members.length > 1) members = members.slice(1);
          const after = await assignment({ t: partitions }, members.map((id) => ({ id, topics: ['t'], claim: claims(before[id] ?? {}, generation) })));
          const least = Math.floor(partitions / members.length);
          for (const id of members) {
            const kept = flat(before[id] ?? {}).filter((partition) => flat(after[id]!).includes(partition)).length;
            expect(kept).toBeGreaterThanOrEqual(Math.min(flat(before[id] ?? {}).length, least));
          }
          before = after;
        }
      }),
    );
  });

  it('believes the later of two that claim the same', async () => {
    const assigned = await assignment({ t: 2 }, [
      { id: 'back', topics: ['t'], claim: claims({ t: [0, 1] }, 3) },
      { id: 'owner', topics: ['t'], claim: claims({ t: [1] }, 5) },
    ]);
    expect(assigned).toEqual({ back: { t: [0] }, owner: { t: [1] } });
  });

  it('gives nothing new to one that leaves, and lets it keep what it has under way', async () => {
    const assigned = await assignment({ t: 4 }, [
      { id: 'leaving', topics: ['t'], claim: claims({ t: [2] }, 1, true) },
      { id: 'stays', topics: ['t'], claim: claims({}) },
    ]);
    expect(assigned).toEqual({ leaving: { t: [2] }, stays: { t: [0, 1, 3] } });
  });

  it('takes members that say nothing of themselves, or something else', async () => {
    const assigned = await assignment({ t: 2 }, [
      { id: 'a', topics: ['t'], claim: Buffer.from('not ours') },
      { id: 'b', topics: ['t'], claim: Buffer.alloc(0) },
    ]);
    expect(Object.values(assigned).map((of) => flat(of).length)).toEqual([1, 1]);
  });
});
