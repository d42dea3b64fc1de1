/** Seeded randomness for property tests. A failure's message carries the seed: TEST_SEED repeats it. */
export interface Random {
  readonly seed: number;
  /** 0 <= result < 1 */
  next(): number;
  /** 0 <= result < below */
  int(below: number): number;
  bytes(count: number): Uint8Array<ArrayBuffer>;
  pick<T>(list: readonly T[]): T;
}

function random(seed: number): Random {
  let state = seed >>> 0;
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const int = (below: number) => Math.floor(next() * below);
  return {
    seed,
    next,
    int,
    bytes: (count) => Uint8Array.from({ length: count }, () => int(256)),
    pick: <T>(list: readonly T[]): T => {
      const item = list[int(list.length)];
      if (item === undefined) throw new RangeError("Cannot pick from an empty list");
      return item;
    },
  };
}

/** Checks a property on `runs` random inputs. */
export function forRandom(runs: number, check: (random: Random) => void): void {
  const fixed = Deno.env.get("TEST_SEED");
  const first = fixed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(fixed);
  for (let run = 0; run < (fixed === undefined ? runs : 1); run++) {
    const source = random(first + run);
    try {
      check(source);
    } catch (error) {
      throw new Error(`Property fails with TEST_SEED=${source.seed}`, { cause: error });
    }
  }
}

/** For a test that takes too long to run many times: one source, or the one of TEST_SEED. */
export function newRandom(): Random {
  return random(Number(Deno.env.get("TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31)));
}
