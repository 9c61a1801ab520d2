// Differences of limit, exponent and loss between a scheme and the baseline, with what their points share taken out.
import { bcaBounds, expandedLevel, percentileBounds } from "../fit/bootstrap-interval.js";
import { fTail, studentTwoSided } from "../fit/distributions.js";
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
 * with more. Percentiles of replicates are taken at the level widened for these degrees of freedom. `jackknife` are the free fits without one unit each, for BCa.
 */
export function differences(
  free: FreeFits,
  spread: readonly Spread[],
  baseline: number,
  correlation: number,
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
      const both = covariance(free, spread, l, baseline, g, h, correlation);
      const defined = own !== null && base !== null && both !== null;
      const variance = defined ? own + base - 2 * both : Number.NaN;
      const standardError = variance > 0 ? Math.sqrt(variance) : null;
      const df = degreesOfFreedom(own ?? 0, base ?? 0, both ?? 0, spread[l], spread[baseline]);
      const draws = replicates?.thetas.map((theta) => of(theta, l)) ?? [];
      const better = draws.filter((value) => (quantity === "exponent" ? value > 0 : value < 0)).length;
      return {
        quantity,
        scheme: free.ladders[l]?.name ?? "",
        baseline: free.ladders[baseline]?.name ?? "",
        budget: quantity === "loss" ? options.budget : null,
        difference,
        standardError,
        interval: differenceInterval(
          difference,
          standardError,
          df,
          draws,
          jackknife.map((theta) => of(theta, l)),
          options,
        ),
        probabilityBetter: draws.length === 0 ? null : better / draws.length,
        pValue: standardError === null ? null : fTail((difference / standardError) ** 2, 1, df),
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

function differenceInterval(
  estimate: number,
  standardError: number | null,
  df: number,
  draws: readonly number[],
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
