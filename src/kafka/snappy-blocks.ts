/*
 * Java's producers do not write a bare snappy block but the stream of snappy-java, and its consumers take both:
 *
 *   stream => magic(8 bytes: 82 'SNAPPY' 00) version(int32) compatible(int32) [length(int32) block]
 */

const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const HEADER_BYTES = 16;

/** The blocks of a stream; undefined when the bytes are not a stream but a block. */
export function snappyBlocks(bytes: Uint8Array): Uint8Array[] | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < HEADER_BYTES || MAGIC.compare(buffer, 0, MAGIC.length) !== 0) return undefined;
  const blocks: Uint8Array[] = [];
  for (let at = HEADER_BYTES; at < buffer.length; ) {
    const length = buffer.readInt32BE(at);
    if (length < 0 || at + 4 + length > buffer.length) throw new RangeError('a snappy stream ends within a block');
    blocks.push(buffer.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return blocks;
}

export function joinSnappyBlocks(blocks: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeInt32BE(1, 8);
  header.writeInt32BE(1, 12);
  const parts: Uint8Array[] = [header];
  for (const block of blocks) {
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.byteLength);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}
