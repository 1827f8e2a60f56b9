import type { RedisStreamSourceSettings } from '../../config/settings.ts';
import type { EventDescription, Line, Settlement, SourceEvents } from '../../delivery/source.ts';
import { closeRedis, createRedis, redisConnected, type RedisClient } from '../../redis/redis.ts';
import { silentLog } from '../../telemetry/log.ts';
import type { Acknowledging } from './acknowledging.ts';
import { canReadDirectly, readDirectly } from './direct-reads.ts';
import { EntryPacker, type EntryShape, headersOf, keyOf } from './entries.ts';
import { ensureGroup, groupsOf } from './group.ts';
import type { Ids } from './ids.ts';
import { Ledger, type Taken } from './ledger.ts';
import { Reader } from './reader.ts';
import { readGroup, type Send, sendBy } from './reads.ts';
import { keepFresh } from './refreshing.ts';
import { fenced, isFenced } from './scripts.ts';

export interface SessionOptions {
  readonly settings: RedisStreamSourceSettings;
  readonly line: Line;
  readonly consumer: string;
  readonly streams: readonly string[];
  /** The source's own connection, on which nothing blocks. */
  readonly client: RedisClient;
  readonly acknowledging: Acknowledging;
  /** For one stream that is this process's alone as long as the lease of this name says so. */
  readonly ownership?: { readonly lease: string; readonly owner: string };
  readonly onTrouble: (trouble: string | undefined) => void;
}

/** Reading of some streams over one connection, until it is stopped. */
export interface Session {
  readonly ledgers: readonly Ledger[];
  start(): void;
  /** Reads nothing more; what was offered is settled as before. Resolves once no read is under way. */
  stop(): Promise<void>;
  /** Hears of nothing any more that has not been settled. */
  release(): void;
  close(): Promise<void>;
  readonly inFlight: number;
}

/** A silent connection is given up so long after a read should have returned. */
const SILENCE_MS = 15_000;
/** A Cluster has no way to end a read that blocks, so it blocks less long. */
const CLUSTER_BLOCK_MS = 1000;
/** An entry that was delivered so often takes down whoever runs it, or never ends. */
const MANY_DELIVERIES = 10;

