// Differences of parameters and of the loss between a scheme and the baseline, with what their points share taken out.
import { fTail, normalQuantile, studentTwoSided } from "../base/distributions.js";
import { type Bounds, bcaBounds, expandedLevel, percentileBounds } from "../fit/bootstrap-interval.js";
import type { Interval } from "../fit/record.js";
import type { StandardError } from "../fit/variance/linearization.js";
import { family } from "../fit/variance/simultaneous.js";
import { at } from "../law/law.js";
import type { Difference } from "./comparison.js";
import { holm } from "./holm.js";
import type { Drawn, Pairing } from "./pairing.js";
import { askedOf, type Schemes } from "./schemes.js";

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
 * Standard error and t distribution are those of pairing.ts; null for parameters where a fit ended at its bound. `interval` is for parameters; percentiles of replicates are
 * taken at the level widened for the degrees of freedom of the scheme with fewer. A loss gets the t interval always:
 * percentiles left out its difference at the largest budget in 11% of simulated data sets, since wild signs know of three
 * runs only what these three say.
 *
 * The p-value is the smallest 1 − level whose interval leaves 0 out, so that the two cannot contradict each other: the t
 * test with the t interval, the interval inverted with replicates. R replicates tell no tail below 1/(R + 1); beyond
 * it the t test goes on, so that a rejection there needs both.
 *
 * Over the schemes of one quantity t intervals also hold all together (simultaneous.ts: single-step max-t), and the adjusted
 * p-values are those of that family; of percentiles they are Holm's.
 */
export function differences(
  schemes: Schemes,
  pairings: readonly Pairing[],
  options: DifferenceOptions,
): readonly Difference[] {
  const { level } = options;
  return quantities(schemes, options.point).flatMap((quantity) => {
    const method = quantity.name === "loss" ? "delta" : options.interval;
    const rows = pairings.map((pairing) => difference(quantity, pairing, method, level));
    // Replicates of few values tell no tail beyond Holm's first step; t intervals have one level for all of them.
    const members = rows.flatMap(({ error, member }) => (error === null || member === null ? [] : member));
    const together = method === "delta" && members.length > 0 ? family(members, level, schemes.options.seed) : null;
    const alone = holm(rows.map(({ pValue }) => pValue));
    return rows.map(({ pairing, estimate, error, interval, probabilityBetter, pValue }, i): Difference => {
      const bounds = together === null ? null : tBounds(estimate, error, together.level);
      return {
        quantity: quantity.name,
        scheme: pairing.scheme.name,
        baseline: pairing.baseline.name,
        budget: quantity.name === "loss" ? options.budget : null,
        difference: estimate,
        standardError: error?.value ?? null,
        interval,
        probabilityBetter,
        pValue,
        simultaneous: bounds === null ? null : { level, ...bounds, method: "delta" },
        detectable: detectable(error, together?.level ?? level),
        adjustedPValue: together === null || pValue === null ? (alone[i] ?? null) : together.adjusted(pValue),
      };
    });
  });
}

/** Of one scheme, before the others of its family are known. */
function difference(quantity: Quantity, pairing: Pairing, method: DifferenceInterval, level: number) {
  const { scheme, baseline, errors } = pairing;
  const between = ([own, other]: Drawn) => quantity.value(own) - quantity.value(other);
  const estimate = between([scheme.theta, baseline.theta]);
  const gradients = [quantity.gradient(scheme.theta), quantity.gradient(baseline.theta)] as const;
  const known = isHeld(quantity, pairing) ? null : errors;
  const error = known?.of(...gradients) ?? null;
  const fewest = Math.min(scheme.fit.doubt.degreesOfFreedom, baseline.fit.doubt.degreesOfFreedom);
  // Without degrees of freedom the laws go through every point, and replicates all agree. Otherwise in order, because
  // the p-value takes their percentiles again and again.
  const draws = Float64Array.from(fewest > 0 ? pairing.redrawn : [], between).sort();
  const left = pairing.jackknife.map(between);
  const intervalAt = (wanted: number): Interval | null => {
    const bounds = {
      delta: () => tBounds(estimate, error, wanted),
      "bootstrap-bca": () => bcaBounds(draws, estimate, left, expandedLevel(wanted, fewest)),
      "bootstrap-percentile": () => percentileBounds(draws, expandedLevel(wanted, fewest)),
    }[method]();
    return bounds === null ? null : { level: wanted, ...bounds, method };
  };
  const interval = intervalAt(level);
  const tTest = error === null ? null : fTail((estimate / error.value) ** 2, 1, error.degreesOfFreedom);
  const better = draws.filter((value) => (quantity.better === "higher" ? value > 0 : value < 0)).length;
  return {
    pairing,
    estimate,
    error,
    member: known?.member(...gradients) ?? null,
    interval,
    probabilityBetter: draws.length === 0 || quantity.better === "neither" ? null : better / draws.length,
    pValue: method === "delta" || interval === null ? tTest : inverted(intervalAt, draws.length, fewest, tTest),
  };
}

/** A limit that ended at its bound has no error, and with it held those of the other parameters are too small. */
const isHeld = (quantity: Quantity, { scheme, baseline }: Pairing): boolean =>
  quantity.name !== "loss" && [scheme, baseline].some(({ fit }) => fit.solution.status === "at-bound");

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
    const { lower, upper } = intervalAt(1 - p) ?? { lower: null, upper: null };
    return (lower !== null && lower > 0) || (upper !== null && upper < 0);
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
