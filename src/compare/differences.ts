// Differences of parameters and of the loss between a scheme and the baseline, with what their points share taken out.
import { fTail, studentTwoSided } from "../base/distributions.js";
import type { Interval } from "../fit/record.js";
import type { StandardError } from "../fit/variance/linearization.js";
import { family } from "../fit/variance/simultaneous.js";
import { at, mainVariable } from "../law/law.js";
import { type Bending, bending } from "./bend.js";
import type { Difference } from "./comparison.js";
import type { Drawn, Pairing } from "./pairing.js";
import { askedOf, type Scheme, type Schemes } from "./schemes.js";

interface DifferenceOptions {
  readonly level: number;
  /** Where losses are compared: one value per variable of the law. */
  readonly point: readonly number[];
  /** The same, as the record has it: the value of the main variable. */
  readonly budget: number;
  /** Level of the tests. */
  readonly alpha: number;
  /** Names of the schemes whose law's shape the data reject. */
  readonly rejected: readonly string[];
}

/** Of the studies that would show a difference of the size that a record calls detectable. */
const POWER = 0.8;

/** A number that every scheme has. */
interface Quantity {
  readonly name: string;
  readonly better: "lower" | "higher" | "neither";
  /** Where a loss is read on the axis of the law's main variable; null for a parameter. */
  readonly x: number | null;
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
      x: null,
      value: (theta) => at(theta, i),
      gradient: () => Float64Array.from(law.parameters, (_, k) => Number(k === i)),
    };
  });
  const loss: Quantity = {
    name: "loss",
    better: "lower",
    x: at(point, mainVariable(law)),
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
 * Standard error and t distribution are those of pairing.ts; null for parameters where a fit ended at its bound. Intervals
 * are t intervals: percentiles of replicates left out the difference of losses at the largest budget in 11% of simulated
 * data sets, since wild replicates know of three runs only what these three say.
 *
 * Over the schemes of one quantity the intervals also hold all together (simultaneous.ts: single-step max-t), and the
 * adjusted p-values are those of that family. A law whose shape the data reject may err by what a bend would change
 * (bend.ts), to either side, for a law that misses in one way may miss in others: a difference that this much less would
 * leave untold is not told.
 */
export function differences(
  schemes: Schemes,
  pairings: readonly Pairing[],
  options: DifferenceOptions,
): readonly Difference[] {
  const { level, alpha, rejected } = options;
  const bends = new Map(
    schemes.all.flatMap((scheme) => (rejected.includes(scheme.name) ? [[scheme, bending(scheme)]] : [])),
  );
  return quantities(schemes, options.point).flatMap((quantity) => {
    const rows = pairings.map((pairing) => difference(quantity, pairing));
    const members = rows.flatMap(({ member }) => member ?? []);
    const together = family(members, level, schemes.options.seed);
    return rows.map(({ pairing, estimate, error, probabilityBetter, pValue }): Difference => {
      const bend = bendOf(quantity, pairing, bends);
      const least = Math.max(0, Math.abs(estimate) - Math.abs(bend ?? 0));
      const leastP = pOf(least, error);
      return {
        quantity: quantity.name,
        scheme: pairing.scheme.name,
        baseline: pairing.baseline.name,
        budget: quantity.name === "loss" ? options.budget : null,
        difference: estimate,
        standardError: error?.value ?? null,
        interval: tInterval(estimate, error, level),
        probabilityBetter,
        pValue,
        simultaneous: tInterval(estimate, error, level, together.level),
        detectable: detectable(error, together.level),
        adjustedPValue: pValue === null ? null : together.adjusted(pValue),
        bend,
        told: leastP !== null && together.adjusted(leastP) < alpha,
      };
    });
  });
}

/** Of one scheme, before the others of its family are known. */
function difference(quantity: Quantity, pairing: Pairing) {
  const { scheme, baseline, errors } = pairing;
  const between = ([own, other]: Drawn) => quantity.value(own) - quantity.value(other);
  const estimate = between([scheme.theta, baseline.theta]);
  const gradients = [quantity.gradient(scheme.theta), quantity.gradient(baseline.theta)] as const;
  const known = isHeld(quantity, pairing) ? null : errors;
  const error = known?.of(...gradients) ?? null;
  const fewest = Math.min(scheme.fit.doubt.degreesOfFreedom, baseline.fit.doubt.degreesOfFreedom);
  // Without degrees of freedom the laws go through every point, and replicates all agree.
  const draws = Float64Array.from(fewest > 0 ? pairing.redrawn : [], between);
  const better = draws.filter((value) => (quantity.better === "higher" ? value > 0 : value < 0)).length;
  return {
    pairing,
    estimate,
    error,
    member: error === null ? null : (known?.member(...gradients) ?? null),
    probabilityBetter: draws.length === 0 || quantity.better === "neither" ? null : better / draws.length,
    pValue: pOf(estimate, error),
  };
}

/** Two-sided, of no difference. */
const pOf = (estimate: number, error: StandardError | null): number | null =>
  error === null ? null : fTail((estimate / error.value) ** 2, 1, error.degreesOfFreedom);

/** What the difference changes by if the laws of those schemes bend; null where neither of the two is among them, or for a parameter beside a bound. */
function bendOf(quantity: Quantity, { scheme, baseline }: Pairing, bends: ReadonlyMap<Scheme, Bending>): number | null {
  if (isHeld(quantity, { scheme, baseline })) return null;
  const [own, other] = [scheme, baseline].map((one) => {
    const { x } = quantity;
    const read = x === null ? null : { x, loss: quantity.value(one.theta) };
    return bends.get(one)?.(quantity.gradient(one.theta), read) ?? null;
  });
  return own == null && other == null ? null : (own ?? 0) - (other ?? 0);
}

/** A limit that ended at its bound has no error, and with it held those of the other parameters are too small. */
const isHeld = (quantity: Quantity, { scheme, baseline }: Pick<Pairing, "scheme" | "baseline">): boolean =>
  quantity.name !== "loss" && [scheme, baseline].some(({ fit }) => fit.solution.status === "at-bound");

/** Of power 80%: (t(level) + t(.8))·s, the first two-sided, the second one-sided. */
function detectable(error: StandardError | null, level: number): number | null {
  if (error === null) return null;
  const { value, degreesOfFreedom } = error;
  return value * (studentTwoSided(level, degreesOfFreedom) + studentTwoSided(2 * POWER - 1, degreesOfFreedom));
}

/** @param wide the level of each by itself at which `level` holds for what the interval is one of */
function tInterval(estimate: number, error: StandardError | null, level: number, wide = level): Interval | null {
  if (error === null) return null;
  const half = error.value * studentTwoSided(wide, error.degreesOfFreedom);
  return { level, lower: estimate - half, upper: estimate + half, method: "delta" };
}
