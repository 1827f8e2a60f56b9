import { execFileSync } from 'node:child_process';
import { array, assert, asyncProperty, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMPRESSIONS, loadCodec } from '../../src/kafka/codecs.ts';
import { joinSnappyBlocks, snappyBlocks } from '../../src/kafka/snappy-blocks.ts';
import { zstdFrameFits } from '../../src/kafka/zstd-frame.ts';

const compressions = Object.entries(COMPRESSIONS).filter(([, number]) => number !== 0);

describe.each(compressions)('%s', (name, number) => {
  it('gives back what it was given', async () => {
    const codec = await loadCodec(number);
    await assert(
      asyncProperty(array(uint8Array({ maxLength: 3000 }), { maxLength: 20 }), async (parts) => {
        const bytes = Buffer.concat(parts);
        expect(Buffer.compare(await codec.decompress(await codec.compress(bytes)), bytes)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('makes a megabyte of JSON smaller and itself again', async () => {
    const codec = await loadCodec(number);
    const bytes = Buffer.from(JSON.stringify(Array.from({ length: 15_000 }, (_, id) => ({ id, device: `sensor-${id % 77}`, temperature: 20 + (id % 200) / 10 }))));
    const small = await codec.compress(bytes);
    expect(small.length).toBeLessThan(bytes.length / 2);
    expect(Buffer.compare(await codec.decompress(small), bytes)).toBe(0);
  });

  it('rejects bytes that are something else', async () => {
    const codec = await loadCodec(number);
    await expect(codec.decompress(Buffer.from(`this is not ${name}`))).rejects.toThrow();
  });
});

describe('snappy', () => {
  it('reads the many blocks that Java writes, and a bare block', async () => {
    const codec = await loadCodec(COMPRESSIONS.snappy);
    const { compress } = await import('snappy');
    const parts = Array.from({ length: 5 }, (_, i) => Buffer.alloc(32_768, `part ${i} `));
    const stream = joinSnappyBlocks(await Promise.all(parts.map((part) => compress(part))));
    expect(snappyBlocks(stream)).toHaveLength(5);
    expect(Buffer.compare(await codec.decompress(stream), Buffer.concat(parts))).toBe(0);
    expect((await codec.decompress(await compress('bare'))).toString()).toBe('bare');
  });

  it('refuses a stream that ends within a block', async () => {
    const stream = joinSnappyBlocks([Buffer.from('some block')]);
    expect(() => snappyBlocks(stream.subarray(0, -3))).toThrow('ends within a block');
  });
});

describe('zstd', () => {
  it('finds the room for a frame that does not say how large its content is', () => {
    const tried: number[] = [];
    const needs = 40 << 20;
    const result = zstdFrameFits(new Uint8Array(100), (room) => {
      tried.push(room);
      if (room < needs) throw new Error('Failed to compress with code -70');
      return new Uint8Array(7);
    });
    expect(result).toHaveLength(7);
    expect(tried).toEqual([1 << 20, 4 << 20, 16 << 20, 64 << 20]);
  });

  it('does not try again what is damaged', () => {
    let tries = 0;
    expect(() =>
      zstdFrameFits(new Uint8Array(100), () => {
        tries++;
        throw new Error('Failed to compress with code -20');
      }),
    ).toThrow('-20');
    expect(tries).toBe(1);
  });

  it.runIf(hasZstd())('reads frames as Java streams them, without a content size, however far they expand', async () => {
    const codec = await loadCodec(COMPRESSIONS.zstd);
    const content = Buffer.alloc(5_000_000, 'a');
    const frame = execFileSync('zstd', ['-3', '-c'], { input: content });
    expect(frame.length).toBeLessThan(2000);
    expect(Buffer.compare(await codec.decompress(frame), content)).toBe(0);
  });
});

it('names a compression that there is not', async () => {
  await expect(loadCodec(5)).rejects.toMatchObject({ code: 'SOURCE_MISCONFIGURED', message: expect.stringContaining('compression 5') });
});

function hasZstd(): boolean {
  try {
    execFileSync('zstd', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
