// Seeded, splittable random numbers (sfc32 over integer arithmetic): the same stream on every machine.
// A stream is split by label, so adding a consumer never shifts the numbers of another.

/** The four 32-bit words of a generator: all there is to save in a checkpoint. */
export type RandomState = readonly [number, number, number, number];

export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number;
  /** Uniform integer in [0, n), n ≤ 2^32, without modulo bias. */
  integer(n: number): number;
  /** Standard normal, by the polar method (Marsaglia & Bray 1964). */
  normal(): number;
  /** Successes among n Bernoulli(p) draws. */
  binomial(n: number, p: number): number;
  /** An independent stream for `label`; does not advance this one. */
  split(label: string | number): Random;
  state(): RandomState;
}

/**
 * A stream from a seed: an integer, a label, or a saved state.
 *
 * @example
 * import { random } from "rinsight";
 *
 * const stream = random(7);
 * console.log(stream.split("noise").normal().toFixed(4), random(7).split("noise").normal().toFixed(4)); // 1.9121 1.9121
 */
export function random(seed: number | string | RandomState): Random {
  let [a, b, c, d] = typeof seed === "object" ? seed : seedWords(String(seed));

  const next = (): number => {
    const t = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  };
  if (typeof seed !== "object") for (let i = 0; i < 12; i++) next();

  const uniform = () => next() / 2 ** 32;
  return {
    uniform,
    integer: (n) => {
      const bound = 2 ** 32 - (2 ** 32 % n);
      let draw = next();
      while (draw >= bound) draw = next();
      return draw % n;
    },
    normal: () => {
      for (;;) {
        const u = 2 * uniform() - 1;
        const v = 2 * uniform() - 1;
        const s = u * u + v * v;
        if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
      }
    },
    binomial: (n, p) => {
      let successes = 0;
      for (let i = 0; i < n; i++) if (uniform() < p) successes++;
      return successes;
    },
    split: (label) => random(`${[a, b, c, d].map((word) => word >>> 0).join(",")}/${label}`),
    state: () => [a, b, c, d],
  };
}

/** Four words from a string: FNV-1a with a different offset each, finished as in MurmurHash3. */
function seedWords(text: string): RandomState {
  const word = (offset: number): number => {
    let hash = offset;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return hash ^ (hash >>> 16);
  };
  return [word(0x811c9dc5), word(0x9e3779b9), word(0x7f4a7c15), word(0x94d049bb)];
}
