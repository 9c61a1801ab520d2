// Intervals from bootstrap replicates: percentile and bias-corrected accelerated (BCa).
import jStat from "jstat";

export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

/** Quantile of sorted values, linear between order statistics (definition 7 of Hyndman & Fan 1996). */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  const position = Math.min(1, Math.max(0, probability)) * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return position === below ? low : low + (position - below) * (high - low);
}

/**
 * The level whose normal quantile is the t quantile of `level`: percentiles taken at it are wider by t/z, which is what a
 * bootstrap with few degrees of freedom lacks (the expanded percentile interval of Hesterberg 2015).
 */
export function expandedLevel(level: number, degreesOfFreedom: number): number {
  if (!(degreesOfFreedom > 0)) return level;
  return 2 * jStat.normal.cdf(jStat.studentt.inv((1 + level) / 2, degreesOfFreedom), 0, 1) - 1;
}

/** With fewer there is no percentile to speak of. */
export const LEAST_REPLICATES = 20;

/** The central `level` of the replicates; null with fewer than LEAST_REPLICATES. */
export function percentileBounds(replicates: ArrayLike<number>, level: number): Bounds | null {
  if (replicates.length < LEAST_REPLICATES) return null;
  const sorted = Float64Array.from(replicates).sort();
  return { lower: quantile(sorted, (1 - level) / 2), upper: quantile(sorted, (1 + level) / 2) };
}

/**
 * BCa (Efron 1987): percentiles moved by z0, the replicates' share below the estimate, and by the acceleration
 * Σd³/(6(Σd²)^1.5) of the leave-one-unit-out estimates. Null with fewer than LEAST_REPLICATES or 3 jackknife values.
 */
export function bcaBounds(
  replicates: ArrayLike<number>,
  estimate: number,
  jackknife: readonly number[],
  level: number,
): Bounds | null {
  if (replicates.length < LEAST_REPLICATES || jackknife.length < 3) return null;
  const sorted = Float64Array.from(replicates).sort();
  const below = sorted.filter((value) => value < estimate).length + 0.5 * sorted.filter((v) => v === estimate).length;
  const share = Math.min(1 - 0.5 / sorted.length, Math.max(0.5 / sorted.length, below / sorted.length));
  const z0 = jStat.normal.inv(share, 0, 1);
  const mean = jackknife.reduce((a, b) => a + b, 0) / jackknife.length;
  let squares = 0;
  let cubes = 0;
  for (const value of jackknife) {
    squares += (mean - value) ** 2;
    cubes += (mean - value) ** 3;
  }
  const acceleration = squares > 0 ? cubes / (6 * squares ** 1.5) : 0;
  const moved = (probability: number) => {
    const z = z0 + jStat.normal.inv(probability, 0, 1);
    return jStat.normal.cdf(z0 + z / (1 - acceleration * z), 0, 1);
  };
  return { lower: quantile(sorted, moved((1 - level) / 2)), upper: quantile(sorted, moved((1 + level) / 2)) };
}
