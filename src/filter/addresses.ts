import type { TextTest } from './value-test.ts';

/** An IP address: the 32 bits of IPv4 as one word, the 128 of IPv6 as four. */
export type Address = readonly [number] | readonly [number, number, number, number];

const LONGEST_V4 = 15;
const LONGEST_V6 = 39;
const GROUPS = 8;

const DOT = 0x2e;
const COLON = 0x3a;
const ZERO = 0x30;
const NINE = 0x39;

/**
 * The address that a text writes, null for any other text. As EventBridge has it: IPv4 in four decimal numbers, IPv6 in
 * hexadecimal groups only, and an IPv4 address mapped into IPv6 (`::ffff:a00:1`) is the IPv4 address.
 */
export function addressOf(text: string): Address | null {
  const v4 = readV4(text);
  if (v4 >= 0) return [v4];
  const groups = readV6(text);
  if (groups === null) return null;
  const words = [0, 2, 4, 6].map((at) => (((groups[at] as number) << 16) | (groups[at + 1] as number)) >>> 0) as [number, number, number, number];
  return words[0] === 0 && words[1] === 0 && words[2] === 0xffff ? [words[3]] : words;
}

/** True for texts that write an address of the same family whose first `bits` bits are those of `block`. */
export function blockTest(block: Address, bits: number): TextTest {
  if (block.length === 1) {
    const mask = maskOf(bits);
    const wanted = (block[0] & mask) >>> 0;
    return (text) => {
      const address = readV4(text);
      if (address >= 0) return (address & mask) >>> 0 === wanted;
      const mapped = looksV6(text) ? addressOf(text) : null;
      return mapped?.length === 1 && (mapped[0] & mask) >>> 0 === wanted;
    };
  }
  const masks = [0, 32, 64, 96].map((from) => maskOf(Math.min(32, Math.max(0, bits - from))));
  return (text) => {
    const address = looksV6(text) ? addressOf(text) : null;
    if (address?.length !== 4) return false;
    for (let i = 0; i < 4; i++) if ((((address[i] as number) ^ (block[i] as number)) & (masks[i] as number)) !== 0) return false;
    return true;
  };
}

/** A word of which the first `bits` are set. Shifting by 32 would shift by nothing. */
const maskOf = (bits: number): number => (bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0);

/** False for nearly every text that is no IPv6 address: the first colon stands among its first five characters. */
const looksV6 = (text: string): boolean => {
  for (let at = 0; at < 5 && at < text.length; at++) if (text.charCodeAt(at) === COLON) return true;
  return false;
};

/** -1 for what is no IPv4 address. */
function readV4(text: string): number {
  if (text.length > LONGEST_V4) return -1;
  let address = 0;
  let octet = -1;
  let dots = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= ZERO && unit <= NINE) {
      octet = (octet < 0 ? 0 : octet * 10) + unit - ZERO;
      if (octet > 255) return -1;
    } else if (unit === DOT && octet >= 0) {
      address = address * 256 + octet;
      octet = -1;
      dots++;
    } else return -1;
  }
  return dots === 3 && octet >= 0 ? address * 256 + octet : -1;
}

function readV6(text: string): readonly number[] | null {
  if (text.length > LONGEST_V6 || !looksV6(text)) return null;
  const halves = text.split('::');
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':').map(readGroup)));
  if (halves.length > 2 || head.includes(-1) || tail.includes(-1)) return null;
  const missing = GROUPS - head.length - tail.length;
  if (halves.length === 1) return missing === 0 ? head : null;
  return missing < 1 ? null : [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

const readGroup = (group: string): number => (/^[0-9a-fA-F]{1,4}$/.test(group) ? Number.parseInt(group, 16) : -1);
