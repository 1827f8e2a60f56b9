/**
 * Finds the places of a batch where a number may stand that AWS prints otherwise than JavaScript: see asl/numbers. It looks at
 * every byte of every event, so it is WebAssembly, sixteen bytes at a time: a regular expression takes 280 ns for 120 bytes
 * (Node 20), half of what JSON.parse takes; this takes 30 to 40. It may name a place where there is none, but misses none.
 *
 * For each block of sixteen bytes there are masks, one bit a byte, the first byte lowest:
 *
 *   digits, exponents (e or E after a digit), dots
 *   window := digits of the block before, then those of this one
 *   a hit  := sixteen digits in a row
 *           | eight digits, then a dot
 *           | a dot, then a zero, then another or an end (, } ] or a blank) or an exponent; a dot, then three nines
 *           | an exponent, then a sign or digit, then only digits up to an end, as far as four bytes tell
 */
const BLOCK = 16;

// Locals of the function; the first two are its parameters.
const AT = 0;
const END = 1;
const BYTES = 2;
const DIGITS = 3;
const WINDOW = 4;
const EXPONENTS = 5;
const DOTS = 6;
const RUNS = 7;
const ENDS = 8;

type Code = readonly number[];

function signedLeb(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    const last = (rest >> 7 === 0 && (rest & 0x40) === 0) || (rest >> 7 === -1 && (rest & 0x40) !== 0);
    bytes.push((rest & 0x7f) | (last ? 0 : 0x80));
    if (last) return bytes;
  }
}

function unsignedLeb(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsignedLeb(value >>> 7)];
}

const get = (local: number): Code => [0x20, local];
const set = (local: number, value: Code): Code => [...value, 0x21, local];
const constant = (value: number): Code => [0x41, ...signedLeb(value)];
const add = (a: Code, b: number): Code => [...a, ...constant(b), 0x6a];
const joined = (opcode: number, [first = [], ...rest]: readonly Code[]): Code => rest.reduce<Code>((all, code) => all.concat(code, opcode), first);
const and = (...codes: readonly Code[]): Code => joined(0x71, codes);
const or = (...codes: readonly Code[]): Code => joined(0x72, codes);
const left = (a: Code, by: number): Code => [...a, ...constant(by), 0x74];
const right = (a: Code, by: number): Code => [...a, ...constant(by), 0x76];
const splat = (byte: number): Code => [...constant(byte), 0xfd, 0x0f];
const load = (address: Code, offset = 0): Code => [...address, 0xfd, 0x00, 0x00, offset];
const mask = (vector: Code): Code => [...vector, 0xfd, 0x64];
const equal = (vector: Code, byte: number): Code => [...vector, ...splat(byte), 0xfd, 0x23];
const either = (a: Code, b: Code): Code => [...a, ...b, 0xfd, 0x50];
/** In lower case, as far as letters and brackets go. */
const lower = (vector: Code): Code => either(vector, splat(0x20));
const digitsOf = (vector: Code): Code => mask([...vector, ...splat(0x30), 0xfd, 0x71, ...splat(10), 0xfd, 0x26]);
const blanks = (vector: Code): Code => [...vector, ...splat(0x20), 0xfd, 0x2a];

const bytes = get(BYTES);
const digits = get(DIGITS);
const afterDigit = right(get(WINDOW), 15);
const eightDigitsBefore = right(get(RUNS), 8);

// Masks of the bytes that stand so many places behind those of the block; they may lie beyond it.
const behind = (by: number): Code => load(get(AT), by);
const is = (byte: number, by: number): Code => mask(equal(behind(by), byte));
const digit = (by: number): Code => digitsOf(behind(by));
const sign = (by: number): Code => or(is(0x2b, by), is(0x2d, by));
const exponent = (by: number): Code => mask(equal(lower(behind(by)), 0x65));
const end = (by: number): Code => mask(either(either(blanks(behind(by)), equal(behind(by), 0x2c)), equal(lower(behind(by)), 0x7d)));

/** Leaves the address of the block at hand where the condition is not zero. */
const returnIf = (condition: Code): Code => [...condition, 0x04, 0x40, ...get(AT), 0x0f, 0x0b];

