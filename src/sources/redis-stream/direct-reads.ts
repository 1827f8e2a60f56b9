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
 * Reads as readGroup does. The connection is to do nothing else until the promise has settled.
 *
 * @throws Error with the message of Redis, or that the connection was closed
 */
export function readDirectly(client: Redis, request: ReadRequest, valueField: Buffer | null): Promise<Portion[]> {
  const { stream: socket } = client;
  const theirs = socket.listeners('data') as ((chunk: Buffer) => void)[];
  const reply = new GroupReply(valueField);
  return new Promise((resolve, reject) => {
    const finish = (error?: Error): void => {
      clearTimeout(silence);
      socket.off('data', take).off('close', closed);
      for (const listener of theirs) socket.on('data', listener);
      if (error !== undefined) reject(error);
      else resolve(reply.portions());
    };
    const take = (chunk: Buffer): void => {
      try {
        if (reply.push(chunk)) finish(reply.error === undefined ? undefined : refusal(reply.error));
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
    socket.write(commandOf(request));
  });
}

function commandOf({ group, consumer, count, blockMs, streams, after }: ReadRequest): string {
  const block = blockMs > 0 ? ['BLOCK', String(blockMs)] : [];
  const words = ['XREADGROUP', 'GROUP', group, consumer, 'COUNT', String(count), ...block, 'STREAMS', ...streams, ...after];
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}
