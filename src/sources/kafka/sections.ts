import { loadCodec } from '../../kafka/codecs.ts';
import type { RecordBatch } from './record-batch.ts';
import type { Section } from './record-walk.ts';

/** Compressed batches opened together: they are decompressed on other threads, and no more of them is in memory at once. */
const TOGETHER = 8;
/** Batches that hold less are put together, so that what follows is not done for every handful of events. */
const SMALL_BYTES = 16_384;

/**
 * Opens batches from an index on: all that are not compressed up to the next that is, as they lie; or a few compressed ones.
 *
 * @throws MillraceError when their compression is not to be had here; Error when their bytes are damaged
 */
export async function openBatches(batches: readonly RecordBatch[], index: number): Promise<Section[]> {
  const first = batches[index];
  if (first === undefined) return [];
  if (first.compression === 0) {
    const end = batches.findIndex((batch, i) => i > index && (batch.compression !== 0 || batch.buffer !== first.buffer));
    return batches.slice(index, end === -1 ? undefined : end).map((batch) => ({ bytes: batch.buffer, start: batch.start, end: batch.end, batch }));
  }
  const end = batches.findIndex((batch, i) => i > index && batch.compression === 0);
  const few = batches.slice(index, Math.min(end === -1 ? batches.length : end, index + TOGETHER));
  return joinSmall(
    await Promise.all(
      few.map(async (batch): Promise<Section> => {
        if (batch.count === 0) return { bytes: batch.buffer, start: batch.start, end: batch.start, batch };
        const codec = await loadCodec(batch.compression);
        const bytes = await codec.decompress(batch.buffer.subarray(batch.start, batch.end));
        return { bytes, start: 0, end: bytes.length, batch };
      }),
    ),
  );
}

function joinSmall(sections: readonly Section[]): Section[] {
  const joined: Section[] = [];
  for (let from = 0; from < sections.length; ) {
    let to = from;
    while (to < sections.length && sizeOf(sections[to] as Section) < SMALL_BYTES) to++;
    if (to - from < 2) {
      joined.push(sections[from] as Section);
      from++;
      continue;
    }
    const few = sections.slice(from, to);
    const bytes = Buffer.concat(few.map((section) => section.bytes.subarray(section.start, section.end)));
    let at = 0;
    for (const section of few) joined.push({ bytes, start: at, end: (at += sizeOf(section)), batch: section.batch });
    from = to;
  }
  return joined;
}

const sizeOf = ({ start, end }: Section): number => end - start;