const body: Code = [
  ...set(WINDOW, left(digitsOf(load(add(get(AT), -BLOCK))), 16)),
  0x03, 0x40, // loop
  ...get(AT), ...get(END), 0x4f, 0x04, 0x40, ...get(END), 0x0f, 0x0b, // at >= end: return end
  ...set(BYTES, load(get(AT))),
  ...set(DIGITS, digitsOf(bytes)),
  ...set(WINDOW, or(right(get(WINDOW), 16), left(digits, 16))),
  ...set(EXPONENTS, and(mask(equal(lower(bytes), 0x65)), afterDigit)),
  ...set(DOTS, mask(equal(bytes, 0x2e))),
  ...set(RUNS, and(get(WINDOW), right(get(WINDOW), 1))),
  ...set(RUNS, and(get(RUNS), right(get(RUNS), 2))),
  ...set(RUNS, and(get(RUNS), right(get(RUNS), 4))),
  ...returnIf(and(get(RUNS), right(get(RUNS), 8))),
  ...or(get(EXPONENTS), get(DOTS)), 0x04, 0x40, // if
  ...set(ENDS, end(2)),
  ...returnIf(
    or(
      and(get(DOTS), eightDigitsBefore),
      and(get(DOTS), is(0x30, 1), or(is(0x30, 2), get(ENDS), exponent(2))),
      and(get(DOTS), is(0x39, 1), is(0x39, 2), is(0x39, 3)),
      and(get(EXPONENTS), or(digit(1), sign(1)), or(get(ENDS), and(digit(2), or(end(3), and(digit(3), or(end(4), digit(4))))))),
    ),
  ),
  0x0b, // end if
  ...set(AT, add(get(AT), BLOCK)),
  0x0c, 0x00, // br loop
  0x0b, // end loop
  0x00, // unreachable
];

const section = (id: number, content: Code): Code => [id, ...unsignedLeb(content.length), ...content];
const VECTOR = 0x7b;
const INTEGER = 0x7f;
const code: Code = [2, 1, VECTOR, 6, INTEGER, ...body, 0x0b];

const MODULE: Code = [
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  ...section(1, [1, 0x60, 2, INTEGER, INTEGER, 1, INTEGER]),
  ...section(3, [1, 0]),
  ...section(5, [1, 0, 1]), // one memory, of one page to begin with
  ...section(7, [2, 1, 0x6d, 2, 0, 1, 0x73, 0, 0]), // m: the memory, s: the function
  ...section(10, [1, ...unsignedLeb(code.length), ...code]),
];

interface Exports {
  readonly m: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  s(at: number, end: number): number;
}

const PAGE = 65_536;
let loaded: Exports | undefined;

/** Not among the types of a program without a browser. */
const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: { Module: new (code: Uint8Array) => object; Instance: new (module: object) => { readonly exports: unknown } } };

const scanner = (): Exports => (loaded ??= new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(MODULE))).exports as Exports);

/** The places of one batch. One at a time on a thread: the next one that is made takes its memory. */
export class NumberScan {
  readonly #scan: Exports['s'];
  /** In the scanner's memory, where the batch begins at BLOCK. */
  readonly #end: number;
  #hit: number;
  #from = 0;

  constructor(data: Uint8Array, end: number) {
    const { m: memory, s: scan } = scanner();
    const missing = end + 4 * BLOCK - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    const copy = new Uint8Array(memory.buffer);
    copy.set(data.subarray(0, end), BLOCK);
    copy.fill(0, BLOCK + end, 3 * BLOCK + end);
    this.#scan = scan;
    this.#end = BLOCK + end;
    this.#hit = scan(BLOCK, this.#end);
  }

  /** False where no such number is within the bytes asked for. Quick for places in ascending order. */
  mayHold(offset: number, length: number): boolean {
    const at = BLOCK + offset;
    if (at < this.#from) this.#hit = this.#scan(at - (at % BLOCK), this.#end);
    else if (this.#hit + BLOCK <= at) this.#hit = this.#scan(Math.max(this.#hit + BLOCK, at - (at % BLOCK)), this.#end);
    this.#from = at;
    return this.#hit < at + length;
  }
}
