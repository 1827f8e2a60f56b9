/** Offsets of one page: a bit for each, in words of 32. */
const PAGE_BITS = 16;
const PAGE = 1 << PAGE_BITS;
const WORDS = PAGE >> 5;
const ALL = 0xffff_ffff;

/**
 * Which offsets of a partition are settled, and up to where all of them are: the watermark, which is what may be committed.
 *
 * Offsets that are settled in order cost a comparison for each range. What is settled beyond the watermark is kept as bits, in
 * pages that are given back once the watermark has passed them; so that an execution which takes minutes, while millions of
 * later ones end, costs a bit for each of those. Offsets that the log does not hold (compaction, markers of transactions) are
 * settled by whoever notices the gap.
 */
export class Ledger {
  #watermark: number;
  /** No settled offset is at or after this one. */
  #end: number;
  readonly #pages = new Map<number, Uint32Array>();
  /** A page that was given back, kept for the next one that is needed. */
  #spare: Uint32Array | undefined;

  constructor(start: number) {
    this.#watermark = start;
    this.#end = start;
  }

  /** Everything below is settled. */
  get watermark(): number {
    return this.#watermark;
  }

  /** Everything at or after it is not. */
  get end(): number {
    return this.#end;
  }

  /** Offsets from (inclusive) to to (exclusive) are settled; saying so twice changes nothing. */
  settle(from: number, to: number): void {
    if (to <= this.#watermark) return;
    if (to > this.#end) this.#end = to;
    if (from > this.#watermark) {
      this.#mark(from, to);
      return;
    }
    this.#passTo(to);
    if (this.#pages.size > 0) this.#passTo(this.#runEnd(to, this.#end, true));
  }

  isSettled(offset: number): boolean {
    if (offset < this.#watermark) return true;
    const word = this.#pages.get(Math.floor(offset / PAGE))?.[(offset % PAGE) >>> 5];
    return word !== undefined && ((word >>> (offset & 31)) & 1) === 1;
  }

  /** Calls back with each range beyond the watermark that is settled, in order, until it answers false. */
  eachBeyond(callback: (from: number, to: number) => boolean): void {
    for (let at = this.#watermark; at < this.#end; ) {
      const from = this.#runEnd(at, this.#end, false);
      if (from >= this.#end) return;
      at = this.#runEnd(from, this.#end, true);
      if (!callback(from, at)) return;
    }
  }

  #passTo(to: number): void {
    const first = Math.floor(this.#watermark / PAGE);
    this.#watermark = to;
    if (this.#pages.size === 0) return;
    const last = Math.floor(to / PAGE);
    if (last - first > this.#pages.size) {
      for (const number of this.#pages.keys()) if (number < last) this.#giveBack(number);
    } else {
      for (let number = first; number < last; number++) this.#giveBack(number);
    }
    // The page that the watermark is in need not be kept when there is nothing in it that is ahead.
    if (this.#end <= to) this.#giveBack(last);
  }

  #giveBack(number: number): void {
    const page = this.#pages.get(number);
    if (page === undefined) return;
    this.#pages.delete(number);
    this.#spare = page;
  }

  #page(number: number): Uint32Array {
    const known = this.#pages.get(number);
    if (known !== undefined) return known;
    const page = this.#spare?.fill(0) ?? new Uint32Array(WORDS);
    this.#spare = undefined;
    this.#pages.set(number, page);
    return page;
  }

  #mark(from: number, to: number): void {
    for (let at = from; at < to; ) {
      const number = Math.floor(at / PAGE);
      const base = number * PAGE;
      const end = Math.min(to, base + PAGE);
      markBits(this.#page(number), at - base, end - base);
      at = end;
    }
  }

  /** The first offset from `at` on that is not (or, with false, that is) settled; at most `limit`. */
  #runEnd(at: number, limit: number, settled: boolean): number {
    while (at < limit) {
      const number = Math.floor(at / PAGE);
      const base = number * PAGE;
      const page = this.#pages.get(number);
      if (page === undefined) {
        if (settled) return at;
        at = base + PAGE;
        continue;
      }
      const end = findBit(page, at - base, settled);
      at = base + end;
      if (end < PAGE) break;
    }
    return Math.min(at, limit);
  }
}

function markBits(page: Uint32Array, from: number, to: number): void {
  const first = from >>> 5;
  const last = (to - 1) >>> 5;
  const head = (ALL << (from & 31)) >>> 0;
  const tail = ALL >>> (31 - ((to - 1) & 31));
  if (first === last) {
    page[first] = ((page[first] as number) | (head & tail)) >>> 0;
    return;
  }
  page[first] = ((page[first] as number) | head) >>> 0;
  page.fill(ALL, first + 1, last);
  page[last] = ((page[last] as number) | tail) >>> 0;
}

/** The first bit from `from` on that is 0 (or, with `set` false, 1); PAGE when there is none. */
function findBit(page: Uint32Array, from: number, set: boolean): number {
  for (let index = from >>> 5; index < WORDS; index++) {
    const word = page[index] as number;
    let wanted = set ? ~word : word;
    if (index === from >>> 5) wanted &= ALL << (from & 31);
    if (wanted !== 0) return (index << 5) + 31 - Math.clz32(wanted & -wanted);
  }
  return PAGE;
}
