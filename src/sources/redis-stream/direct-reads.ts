import { Redis } from 'ioredis';
import { isDemoted } from '../../redis/options.ts';
import type { RedisClient } from '../../redis/redis.ts';
import type { Portion } from './entries.ts';
import { GroupReply } from './group-reply.ts';
import type { ReadRequest } from './reads.ts';

/*
 * ioredis makes a Buffer of each id, name and value, which costs more than all else that the main thread does for an event.
 * Between two of its commands its socket is therefore taken: the read is written to it, the answer is read where it lies,
 * and the socket is given back. ioredis goes on to connect, to authenticate and to notice failures.
 */

/** How long after a read should have returned the connection counts as dead. */
const SILENCE_MS = 15_000;

/**
 * True when a connection can be read directly: it is one (a Cluster is several), it is idle, and ioredis listens to its
 * socket in the way that is known here.
 */
export function canReadDirectly(client: RedisClient): client is Redis {
  return client instanceof Redis && client.status === 'ready' && client.commandQueue.length === 0 && client.stream?.listenerCount('data') === 1;
}

/**
 * Reads as readGroup does, several times at once where that is asked for: the commands go out in one piece, and only the first
 * waits for entries. The connection is to do nothing else until the promise has settled.
 *
 * @throws Error with the message of Redis, or that the connection was closed
 */
export function readDirectly(client: Redis, request: ReadRequest, valueField: Buffer | null): Promise<Portion[]> {
  const { stream: socket } = client;
  const theirs = socket.listeners('data') as ((chunk: Buffer) => void)[];
  const replies = Array.from({ length: request.reads ?? 1 }, () => new GroupReply(valueField));
  let complete = 0;
  /** Whether that was all: on a connection that is given back nothing may be on its way. */
  const push = (chunk: Buffer): boolean => {
    let rest = chunk;
    for (; complete < replies.length && rest.length > 0; complete++) {
      const reply = replies[complete] as GroupReply;
      if (!reply.push(rest)) return false;
      ({ rest } = reply);
    }
    if (rest.length > 0) throw new Error(`${rest.length} bytes follow the answer of Redis`);
    return complete === replies.length;
  };
  return new Promise((resolve, reject) => {
    const finish = (error?: Error): void => {
      clearTimeout(silence);
      socket.off('data', take).off('close', closed);
      for (const listener of theirs) socket.on('data', listener);
      if (error !== undefined) reject(error);
      else resolve(replies.flatMap((reply) => reply.portions()));
    };
    const take = (chunk: Buffer): void => {
      try {
        if (!push(chunk)) return;
        const error = replies.find((reply) => reply.error !== undefined)?.error;
        finish(error === undefined ? undefined : refusal(error));
      } catch (error) {
        // Whatever is on its way cannot be understood any more.
        finish(error as Error);
        socket.destroy(error as Error);
      }
    };
    const refusal = (message: string): Error => {
      const error = new Error(message);
      // The next connection is to the one that is the master by now.
      if (isDemoted(error)) client.disconnect(true);
      return error;
    };
    const closed = (): void => finish(new Error('Connection is closed.'));
    const silence = setTimeout(() => socket.destroy(new Error('Redis does not answer a read')), request.blockMs + SILENCE_MS);
    for (const listener of theirs) socket.off('data', listener);
    socket.on('data', take).on('close', closed);
    socket.write(commandOf(request) + commandOf({ ...request, blockMs: 0 }).repeat(replies.length - 1));
  });
}

function commandOf({ group, consumer, count, blockMs, streams, after }: ReadRequest): string {
  const block = blockMs > 0 ? ['BLOCK', String(blockMs)] : [];
  const words = ['XREADGROUP', 'GROUP', group, consumer, 'COUNT', String(count), ...block, 'STREAMS', ...streams, ...after];
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}
