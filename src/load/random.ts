/** A stream of random numbers that is the same for the same seed. */
export interface Random {
  /** 0 <= number < 1, in steps of 2^-32. */
  fraction(): number;
  /** 32 random bits, unsigned. */
  bits(): number;
}

/** A seeded generator: sfc32, small and fast (Chris Doty-Humphrey, PractRand). Not for secrets. */
export function createRandom(seed: number): Random {
  let a = seed >>> 0;
  let b = Math.floor(seed / 2 ** 32) >>> 0;
  let c = 0x9e37_79b9;
  let counter = 1;
  const bits = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  // Seeds that are close begin alike; after some turns they no longer are.
  for (let i = 0; i < 15; i++) bits();
  return { bits, fraction: () => bits() / 2 ** 32 };
}
