import { connect as connectPlain, isIP, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactoryArgs, Kafka, KafkaConfig } from 'kafkajs';
import type { KafkaConnection } from '../config/settings.ts';
import type { Log } from '../telemetry/log.ts';
import { COMPRESSIONS, loadCodec } from './codecs.ts';
import { type LargeResponses, openFramedSocket } from './framed-socket.ts';
import { kafkaLog } from './log.ts';

/** A kafkajs client and a way to be rid of it when its broker no longer answers. */
export interface KafkaClient {
  readonly kafka: Kafka;
  /** Closes every connection at once, and opens no other: what is asked over them is rejected. For after an orderly end, or one that took too long. */
  destroy(): void;
}

const KEEP_ALIVE_MS = 60_000;

/** How kafkajs tries again within one request; whatever lasts longer is the caller's to wait for. */
export const KAFKA_RETRY = { initialRetryTime: 100, maxRetryTime: 1500, retries: 5, factor: 0.2, multiplier: 2 } as const;

/**
 * Creates a client that connects when it is first used. kafkajs is loaded here, so that what does without Kafka never loads it.
 * Large responses to fetches go to `responses`, where it is given and there is no TLS.
 */
export async function createKafkaClient(connection: KafkaConnection, log: Log, responses?: LargeResponses): Promise<KafkaClient> {
  const kafkajs = await import('kafkajs');
  installCodecs(kafkajs.default.CompressionCodecs);
  const sockets = new Set<Socket>();
  let destroyed = false;
  const kafka = new kafkajs.default.Kafka({
    ...authentication(connection),
    brokers: [...connection.brokers],
    clientId: connection.clientId,
    connectionTimeout: connection.connectionTimeoutMs,
    requestTimeout: connection.requestTimeoutMs,
    retry: KAFKA_RETRY,
    socketFactory: (args) => (destroyed ? closedSocket() : openSocket(args, sockets, responses)),
    logLevel: kafkajs.default.logLevel.INFO,
    logCreator: () => kafkaLog(log),
  });
  return {
    kafka,
    destroy: () => {
      destroyed = true;
      // Whoever still waits for an answer is told by an error; a connection that has been ended needs none.
      for (const socket of sockets) socket.destroy(socket.writableEnded ? undefined : new Error('The client is closed.'));
    },
  };
}

function openSocket({ host, port, ssl, onConnect }: ISocketFactoryArgs, sockets: Set<Socket>, responses: LargeResponses | undefined): Socket {
  const socket = ssl
    ? connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
    : responses === undefined
      ? connectPlain({ host, port }, onConnect)
      : openFramedSocket({ host, port }, responses, onConnect);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.setNoDelay(true);
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
  return socket;
}

/** kafkajs would go on for ever where a consumer was ended while it joined. */
function closedSocket(): Socket {
  const socket = new Socket();
  setImmediate(() => socket.destroy(new Error('The client is closed.')));
  return socket;
}

function authentication({ tls, sasl }: KafkaConnection): Pick<KafkaConfig, 'ssl' | 'sasl'> {
  return {
    ...(tls === undefined ? {} : { ssl: { ...tls } }),
    // kafkajs tells the mechanisms apart by a literal; the settings have checked it.
    ...(sasl === undefined ? {} : { sasl: { ...sasl } as NonNullable<KafkaConfig['sasl']> }),
  };
}

type CodecTable = Record<number, () => unknown>;

/** Gives kafkajs the compressions that it leaves out, unless the program around us has already. */
function installCodecs(table: CodecTable): void {
  for (const compression of [COMPRESSIONS.snappy, COMPRESSIONS.lz4, COMPRESSIONS.zstd]) {
    if (isThere(table[compression])) continue;
    table[compression] = () => ({
      compress: async ({ buffer }: { buffer: Buffer }) => (await loadCodec(compression)).compress(buffer),
      decompress: async (buffer: Buffer) => (await loadCodec(compression)).decompress(buffer),
    });
  }
}

function isThere(entry: (() => unknown) | undefined): boolean {
  try {
    return entry?.() !== undefined;
  } catch {
    // kafkajs's own entry says so by throwing.
    return false;
  }
}