/** Creates a session; it connects, and does nothing until it is started. */
export function createSession(options: SessionOptions): Session {
  const { settings, line, consumer, client, acknowledging, ownership, onTrouble } = options;
  const { group, takeoverMs, batchEvents } = settings;
  // No longer than until it is time to look for entries of dead consumers.
  const blockMs = Math.ceil(Math.min(settings.blockMs, takeoverMs / 2, settings.cluster === undefined ? Infinity : CLUSTER_BLOCK_MS));
  let clientId: number | undefined;
  let connectedMs = Infinity;
  let claimedMs = -Infinity;
  let allClaimed = false;
  let stopping = false;

  // Outages are logged by the source's own connection.
  const reading = createRedis(settings, { purpose: `source ${line.source}`, log: silentLog, whenAway: 'fail', silenceMs: blockMs + SILENCE_MS, onTrouble });
  reading.on('ready', () => {
    connectedMs = performance.now();
    clientId = undefined;
  });
  /** Asked where nothing else is under way on the connection: it may be read directly. */
  const connected = async (): Promise<void> => {
    await redisConnected(reading);
    if (settings.cluster === undefined) clientId = await reading.client('ID').catch(() => undefined);
  };

  const shape: EntryShape = {
    valueField: settings.valueField === null ? null : Buffer.from(settings.valueField),
    keyField: settings.keyField === null ? null : Buffer.from(settings.keyField),
    order: line.order,
    lanes: Math.max(1, line.lanes),
  };
  const parts = options.streams.map((stream) => {
    const ledger = new Ledger(stream);
    return { ledger, packer: new EntryPacker(shape, ledger) };
  });
  const ledgers = parts.map(({ ledger }) => ledger);
  const lease = line.lease(settlementOf(shape, acknowledging));
  const fresh = ownership === undefined ? keepFresh({ client, group, consumer, takeoverMs, ledgers, log: line.log }) : undefined;

  const send: Send = ownership === undefined ? sendBy(reading) : (command, stream, args) => fenced(reading, ownership.lease, stream, ownership.owner, command, args);
  const reader = new Reader({
    streams: parts,
    group,
    consumer,
    line,
    lease,
    batchEvents,
    blockMs,
    send,
    readGroup: (request) => (ownership === undefined && canReadDirectly(reading) ? readDirectly(reading, request, shape.valueField) : readGroup(send, request)),
    connected,
    recoverFirst: ownership === undefined,
    // An owner takes over all that is pending, at once; others only what nobody has looked after since well after the last
    // outage, when they too could not look after theirs.
    claimDue: () => {
      if (ownership !== undefined) return allClaimed ? undefined : 0;
      const now = performance.now();
      return now - connectedMs >= takeoverMs && now - claimedMs >= takeoverMs / 2 ? takeoverMs : undefined;
    },
    onTakeover: (stream, ids, count) => {
      line.meter.recovered('takeover');
      line.log.info('Entries of consumers that are gone were taken over.', { source: line.source, stream, count });
      void warnOfRepeats(client, line, stream, group, consumer, ids);
    },
    onClaimed: () => {
      allClaimed = true;
      claimedMs = performance.now();
    },
    ...(ownership === undefined ? {} : { waitForNew: () => waitForNew(reading, options.streams[0]!, group, blockMs) }),
    onSettled: (ledger) => acknowledging.wake(ledger),
    recreateGroups: async () => {
      // What the stream has is new to the group, wherever the first one began.
      for (const stream of options.streams) await ensureGroup(client, stream, group, '0');
    },
    onTrouble,
    isFenced,
  });

  return {
    ledgers,
    start: () => reader.start(),
    async stop() {
      stopping = true;
      const stopped = reader.stop();
      // Asked again: the read may be on its way.
      const unblock = setInterval(() => clientId !== undefined && client.status === 'ready' && void client.client('UNBLOCK', clientId).catch(() => 0), 20);
      await stopped;
      clearInterval(unblock);
    },
    release: () => lease.release(),
    async close() {
      fresh?.stop();
      if (!stopping) await this.stop();
      await closeRedis(reading);
    },
    get inFlight() {
      return lease.inFlight;
    },
  };
}

function settlementOf(shape: EntryShape, acknowledging: Acknowledging): Settlement {
  return {
    settled({ tag }: SourceEvents, from: number, to: number): void {
      const taken = tag as Taken;
      taken.ledger.settle(taken, from, to);
      acknowledging.wake(taken.ledger);
    },
    ended({ tag }: SourceEvents, index: number): void {
      const taken = tag as Taken;
      taken.ledger.settle(taken, index, index + 1);
      acknowledging.wake(taken.ledger);
    },
    describe({ tag }: SourceEvents, index: number): EventDescription {
      const { ledger, ids, fields } = tag as Taken;
      const coordinate = JSON.stringify({ stream: ledger.stream, id: ids.at(index) });
      const own = fields?.(index);
      if (own === undefined) return { coordinate };
      const key = keyOf(shape, own);
      const headers = headersOf(shape, own);
      return { coordinate, ...(key === undefined ? {} : { key }), ...(headers === undefined ? {} : { headers }) };
    },
  };
}

/**
 * Blocks until the stream has entries that the group has not delivered, or for a while. Fenced reads cannot block, since no
 * script may.
 */
async function waitForNew(client: RedisClient, stream: string, group: string, blockMs: number): Promise<void> {
  const state = (await groupsOf(client, stream)).find(({ name }) => name === group);
  // The next read says that the group is gone.
  if (state !== undefined) await client.xread('COUNT', 1, 'BLOCK', blockMs, 'STREAMS', stream, state.lastDelivered);
}

/** Says which entries go from one process to the next and never end. */
async function warnOfRepeats(client: RedisClient, line: Line, stream: string, group: string, consumer: string, ids: Ids): Promise<void> {
  const pending = await client.xpending(stream, group, ids.at(0)!, ids.at(-1)!, ids.length, consumer).catch(() => []);
  for (const [id, , , deliveries] of pending as [string, string, number, number][]) {
    if (deliveries >= MANY_DELIVERIES) line.log.warn('An entry was delivered many times, and no execution of it has ended.', { source: line.source, stream, id, deliveries });
  }
}
