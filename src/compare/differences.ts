// Differences of parameters and of the loss between a scheme and the baseline, with what their points share taken out.
import { fTail, normalQuantile, studentTwoSided } from "../base/distributions.js";
import { type Bounds, bcaBounds, expandedLevel, percentileBounds } from "../fit/bootstrap-interval.js";
import type { Interval } from "../fit/record.js";
import type { StandardError } from "../fit/variance/linearization.js";
import { family } from "../fit/variance/simultaneous.js";
import { at } from "../law/law.js";
import { holm } from "./attribution.js";
import type { Difference } from "./comparison.js";
import type { DifferenceErrors } from "./errors-of-differences.js";
import { askedOf, type Schemes, type Thetas, thetaOf } from "./schemes.js";

export type DifferenceInterval = "delta" | "bootstrap-percentile" | "bootstrap-bca";

export interface DifferenceOptions {
  /** Of parameters. */
  readonly interval: DifferenceInterval;
  readonly level: number;
  /** Where losses are compared: one value per variable of the law. */
  readonly point: readonly number[];
  /** The same, as the record has it: the value of the main variable. */
  readonly budget: number;
}

/** Of the studies that would show a difference of the size that a record calls detectable. */
const POWER = 0.8;

const NOTHING = new Float64Array(0);

/** A number that every scheme has. */
interface Quantity {
  readonly name: string;
  readonly better: "lower" | "higher" | "neither";
  value(theta: Float64Array): number;
  gradient(theta: Float64Array): Float64Array;
}

function quantities(schemes: Schemes, point: readonly number[]): readonly Quantity[] {
  const { law } = schemes;
  const parameters = askedOf(schemes).map((parameter): Quantity => {
    const i = law.parameters.indexOf(parameter);
    return {
      name: parameter.name,
      better: parameter.role === "limit" ? "lower" : parameter.role === "exponent" ? "higher" : "neither",
      value: (theta) => at(theta, i),
      gradient: () => Float64Array.from(law.parameters, (_, k) => Number(k === i)),
    };
  });
  const loss: Quantity = {
    name: "loss",
    better: "lower",
    value: (theta) => law.value(theta, point),
    gradient: (theta) => {
      const gradient = new Float64Array(law.parameters.length);
      law.gradient(theta, point, gradient);
      return gradient;
    },
  };
  return [...parameters, loss];
}

/**
 * scheme − baseline for every scheme and quantity.
 *
 * Standard error and t distribution are those of errors-of-differences.ts. `interval` is for parameters; percentiles of
 * replicates are taken at the level widened for the degrees of freedom of the scheme with fewer. A loss gets the t interval
 * always: percentiles left out its difference at the largest budget in 11% of simulated data sets, since wild signs know of
 * three runs only what these three say.
 *
 * The p-value is the smallest 1 − level whose interval leaves 0 out, so that the two cannot contradict each other: the t
 * test with the t interval, the interval inverted with replicates. R replicates tell no tail below 1/(R + 1); beyond
 * it the t test goes on, so that a rejection there needs both.
 *
 * Over the schemes of one quantity t intervals also hold all together (simultaneous.ts: single-step max-t), and the adjusted
 * p-values are those of that family; of percentiles they are Holm's.
 *
 * @param errors of each scheme's differences from the baseline, in the order of the schemes
 * @param redrawn the schemes' parameters in each replicate
 * @param jackknife the same without one unit each, for BCa
 */
export function differences(
  schemes: Schemes,
  baseline: number,
  errors: readonly (DifferenceErrors | null)[],
  redrawn: Thetas,
  jackknife: Thetas,
  options: DifferenceOptions,
): readonly Difference[] {
  const { names, fits } = schemes;
  const others = names.map((_, l) => l).filter((l) => l !== baseline);
  return quantities(schemes, options.point).flatMap((quantity) => {
    const method = quantity.name === "loss" ? "delta" : options.interval;
    const rows = others.map((l): Difference => {
      const between = (thetas: readonly Float64Array[]) =>
        quantity.value(thetas[l] ?? NOTHING) - quantity.value(thetas[baseline] ?? NOTHING);
      const [own, other] = [thetaOf(schemes, l), thetaOf(schemes, baseline)];
      const estimate = quantity.value(own) - quantity.value(other);
      const error = errors[l]?.of(quantity.gradient(own), quantity.gradient(other)) ?? null;
      const fewest = Math.min(...[l, baseline].map((which) => fits[which]?.doubt.degreesOfFreedom ?? 0));
      // Without degrees of freedom the laws go through every point, and replicates all agree. Otherwise in order, because
      // the p-value takes their percentiles again and again.
      const draws = Float64Array.from(fewest > 0 ? redrawn : [], between).sort();
      const left = jackknife.map(between);
      const intervalAt = (level: number): Interval | null => {
        const bounds =
          method === "delta"
            ? tBounds(estimate, error, level)
            : percentiles(method, draws, estimate, left, expandedLevel(level, fewest));
        return bounds === null ? null : { level, ...bounds, method };
      };
      const interval = intervalAt(options.level);
      const tTest = error === null ? null : fTail((estimate / error.value) ** 2, 1, error.degreesOfFreedom);
      const better = draws.filter((value) => (quantity.better === "higher" ? value > 0 : value < 0)).length;
      return {
        quantity: quantity.name,
        scheme: names[l] ?? "",
        baseline: names[baseline] ?? "",
        budget: quantity.name === "loss" ? options.budget : null,
        difference: estimate,
        standardError: error?.value ?? null,
        interval,
        probabilityBetter: draws.length === 0 || quantity.better === "neither" ? null : better / draws.length,
        pValue: method === "delta" || interval === null ? tTest : inverted(intervalAt, draws.length, fewest, tTest),
        simultaneous: null,
        detectable: detectable(error, options.level),
        adjustedPValue: null,
      };
    });
    const members = others.flatMap(
      (l) =>
        errors[l]?.member(quantity.gradient(thetaOf(schemes, l)), quantity.gradient(thetaOf(schemes, baseline))) ?? [],
    );
    // Replicates of few values tell no tail beyond Holm's first step; t intervals have one level for all of them.
    if (method !== "delta" || members.length < rows.length || rows.some(({ pValue }) => pValue === null)) {
      const adjusted = holm(rows.map((row) => row.pValue));
      return rows.map((row, i) => ({ ...row, adjustedPValue: adjusted[i] ?? null }));
    }
    const all = family(members, options.level, schemes.options.seed);
    return rows.map((row, i): Difference => {
      const [own, other] = [thetaOf(schemes, others[i] ?? -1), thetaOf(schemes, baseline)];
      const error = errors[others[i] ?? -1]?.of(quantity.gradient(own), quantity.gradient(other)) ?? null;
      const bounds = tBounds(row.difference, error, all.level);
      return {
        ...row,
        simultaneous: bounds === null ? null : { level: options.level, ...bounds, method: "delta" },
        detectable: detectable(error, all.level),
        adjustedPValue: row.pValue === null ? null : all.adjusted(row.pValue),
      };
    });
  });
}

/** Of power 80%: (t(level) + t(.8))·s, the first two-sided, the second one-sided. */
function detectable(error: StandardError | null, level: number): number | null {
  if (error === null) return null;
  const { value, degreesOfFreedom } = error;
  return value * (studentTwoSided(level, degreesOfFreedom) + studentTwoSided(2 * POWER - 1, degreesOfFreedom));
}

function tBounds(estimate: number, error: StandardError | null, level: number): Bounds | null {
  if (error === null) return null;
  const half = error.value * studentTwoSided(level, error.degreesOfFreedom);
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
