// Quantities computed from a fit's parameters, with intervals by the delta method, or from parameters fitted to redrawn
// points: what every derived number here uses.
import { studentTwoSided } from "../base/distributions.js";
import { mean } from "../base/mean.js";
import { expandedLevel, percentileBounds } from "../fit/bootstrap-interval.js";
import { errorOver, noiseOf, quadratic } from "../fit/predict.js";
import type { Fit, FittedNoise, Interval } from "../fit/record.js";
import type { StandardError } from "../fit/variance/linearization.js";
import { at, type Law } from "../law/law.js";
import type { Quantity } from "./allocation.js";

/** A fit's parameters in the law's order, with how sure they are: what quantities are propagated from. */
export interface Source {
  readonly theta: Float64Array;
  /** Covariances of the parameters under the noises that the residuals allow. */
  readonly noise: FittedNoise;
  readonly level: number;
  /** The parameters fitted to redrawn points; null for the delta method. */
  readonly draws: readonly Float64Array[] | null;
}

export function sourceOf(law: Law, fit: Fit, level: number, draws: Source["draws"] = null): Source {
  return {
    theta: Float64Array.from(law.parameters, ({ name }) => fit.parameters[name]?.estimate ?? Number.NaN),
    noise: noiseOf(law, fit),
    level,
    draws,
  };
}

/**
 * Of g(θ̂): √(∇gᵀ·C·∇g) over the noises that the residuals allow, with degrees of freedom of its own; the gradient by
 * central differences over a hundredth of a standard error. With redrawn points, the spread of g over them.
 * Null without a covariance or where g has no finite value beside the estimate.
 */
export function standardErrorOf(source: Source, g: (theta: Float64Array) => number): StandardError | null {
  const {
    theta,
    draws,
    noise: { states, degreesOfFreedom },
  } = source;
  if (draws !== null) {
    const values = draws.map(g).filter(Number.isFinite);
    const center = mean(values);
    const square = values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1);
    return Number.isFinite(square) ? { value: Math.sqrt(square), degreesOfFreedom } : null;
  }
  if (states.length === 0 || degreesOfFreedom < 1) return null;
  const gradient = theta.map((value, k) => {
    const own = states.reduce((sum, { weight, covariance }) => sum + weight * at(covariance[k] ?? [], k), 0);
    const step = Math.sqrt(own) * 0.01;
    if (!(step > 0)) return 0;
    const moved = (by: number) => g(theta.map((other, j) => (j === k ? value + by : other)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
  return errorOver(states, ({ covariance }) => quadratic(gradient, covariance), degreesOfFreedom);
}

/** Half the width of its t interval; null where it has none. */
export function halfWidthOf(source: Source, g: (theta: Float64Array) => number): number | null {
  const error = standardErrorOf(source, g);
  return error === null ? null : studentTwoSided(source.level, error.degreesOfFreedom) * error.value;
}

/** The quantity g(θ̂) with its interval. */
export function quantity(source: Source, g: (theta: Float64Array) => number): Quantity {
  return { estimate: g(source.theta), interval: around(source, g, (value) => value) };
}

/** The quantity exp(g(θ̂)), for what is positive: the interval is symmetric in its logarithm. */
export function positiveQuantity(source: Source, logarithm: (theta: Float64Array) => number): Quantity {
  return { estimate: Math.exp(logarithm(source.theta)), interval: around(source, logarithm, Math.exp) };
}

function around(source: Source, g: (theta: Float64Array) => number, scale: (value: number) => number): Interval | null {
  const { level, draws, theta, noise } = source;
  if (draws !== null) {
    const values = draws.map(g).filter(Number.isFinite);
    const bounds = percentileBounds(values, expandedLevel(level, noise.degreesOfFreedom));
    return bounds === null
      ? null
      : { level, lower: scale(bounds.lower), upper: scale(bounds.upper), method: "bootstrap-percentile" };
  }
  const half = halfWidthOf(source, g);
  const estimate = g(theta);
  return half === null
    ? null
    : { level, lower: scale(estimate - half), upper: scale(estimate + half), method: "delta" };
}
