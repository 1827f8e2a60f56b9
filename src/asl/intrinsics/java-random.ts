/** java.util.Random's generator (documented there): the same seed gives the same numbers on every run and machine. */
const MULTIPLIER = 0x5deece66dn;
const ADDEND = 0xbn;
const MASK = (1n << 48n) - 1n;

/** A whole number, `start` <= n < `end`, that depends on nothing but the arguments. */
export function seededInteger(start: number, end: number, seed: number): number {
  let state = (BigInt(seed) ^ MULTIPLIER) & MASK;
  const next = (): number => {
    state = (state * MULTIPLIER + ADDEND) & MASK;
    return Number(state >> 17n); // 31 bits
  };
  const span = end - start;
  if (span > 0x7fff_ffff) return start + Math.floor((next() / 0x8000_0000) * span);
  if ((span & -span) === span) return start + Number((BigInt(span) * BigInt(next())) >> 31n);
  for (;;) {
    const bits = next();
    const value = bits % span;
    // The last, incomplete stretch of the range would favour small values; it is drawn again.
    if (bits - value + (span - 1) <= 0x7fff_ffff) return start + value;
  }
}
