// Weights from the noise itself: how it grows or falls along x, from seeds that repeat an x where there are enough of them,
// else from the residuals of an unweighted fit. What --weights auto fits by.
import type { Observations } from "../curve/observations.js";
import { linearize } from "./linearize.js";
import type { NoiseWeights } from "./record.js";
import type { Solved } from "./solve/solve.js";
import type { Clusters } from "./variance/clusters.js";
import type { Linearization } from "./variance/linearization.js";
import { noiseTrend } from "./variance/noise-trend.js";

/** Repeats beyond the first of each x from which on they alone tell the noise: they do so whatever the law misses. */
const ENOUGH_REPEATS = 8;

/**
 * The observations of one group with a standard error for each: of the log loss times the loss where residuals are
 * logarithmic, 1 in the middle of the range of log x. All of one size where x or the residuals tell no trend.
 * @param plain the group fitted by itself without weights
 */
export function weighByNoise(
  plain: Solved,
  clusters: Clusters,
  group: Observations,
): { readonly group: Observations; readonly weights: NoiseWeights | null } {
  const { fit } = linearize([plain], clusters.of);
  const repeated = repeats(group, fit);
  const source = repeated ?? fit;
  const trend = noiseTrend(source);
  const unit = (i: number) => (plain.problem.space === "log" ? (group.loss[i] ?? Number.NaN) : 1);
  if (trend === null) return { group: { ...group, standardError: group.loss.map((_, i) => unit(i)) }, weights: null };
  const middle = Math.sqrt(trend.ratio);
  return {
    group: { ...group, standardError: trend.weights.map((weight, i) => unit(i) / weight / middle) },
    weights: { from: repeated === null ? "residuals" : "repeats", ends: [1 / middle, middle] },
  };
}

/** The losses about their mean at each x, in the space of the fit: a law free at every x; null with too few repeats. */
function repeats({ x }: Observations, fit: Linearization): Linearization | null {
  const known = new Map<string, number>();
  const place = fit.rows.map((_, i) => {
    const key = x.map((column) => column[i]).join(" ");
    const index = known.get(key) ?? known.size;
    known.set(key, index);
    return index;
  });
  if (fit.rows.length - known.size < ENOUGH_REPEATS || fit.cluster !== null) return null;
  const counts = new Float64Array(known.size);
  const sums = new Float64Array(known.size);
  for (const [i, k] of place.entries()) {
    counts[k] = (counts[k] ?? Number.NaN) + 1;
    sums[k] = (sums[k] ?? Number.NaN) + (fit.score[i] ?? Number.NaN);
  }
  return {
    ...fit,
    rows: place.map((k) => Float64Array.from(counts, (_, j) => Number(j === k))),
    // Residuals at one x differ from the losses there by one number, which the mean takes out.
    score: Float64Array.from(
      place,
      (k, i) => (fit.score[i] ?? Number.NaN) - (sums[k] ?? Number.NaN) / (counts[k] ?? Number.NaN),
    ),
    slope: new Float64Array(place.length).fill(1),
  };
}
