import type { Assigner, Cluster, GroupMember, GroupMemberAssignment } from 'kafkajs';

/** Partitions by topic. */
export type Assignment = Record<string, number[]>;

/** What a member says of itself when it joins. */
export interface Claim {
  /** What it has at present, and goes on with if it keeps it. */
  readonly owned: Assignment;
  /** The generation in which it got them: of two that claim the same, the later one has it. */
  readonly generation: number;
  /** It is shutting down and takes nothing new. */
  readonly leaving: boolean;
}

interface Member {
  readonly id: string;
  readonly topics: ReadonlySet<string>;
  readonly claim: Claim | undefined;
  readonly has: Map<string, TopicPartition>;
}

interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** The codec of kafkajs for what members and the leader of a group tell one another. */
export interface AssignerProtocol {
  readonly MemberMetadata: { encode(value: { version: number; topics: string[]; userData: Buffer }): Buffer; decode(buffer: Buffer): { topics: string[]; userData: Buffer | null } | null };
  readonly MemberAssignment: { encode(value: { version: number; assignment: Assignment; userData: Buffer }): Buffer };
}

const VERSION = 0;
export const ASSIGNER_NAME = 'millrace-sticky';

/**
 * Assigns partitions so that each member has as many as the others, to within one, and otherwise keeps what it has: whatever
 * moves is run again where it goes to, as far as it was under way.
 *
 * Unlike kafkajs's own assigner it gives a topic only to members that subscribe to it, so that sources of different topics may
 * share a group.
 */
export function createStickyAssigner(cluster: Cluster, { MemberMetadata, MemberAssignment }: AssignerProtocol, claim: () => Claim): Assigner {
  return {
    name: ASSIGNER_NAME,
    version: VERSION,
    protocol: ({ topics }) => ({ name: ASSIGNER_NAME, metadata: MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.from(JSON.stringify(claim())) }) }),
    assign: async ({ members, topics }): Promise<GroupMemberAssignment[]> => {
      const known = members.map((member) => readMember(member, MemberMetadata, topics));
      const all = [...new Set([...topics, ...known.flatMap((member) => [...member.topics])])];
      // A topic of another member that is not there is no reason to assign nothing: its own source says so.
      await cluster.addMultipleTargetTopics(all).catch(() => undefined);
      // Another member may have joined because it has seen new partitions, which kafkajs would find here once and then never again.
      await cluster.refreshMetadata().catch(() => undefined);
      const partitions = all.flatMap((topic) => cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => ({ topic, partition: partitionId })));
      distribute(known, partitions);
      return known.map(({ id, has }) => ({ memberId: id, memberAssignment: MemberAssignment.encode({ version: VERSION, assignment: byTopic(has.values()), userData: Buffer.alloc(0) }) }));
    },
  };
}

function readMember({ memberId, memberMetadata }: GroupMember, metadata: AssignerProtocol['MemberMetadata'], topics: readonly string[]): Member {
  const decoded = metadata.decode(memberMetadata);
  return { id: memberId, topics: new Set(decoded?.topics ?? topics), claim: readClaim(decoded?.userData), has: new Map() };
}

function readClaim(userData: Buffer | null | undefined): Claim | undefined {
  if (userData === null || userData === undefined || userData.length === 0) return undefined;
  try {
    return JSON.parse(userData.toString('utf8')) as Claim;
  } catch {
    return undefined;
  }
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

function distribute(members: Member[], partitions: readonly TopicPartition[]): void {
  members.sort((a, b) => (a.id < b.id ? -1 : 1));
  const owners = claimedBy(members);
  const free = partitions.filter((partition) => {
    const owner = owners.get(keyOf(partition));
    if (owner === undefined || !owner.topics.has(partition.topic)) return true;
    owner.has.set(keyOf(partition), partition);
    return false;
  });
  for (const partition of free) {
    const taker = least(members, partition.topic);
    taker?.has.set(keyOf(partition), partition);
  }
  while (moveOne(members));
}

function claimedBy(members: readonly Member[]): Map<string, Member> {
  const owners = new Map<string, Member>();
  for (const member of members) {
    for (const [topic, partitions] of Object.entries(member.claim?.owned ?? {})) {
      for (const partition of partitions) {
        const key = keyOf({ topic, partition });
        const other = owners.get(key)?.claim;
        if (other === undefined || (member.claim?.generation ?? -1) > other.generation) owners.set(key, member);
      }
    }
  }
  return owners;
}

/** The member with the fewest partitions that may take one of a topic; one that leaves only if all do. */
function least(members: readonly Member[], topic: string): Member | undefined {
  let found: Member | undefined;
  for (const member of members) {
    if (!member.topics.has(topic)) continue;
    if (found === undefined || rank(member) < rank(found)) found = member;
  }
  return found;
}

const LEAVING = 1e9;
const rank = ({ has, claim }: Member): number => has.size + (claim?.leaving === true ? LEAVING : 0);

/** Moves a partition from a member that has two more than another could have; false when there is none such. */
function moveOne(members: readonly Member[]): boolean {
  for (const from of members.toSorted((a, b) => b.has.size - a.has.size)) {
    for (const [key, partition] of from.has) {
      const to = least(members, partition.topic);
      if (to === undefined || to.claim?.leaving === true || to.has.size + 1 >= from.has.size) continue;
      from.has.delete(key);
      to.has.set(key, partition);
      return true;
    }
  }
  return false;
}

function byTopic(partitions: Iterable<TopicPartition>): Assignment {
  const assignment = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const known = assignment.get(topic);
    if (known === undefined) assignment.set(topic, [partition]);
    else known.push(partition);
  }
  return Object.fromEntries(assignment);
}
