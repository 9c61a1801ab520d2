// Differences of limit, exponent and loss between a scheme and the baseline, with what their points share taken out.
import { bcaBounds, expandedLevel, percentileBounds } from "../fit/bootstrap-interval.js";
import { fTail, normalQuantile, studentTwoSided } from "../fit/distributions.js";
import type { Interval } from "../fit/fit.js";
import { holm } from "./attribution.js";
import type { Difference, Quantity } from "./comparison.js";
import { covariance, gradientAt, type Spread } from "./covariance.js";
import { predict, WIDTH } from "./joint.js";
import type { FreeFits } from "./ladders.js";
import type { Replicates } from "./replicates.js";

export type DifferenceInterval = "delta" | "bootstrap-percentile" | "bootstrap-bca";

export interface DifferenceOptions {
  readonly interval: DifferenceInterval;
  readonly level: number;
  /** Value of x at which losses are compared. */
  readonly budget: number;
}

/** Value of a quantity for the ladder at `offset` of theta. */
export function quantityOf(quantity: Quantity, theta: Float64Array, offset: number, u: number): number {
  if (quantity === "limit") return theta[offset] ?? Number.NaN;
  if (quantity === "exponent") return theta[offset + 2] ?? Number.NaN;
  return predict(theta, offset, u);
}

function gradientOf(quantity: Quantity, theta: Float64Array, offset: number, u: number): readonly number[] {
  if (quantity === "limit") return [1, 0, 0];
  if (quantity === "exponent") return [0, 0, 1];
  return gradientAt(theta, offset, u, "linear");
}

/**
 * scheme − baseline for every scheme and quantity.
 *
 * Standard error: √(Var a + Var b − 2·Cov(a, b)) by the delta method; the covariance comes from the correlation of
 * residuals at equal pair keys, so that errors both schemes share cancel. Its t reference has the degrees of freedom of
 * Welch and Satterthwaite, or where points are paired those of the scheme with fewer: simulated coverage falls to 92%
 * with more. Percentiles of replicates are taken at the level widened for these degrees of freedom.
 *
 * The p-value is the smallest 1 − level whose interval leaves 0 out, so that the two cannot contradict each other: the t
 * test with the delta method, the interval inverted with replicates. R replicates tell no tail below 1/(R + 1); beyond
 * it the t test goes on, so that a rejection there needs both.
 *
 * @param correlation of residuals with the baseline's at equal pair keys, one a ladder: a pair's own, since the mean over
 *   other pairs makes a difference of two that move together look less certain than it is
 * @param jackknife the free fits without one unit each, for BCa
 */
export function differences(
  free: FreeFits,
  spread: readonly Spread[],
  baseline: number,
  correlation: readonly number[],
  replicates: Replicates | null,
  jackknife: readonly Float64Array[],
  options: DifferenceOptions,
): readonly Difference[] {
  const u = Math.log(options.budget) - free.origin;
  const others = free.ladders.map((_, l) => l).filter((l) => l !== baseline);
  return (["limit", "exponent", "loss"] as const).flatMap((quantity) => {
    const of = (theta: Float64Array, l: number) =>
      quantityOf(quantity, theta, l * WIDTH, u) - quantityOf(quantity, theta, baseline * WIDTH, u);
    const rows = others.map((l): Difference => {
      const difference = of(free.theta, l);
      const g = gradientOf(quantity, free.theta, l * WIDTH, u);
      const h = gradientOf(quantity, free.theta, baseline * WIDTH, u);
      const own = covariance(free, spread, l, l, g, g, 0);
      const base = covariance(free, spread, baseline, baseline, h, h, 0);
      const both = covariance(free, spread, l, baseline, g, h, correlation[l] ?? 0);
      const defined = own !== null && base !== null && both !== null;
      const variance = defined ? own + base - 2 * both : Number.NaN;
      const standardError = variance > 0 ? Math.sqrt(variance) : null;
      const df = degreesOfFreedom(own ?? 0, base ?? 0, both ?? 0, spread[l], spread[baseline]);
      // In order, because the p-value takes their percentiles again and again.
      const draws = Float64Array.from(replicates?.thetas ?? [], (theta) => of(theta, l)).sort();
      const left = jackknife.map((theta) => of(theta, l));
      const intervalAt = (level: number) =>
        differenceInterval(difference, standardError, df, draws, left, { ...options, level });
      const interval = intervalAt(options.level);
      const tTest = standardError === null ? null : fTail((difference / standardError) ** 2, 1, df);
      const better = draws.filter((value) => (quantity === "exponent" ? value > 0 : value < 0)).length;
      return {
        quantity,
        scheme: free.ladders[l]?.name ?? "",
        baseline: free.ladders[baseline]?.name ?? "",
        budget: quantity === "loss" ? options.budget : null,
        difference,
        standardError,
        interval,
        probabilityBetter: draws.length === 0 ? null : better / draws.length,
        pValue:
          options.interval === "delta" || interval === null ? tTest : inverted(intervalAt, draws.length, df, tTest),
        adjustedPValue: null,
      };
    });
    const adjusted = holm(rows.map((row) => row.pValue));
    return rows.map((row, i) => ({ ...row, adjustedPValue: adjusted[i] ?? null }));
  });
}

/** Of the difference of two estimates with these variances and covariance. */
function degreesOfFreedom(a: number, b: number, both: number, first?: Spread, second?: Spread): number {
  const [m, n] = [first?.degreesOfFreedom ?? 0, second?.degreesOfFreedom ?? 0];
  if (m <= 0 || n <= 0 || a + b === 0) return 0;
  return both === 0 ? (a + b) ** 2 / (a ** 2 / m + b ** 2 / n) : Math.min(m, n);
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

function differenceInterval(
  estimate: number,
  standardError: number | null,
  df: number,
  draws: Float64Array,
  jackknife: readonly number[],
  options: DifferenceOptions,
): Interval | null {
  const { level, interval: method } = options;
  if (method === "delta") {
    if (standardError === null) return null;
    const half = standardError * studentTwoSided(level, df);
    return { level, lower: estimate - half, upper: estimate + half, method };
  }
  const wider = expandedLevel(level, df);
  const bounds =
    method === "bootstrap-bca" ? bcaBounds(draws, estimate, jackknife, wider) : percentileBounds(draws, wider);
  return bounds === null ? null : { level, ...bounds, method };
}
