import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { MillraceError } from '../errors.ts';
import { joinSnappyBlocks, snappyBlocks } from './snappy-blocks.ts';
import { zstdFrameFits } from './zstd-frame.ts';

/** The numbers that Kafka gives its compressions; 0 is none. */
export const COMPRESSIONS = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

export type CompressionName = keyof typeof COMPRESSIONS;

/** Compresses what a record batch holds, and the reverse. */
export interface Codec {
  compress(bytes: Uint8Array): Promise<Buffer>;
  decompress(bytes: Uint8Array): Promise<Buffer>;
}

type ZstdOfNode = Record<'zstdCompress' | 'zstdDecompress', ((bytes: Uint8Array, done: (error: Error | null, result: Buffer) => void) => void) | undefined>;

const LOADERS: Readonly<Record<number, () => Promise<Codec>>> = {
  [COMPRESSIONS.gzip]: loadGzip,
  [COMPRESSIONS.snappy]: loadSnappy,
  [COMPRESSIONS.lz4]: loadLz4,
  [COMPRESSIONS.zstd]: loadZstd,
};

const loaded = new Map<number, Promise<Codec>>();

/**
 * Resolves with the codec of one of Kafka's compressions, loading the package that does it the first time.
 *
 * @throws MillraceError SOURCE_MISCONFIGURED when there is no such compression, or its package cannot be loaded here
 */
export function loadCodec(compression: number): Promise<Codec> {
  const known = loaded.get(compression);
  if (known !== undefined) return known;
  const name = Object.entries(COMPRESSIONS).find(([, number]) => number === compression)?.[0];
  const loading = (LOADERS[compression] ?? noSuch)().catch((cause: unknown) => {
    loaded.delete(compression);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError('SOURCE_MISCONFIGURED', `Kafka's compression ${name ?? compression} cannot be used here: ${why}. Install the optional packages (npm install --include=optional), or have producers compress with gzip.`, { cause });
  });
  loaded.set(compression, loading);
  return loading;
}

const noSuch = (): Promise<Codec> => Promise.reject(new Error('it is not one that Kafka documents'));

function loadGzip(): Promise<Codec> {
  return Promise.resolve({ compress: promisify<Uint8Array, Buffer>(zlib.gzip), decompress: promisify<Uint8Array, Buffer>(zlib.gunzip) });
}

async function loadSnappy(): Promise<Codec> {
  const snappy = await import('snappy');
  const uncompress = async (block: Uint8Array): Promise<Buffer> => (await snappy.uncompress(block, { asBuffer: true })) as Buffer;
  return {
    compress: async (bytes) => joinSnappyBlocks([await snappy.compress(bytes)]),
    decompress: async (bytes) => {
      const blocks = snappyBlocks(bytes);
      if (blocks === undefined) return uncompress(bytes);
      if (blocks.length === 1 && blocks[0] !== undefined) return uncompress(blocks[0]);
      // Blocks are of 32 KiB, which take less time than handing them to another thread does.
      return Buffer.concat(blocks.map((block) => snappy.uncompressSync(block, { asBuffer: true }) as Buffer));
    },
  };
}

async function loadLz4(): Promise<Codec> {
  const { compressFrame, decompressFrame } = await import('lz4-napi');
  return { compress: (bytes) => compressFrame(bytes), decompress: (bytes) => decompressFrame(bytes) };
}

/** Node's own where it has it (22.15 and later), which works off the main thread; else WebAssembly. */
async function loadZstd(): Promise<Codec> {
  const { zstdCompress, zstdDecompress } = zlib as unknown as ZstdOfNode;
  if (zstdCompress !== undefined && zstdDecompress !== undefined) return { compress: promisify(zstdCompress), decompress: promisify(zstdDecompress) };
  const zstd = await import('@bokuweb/zstd-wasm');
  await zstd.init();
  return {
    compress: async (bytes) => asBuffer(zstd.compress(bytes)),
    decompress: async (bytes) => asBuffer(zstdFrameFits(bytes, (room) => zstd.decompress(bytes, { defaultHeapSize: room }))),
  };
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
