// Differences of limit, exponent and loss between a scheme and the baseline, with what their points share taken out.

import { fTail, normalQuantile, studentTwoSided } from "../base/distributions.js";
import { type Bounds, bcaBounds, expandedLevel, percentileBounds } from "../fit/bootstrap-interval.js";
import type { Interval } from "../fit/record.js";
import { holm } from "./attribution.js";
import type { Difference, Quantity } from "./comparison.js";
import { predict } from "./joint.js";
import { WIDTH } from "./ladder.js";
import type { FreeFits } from "./ladders.js";
import type { Replicates } from "./replicates.js";
import { DIFFERENCE_OF, lossGradient, type Robust, type StandardError } from "./robust.js";
import type { Spread } from "./spread.js";

export type DifferenceInterval = "delta" | "bootstrap-percentile" | "bootstrap-bca";

export interface DifferenceOptions {
  /** Of limit and exponent. */
  readonly interval: DifferenceInterval;
  readonly level: number;
  /** Value of x at which losses are compared. */
  readonly budget: number;
}

/** Value of a quantity for the ladder at `offset` of theta. */
function quantityOf(quantity: Quantity, theta: Float64Array, offset: number, u: number): number {
  if (quantity === "limit") return theta[offset] ?? Number.NaN;
  if (quantity === "exponent") return theta[offset + 2] ?? Number.NaN;
  return predict(theta, offset, u);
}

/**
 * scheme − baseline for every scheme and quantity.
 *
 * Standard error and t distribution are the robust ones (robust.ts), so that errors both schemes share at a pair key cancel
 * and the few runs at the end of the data count as few. `interval` is for limit and exponent, whose errors are skewed;
 * percentiles of replicates are taken at the level widened for the degrees of freedom of the scheme with fewer. A loss gets
 * the t interval always: percentiles left out its difference at the largest budget in 11% of simulated data sets, since
 * wild signs know of three runs only what these three say.
 *
 * The p-value is the smallest 1 − level whose interval leaves 0 out, so that the two cannot contradict each other: the t
 * test with the t interval, the interval inverted with replicates. R replicates tell no tail below 1/(R + 1); beyond
 * it the t test goes on, so that a rejection there needs both.
 *
 * @param robust the errors of each scheme's differences from the baseline, in the order of the ladders
 * @param jackknife the free fits without one unit each, for BCa
 */
export function differences(
  free: FreeFits,
  spread: readonly Spread[],
  baseline: number,
  robust: readonly (Robust | null)[],
  replicates: Replicates | null,
  jackknife: readonly Float64Array[],
  options: DifferenceOptions,
): readonly Difference[] {
  const u = Math.log(options.budget) - free.origin;
  const others = free.ladders.map((_, l) => l).filter((l) => l !== baseline);
  return (["limit", "exponent", "loss"] as const).flatMap((quantity) => {
    const of = (theta: Float64Array, l: number) =>
      quantityOf(quantity, theta, l * WIDTH, u) - quantityOf(quantity, theta, baseline * WIDTH, u);
    const method = quantity === "loss" ? "delta" : options.interval;
    const rows = others.map((l): Difference => {
      const estimate = of(free.theta, l);
      const offsets = [l * WIDTH, baseline * WIDTH] as const;
      const gradient = quantity === "loss" ? lossGradient(free.theta, offsets, [u, u]) : DIFFERENCE_OF[quantity];
      const error = robust[l]?.(gradient) ?? null;
      const fewest = Math.min(spread[l]?.degreesOfFreedom ?? 0, spread[baseline]?.degreesOfFreedom ?? 0);
      // Without degrees of freedom the laws go through every point, and replicates all agree. Otherwise in order, because
      // the p-value takes their percentiles again and again.
      const draws = Float64Array.from(fewest > 0 ? (replicates?.thetas ?? []) : [], (theta) => of(theta, l)).sort();
      const left = jackknife.map((theta) => of(theta, l));
      const intervalAt = (level: number): Interval | null => {
        const bounds =
          method === "delta"
            ? tBounds(estimate, error, level)
            : percentiles(method, draws, estimate, left, expandedLevel(level, fewest));
        return bounds === null ? null : { level, ...bounds, method };
      };
      const interval = intervalAt(options.level);
      const tTest = error === null ? null : fTail((estimate / error.value) ** 2, 1, error.df);
      const better = draws.filter((value) => (quantity === "exponent" ? value > 0 : value < 0)).length;
      return {
        quantity,
        scheme: free.ladders[l]?.name ?? "",
        baseline: free.ladders[baseline]?.name ?? "",
        budget: quantity === "loss" ? options.budget : null,
        difference: estimate,
        standardError: error?.value ?? null,
        interval,
        probabilityBetter: draws.length === 0 ? null : better / draws.length,
        pValue: method === "delta" || interval === null ? tTest : inverted(intervalAt, draws.length, fewest, tTest),
        adjustedPValue: null,
      };
    });
    const adjusted = holm(rows.map((row) => row.pValue));
    return rows.map((row, i) => ({ ...row, adjustedPValue: adjusted[i] ?? null }));
  });
}

function tBounds(estimate: number, error: StandardError | null, level: number): Bounds | null {
  if (error === null) return null;
  const half = error.value * studentTwoSided(level, error.df);
  return { lower: estimate - half, upper: estimate + half };
}

function percentiles(
  method: Exclude<DifferenceInterval, "delta">,
  draws: Float64Array,
  estimate: number,
  jackknife: readonly number[],
  level: number,
): Bounds | null {
  return method === "bootstrap-bca" ? bcaBounds(draws, estimate, jackknife, level) : percentileBounds(draws, level);
}

/** The smallest 1 − level at which an interval of this many replicates leaves 0 out; below what they tell, the t test's. */
function inverted(
  intervalAt: (level: number) => Interval | null,
  replicates: number,
  df: number,
  tTest: number | null,
): number {
  const tail = 1 / (replicates + 1);
  // The level that expandedLevel turns into one with this tail.
  const least = df > 0 ? fTail(normalQuantile(tail) ** 2, 1, df) : 2 * tail;
  const excluded = (p: number) => {
    const interval = intervalAt(1 - p);
    return (interval?.lower ?? 0) > 0 || (interval?.upper ?? 0) < 0;
  };
  if (excluded(least)) return Math.min(least, tTest ?? 1);
  let [inside, outside] = [least, 1];
  for (let k = 0; k < 30; k++) {
    const half = (inside + outside) / 2;
    if (excluded(half)) outside = half;
    else inside = half;
  }
  return outside;
}
