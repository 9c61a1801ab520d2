// The two statistics of a corpus from which arXiv 2602.07488 derives the exponent of loss in data, γ/(2β): how fast tokens
// lose their correlation with separation, β, and how fast the next token becomes surer with context, γ.
import { InputError } from "../base/errors.js";
import { jackknife } from "./jackknife.js";
import type { Surprisals } from "./record.js";
import { lineThrough, scaleGrid } from "./scales.js";

/** Groups of documents that are left out in turn. */
const BLOCKS = 16;

/** The statistic at one separation, or at one length of context. */
export interface DecayPoint {
  readonly at: number;
  /** Null where it does not stand out of its noise. */
  readonly value: number | null;
}

/** An exponent x of value ~ at^−x. */
export interface Decay {
  readonly points: readonly DecayPoint[];
  /** Of the points before the first that does not stand out; null for fewer than three. */
  readonly exponent: number | null;
  /** Leaving out each of sixteen blocks of documents in turn; null with fewer documents. */
  readonly interval: { readonly level: number; readonly lower: number; readonly upper: number } | null;
}

/**
 * β: ‖C(n)‖ ~ n^−β, C_ab(n) = P(x_t = a, x_{t+n} = b) − P(x_t = a) P(x_{t+n} = b) over all pairs of bytes, its Frobenius
 * norm. Of the squared norm (1 − Σ p²)²/N is taken off, what N independent pairs have of it. `from` to `to`: separations
 * of the fit. Throws InputError for less text than a largest separation.
 */
export function correlationDecay(
  documents: readonly Uint8Array[],
  { from, to, level }: { readonly from: number; readonly to: number; readonly level: number },
): Decay {
  const least = documents.reduce((sum, { length }) => sum + Math.max(0, length - to), 0);
  if (least === 0) {
    throw new InputError(`fractal: --text must have documents of more than ${to} bytes, got none; lower --separation`);
  }
  const separations = scaleGrid(from, to);
  const blocks = blocksOf(documents);
  const counts = separations.map((n) => blocks.map((block) => pairs(block, n)));
  const norms = (without: number | null): readonly DecayPoint[] =>
    separations.map((at, s) => ({ at, value: norm((counts[s] ?? []).filter((_, b) => b !== without)) }));
  return decay(norms, blocks.length, level);
}

/**
 * γ: mean surprisal given n tokens ~ n^−γ. Surprisals of a document's first `context` tokens have all the tokens before
 * them as context, and no more; means are taken between scales half an octave apart, from `from` on.
 */
export function entropyDecay(
  documents: readonly Surprisals[],
  { from, context, level }: { readonly from: number; readonly context: number; readonly level: number },
): Decay {
  const blocks = blocksOf(documents);
  const bounds = scaleGrid(from, context);
  const sums = blocks.map((block) =>
    bounds.slice(0, -1).map((low, k) => {
      const parts = block.flatMap(({ values }) => values.slice(low - 1, (bounds[k + 1] ?? low) - 1));
      return { sum: parts.reduce((sum, value) => sum + value, 0), count: parts.length };
    }),
  );
  const means = (without: number | null): readonly DecayPoint[] =>
    bounds.slice(0, -1).map((low, k) => {
      const kept = sums.flatMap((block, b) => (b === without ? [] : [block[k] ?? { sum: 0, count: 0 }]));
      const total = kept.reduce((all, { sum, count }) => ({ sum: all.sum + sum, count: all.count + count }));
      const at = Math.sqrt(low * ((bounds[k + 1] ?? low) - 1));
      return { at, value: total.count > 0 && total.sum > 0 ? total.sum / total.count : null };
    });
  return decay(means, blocks.length, level);
}

/** The exponent of all blocks, and its interval by the jackknife over them. */
function decay(points: (without: number | null) => readonly DecayPoint[], blocks: number, level: number): Decay {
  const all = points(null);
  const exponent = slopeOf(all);
  const others = Array.from({ length: blocks }, (_, b) => slopeOf(points(b))).filter((value) => value !== null);
  if (exponent === null || blocks < BLOCKS || others.length < blocks) return { points: all, exponent, interval: null };
  return { points: all, exponent, interval: jackknife(exponent, others, level) };
}

function slopeOf(points: readonly DecayPoint[]): number | null {
  // As far as the first that is lost in its noise: what stands out beyond it does so by chance.
  const lost = points.findIndex(({ value }) => value === null);
  const seen = points
    .slice(0, lost < 0 ? points.length : lost)
    .flatMap(({ at, value }) => (value === null ? [] : [{ x: Math.log(at), y: Math.log(value) }]));
  if (seen.length < 3) return null;
  return -lineThrough(
    seen.map(({ x }) => x),
    seen.map(({ y }) => y),
  ).slope;
}

/** Documents in turn, so that every block has some of every part of the corpus. */
function blocksOf<T>(documents: readonly T[]): readonly (readonly T[])[] {
  const count = Math.min(BLOCKS, documents.length);
  return Array.from({ length: count }, (_, b) => documents.filter((_, d) => d % count === b));
}

/** How often each pair of bytes stands n apart: entry 256 a + b. */
function pairs(documents: readonly Uint8Array[], n: number): Float64Array {
  const counts = new Float64Array(65_536);
  for (const bytes of documents) {
    for (let t = 0; t + n < bytes.length; t++) {
      const pair = 256 * (bytes[t] ?? 0) + (bytes[t + n] ?? 0);
      counts[pair] = (counts[pair] ?? 0) + 1;
    }
  }
  return counts;
}

/** ‖C‖ from counts of pairs; null where it is not above twice the noise of its square. */
function norm(parts: readonly Float64Array[]): number | null {
  const counts = new Float64Array(65_536);
  for (const part of parts) for (let i = 0; i < counts.length; i++) counts[i] = (counts[i] ?? 0) + (part[i] ?? 0);
  const total = counts.reduce((sum, value) => sum + value, 0);
  const [first, second] = [new Float64Array(256), new Float64Array(256)];
  counts.forEach((value, i) => {
    first[i >> 8] = (first[i >> 8] ?? 0) + value / total;
    second[i & 255] = (second[i & 255] ?? 0) + value / total;
  });
  let square = 0;
  counts.forEach((value, i) => {
    square += (value / total - (first[i >> 8] ?? 0) * (second[i & 255] ?? 0)) ** 2;
  });
  const left = 1 - first.reduce((sum, p) => sum + p * p, 0);
  const right = 1 - second.reduce((sum, p) => sum + p * p, 0);
  const noise = (left * right) / total;
  return square > 2 * noise ? Math.sqrt(square - noise) : null;
}
