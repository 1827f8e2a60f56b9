import { isUtf8 } from 'node:buffer';

/** UTF-8 text, or base64 of what is not. The bytes may be shared memory, which isUtf8 does not take. */
export function textOf(data: Buffer, from: number, to: number): string {
  const text = data.toString('utf8', from, to);
  if (!text.includes('\uFFFD') || isUtf8(Uint8Array.from(data.subarray(from, to)))) return text;
  return data.toString('base64', from, to);
}

/** The same, and base64 told from text that looks like it. */
export function exactTextOf(data: Buffer, from: number, to: number): string | { readonly base64: string } {
  const text = data.toString('utf8', from, to);
  return !text.includes('\uFFFD') || isUtf8(Uint8Array.from(data.subarray(from, to))) ? text : { base64: data.toString('base64', from, to) };
}

/** Header names with their values as text; a name that comes several times has a list of them (KIP-82). */
export function kafkaHeaders(data: Buffer, at: number, valueOf: (data: Buffer, from: number, to: number) => unknown = textOf): Record<string, unknown> {
  const headers = Object.create(null) as Record<string, unknown>;
  let next = at;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = data[next++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
  };
  for (let left = varint(); left > 0; left--) {
    const nameLength = varint();
    const name = data.toString('utf8', next, (next += nameLength));
    const length = varint();
    const value = length < 0 ? null : valueOf(data, next, (next += length));
    const before = headers[name];
    if (!(name in headers)) headers[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else headers[name] = [before, value];
  }
  return { ...headers };
}
