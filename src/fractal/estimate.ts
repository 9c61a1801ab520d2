// Tallies of a group's documents -> one exponent with its interval: the slope of the pooled statistic on log axes.
import { jackknife } from "./jackknife.js";
import { type FractalEstimate, type ScalePoint, type StatisticName, SYMBOLS } from "./record.js";
import { lineThrough } from "./scales.js";
import { STATISTIC, type Tally } from "./statistics.js";
import type { DocumentTallies, Tallied } from "./tallies.js";

/** Points that a line needs to be more than two points joined. */
const LEAST_SCALES = 3;
/** Documents that an interval over documents needs. */
export const LEAST_DOCUMENTS = 8;

/**
 * log(Σ sums / Σ counts) against log(scale) by least squares, scales weighted alike; the interval by the jackknife over
 * documents, (m − 1)/m Σ (θ_(i) − mean)², with Student's t of m − 1 degrees of freedom (Tukey 1958).
 */
export function estimate(
  documents: readonly DocumentTallies[],
  statistic: StatisticName,
  scales: readonly number[],
  level: number,
): FractalEstimate {
  const pooled = pool(documents, statistic, scales.length);
  const found = exponent(pooled, statistic, scales);
  const octave = 2; // Scales lie half an octave apart.
  const choices = [
    exponent(pooled.slice(octave), statistic, scales.slice(octave)),
    exponent(pooled.slice(0, -octave), statistic, scales.slice(0, -octave)),
    exponent(pool(documents, `${statistic} late`, scales.length), statistic, scales),
    ...(statistic === "selfSimilarity"
      ? (["selfSimilarity/4", "selfSimilarity*4"] as const).map((other) =>
          exponent(pool(documents, other, scales.length), statistic, scales),
        )
      : []),
    found,
  ].filter((value) => value !== null);
  return {
    statistic,
    symbol: SYMBOLS[statistic],
    estimate: found,
    interval: found === null ? null : interval(documents, statistic, scales, pooled, found, level),
    sensitivity: choices.length === 0 ? null : { lowest: Math.min(...choices), highest: Math.max(...choices) },
    points: points(pooled, statistic, scales),
  };
}

function pool(documents: readonly DocumentTallies[], what: Tallied, scales: number): readonly Tally[] {
  return Array.from({ length: scales }, (_, k) =>
    documents.reduce((total, { tallies }) => plus(total, tallies[what][k], 1), { sum: 0, count: 0 }),
  );
}

function plus(total: Tally, tally: Tally | undefined, sign: 1 | -1): Tally {
  if (tally === undefined) return total;
  return { sum: total.sum + sign * tally.sum, count: total.count + sign * tally.count };
}

/** log of the pooled mean, less what independent noise adds to it; null where it is zero. */
function logarithm({ sum, count }: Tally, statistic: StatisticName, scale: number): number | null {
  const value = Math.log(sum / count) - (STATISTIC[statistic].excess?.(scale) ?? 0);
  return Number.isFinite(value) ? value : null;
}

function exponent(pooled: readonly Tally[], statistic: StatisticName, scales: readonly number[]): number | null {
  const rows = pooled.flatMap((tally, k) => {
    const scale = scales[k];
    const y = scale === undefined ? null : logarithm(tally, statistic, scale);
    return scale === undefined || y === null ? [] : [{ x: Math.log(scale), y }];
  });
  if (rows.length < LEAST_SCALES) return null;
  return STATISTIC[statistic].exponent(
    lineThrough(
      rows.map(({ x }) => x),
      rows.map(({ y }) => y),
    ).slope,
  );
}

function interval(
  documents: readonly DocumentTallies[],
  statistic: StatisticName,
  scales: readonly number[],
  pooled: readonly Tally[],
  found: number,
  level: number,
): FractalEstimate["interval"] {
  const m = documents.length;
  if (m < LEAST_DOCUMENTS) return null;
  const without = documents.map(({ tallies }) =>
    exponent(
      pooled.map((tally, k) => plus(tally, tallies[statistic][k], -1)),
      statistic,
      scales,
    ),
  );
  const values = without.filter((value) => value !== null);
  if (values.length < m) return null;
  return jackknife(found, values, level);
}

function points(pooled: readonly Tally[], statistic: StatisticName, scales: readonly number[]): readonly ScalePoint[] {
  const rows = pooled.flatMap((tally, k) => {
    const scale = scales[k];
    const y = scale === undefined ? null : logarithm(tally, statistic, scale);
    return scale === undefined || y === null ? [] : [{ scale, y }];
  });
  return rows.map(({ scale, y }, k) => {
    const next = rows[k + 1];
    const local = next === undefined ? null : (next.y - y) / Math.log(next.scale / scale);
    return {
      scale,
      value: Math.exp(y),
      localExponent: local === null ? null : STATISTIC[statistic].exponent(local),
    };
  });
}
