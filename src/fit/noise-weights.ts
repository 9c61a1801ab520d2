// Weights from the noise itself: how it grows or falls along x, from seeds that repeat an x where there are enough of them,
// else from the residuals of an unweighted fit. What --weights auto fits by.
import type { Observations } from "../curve/observations.js";
import { at } from "../law/law.js";
import type { Linearized } from "./linearize.js";
import type { NoiseWeights } from "./record.js";
import { type Basis, type Linearization, orthogonalise } from "./variance/linearization.js";
import { noiseTrend } from "./variance/noise-trend.js";

/** Repeats beyond the first of each x from which on they alone tell the noise: they do so whatever the law misses. */
const ENOUGH_REPEATS = 8;

/**
 * The observations of one group with a standard error for each: of the log loss times the loss where residuals are
 * logarithmic, 1 in the middle of the range of log x. All of one size where x or the residuals tell no trend.
 * @param plain the group fitted by itself without weights
 */
export function weighByNoise(
  plain: Linearized,
  group: Observations,
  space: "log" | "linear",
): { readonly group: Observations; readonly weights: NoiseWeights | null } {
  const repeated = repeats(group, plain.fit);
  const source = repeated ?? plain.basis;
  const trend = source === null ? null : noiseTrend(source);
  const middle = Math.sqrt(trend?.ratio ?? 1);
  const standardError = group.loss.map(
    (y, i) => (space === "log" ? y : 1) / (trend === null ? 1 : at(trend.weights, i) * middle),
  );
  const weights: NoiseWeights | null =
    trend === null ? null : { from: repeated === null ? "residuals" : "repeats", ends: [1 / middle, middle] };
  return { group: { ...group, standardError }, weights };
}

/** The losses about their mean at each x, in the space of the fit: a law free at every x; null with too few repeats. */
function repeats({ x }: Observations, fit: Linearization): Basis | null {
  const points = fit.score.length;
  const known = new Map<string, number>();
  const place = Int32Array.from(fit.score, (_, i) => {
    const key = x.map((column) => column[i]).join(" ");
    const index = known.get(key) ?? known.size;
    known.set(key, index);
    return index;
  });
  const width = known.size;
  if (points - width < ENOUGH_REPEATS || fit.cluster !== null) return null;
  const rows = new Float64Array(points * width);
  const [counts, sums] = [new Float64Array(width), new Float64Array(width)];
  place.forEach((k, i) => {
    rows[i * width + k] = 1;
    counts[k] = at(counts, k) + 1;
    sums[k] = at(sums, k) + at(fit.score, i);
  });
  // Residuals at one x differ from the losses there by one number, which the mean takes out.
  const score = fit.score.map((value, i) => value - at(sums, at(place, i)) / at(counts, at(place, i)));
  return orthogonalise({ ...fit, width, rows, score, slope: new Float64Array(points).fill(1) });
}
