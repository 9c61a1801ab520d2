// Rotary positions (Su et al. 2021) as a table of cosines and sines, from + − × ÷ alone: engines may round their own
// Math.cos, Math.exp and ** as they like, and a run must have the same bits everywhere.

const BASE_LOGARITHM = 9.210340371976184; // ln 10,000
const HALF_PI = 1.5707963267948966;
/** What the double above leaves of π/2. */
const HALF_PI_REST = 6.123233995736766e-17;

/**
 * Angles t · 10,000^(−2j/K) for positions t < time and j < K/2: rows of K/2 cosines then K/2 sines, [time, K].
 * Correct to the last bit of float32 or the one beside it, for time to some millions.
 */
export function rotaryTable(time: number, headWidth: number): Float32Array {
  const half = headWidth / 2;
  const table = new Float32Array(time * headWidth);
  for (let j = 0; j < half; j++) {
    const frequency = expOfNegative((-BASE_LOGARITHM * j) / half);
    for (let t = 0; t < time; t++) {
      const [cosine, sine] = cosineAndSine(t * frequency);
      table[t * headWidth + j] = cosine;
      table[t * headWidth + half + j] = sine;
    }
  }
  return table;
}

/** Angles of 0 in the layout of rotaryTable. */
export const unturnedTable = (time: number, headWidth: number): Float32Array =>
  Float32Array.from({ length: time * headWidth }, (_, i) => (i % headWidth < headWidth / 2 ? 1 : 0));

/** e^x for −20 < x ≤ 0: the Taylor series at x/64, squared six times. */
function expOfNegative(x: number): number {
  const r = x / 64;
  let sum = 1;
  for (let k = 18; k >= 1; k--) sum = 1 + (r * sum) / k;
  for (let i = 0; i < 6; i++) sum *= sum;
  return sum;
}

/** Taylor series on [−π/4, π/4], after whole quarter turns are taken off. */
function cosineAndSine(angle: number): readonly [cosine: number, sine: number] {
  const quarters = Math.round(angle / HALF_PI);
  const r = angle - quarters * HALF_PI - quarters * HALF_PI_REST;
  const q = r * r;
  let cosine = 1;
  let sine = 1;
  for (let k = 20; k >= 2; k -= 2) {
    cosine = 1 - (q * cosine) / (k * (k - 1));
    sine = 1 - (q * sine) / (k * (k + 1));
  }
  sine *= r;
  switch (quarters % 4) {
    case 0:
      return [cosine, sine];
    case 1:
      return [-sine, cosine];
    case 2:
      return [-cosine, -sine];
    default:
      return [sine, -cosine];
  }
}
