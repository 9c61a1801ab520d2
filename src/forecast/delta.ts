// Quantities computed from a fit's parameters, with intervals by the delta method: what every derived number here uses.
import { studentTwoSided } from "../base/distributions.js";
import { covarianceOf } from "../fit/predict.js";
import type { Fit, Interval } from "../fit/record.js";
import { at, type Law } from "../law/law.js";
import type { Quantity } from "./allocation.js";

/** A fit's parameters in the law's order, with their covariance: what quantities are propagated from. */
export interface Source {
  readonly theta: Float64Array;
  /** Rows by parameter, 0 for held ones; null where not defined. */
  readonly covariance: readonly Float64Array[] | null;
  readonly degreesOfFreedom: number;
  readonly level: number;
}

export function sourceOf(law: Law, fit: Fit, level: number): Source {
  return {
    theta: Float64Array.from(law.parameters, ({ name }) => fit.parameters[name]?.estimate ?? Number.NaN),
    covariance: covarianceOf(law, fit),
    degreesOfFreedom: fit.degreesOfFreedom,
    level,
  };
}

/**
 * g(θ̂) with standard error √(∇gᵀ·C·∇g), the gradient by central differences over a hundredth of a standard error.
 * Null without a covariance or where g has no finite value beside the estimate.
 */
export function standardErrorOf(source: Source, g: (theta: Float64Array) => number): number | null {
  const { theta, covariance } = source;
  if (covariance === null) return null;
  const gradient = theta.map((value, k) => {
    const step = Math.sqrt(at(covariance[k] ?? [], k)) * 0.01;
    if (!(step > 0)) return 0;
    const moved = (by: number) => g(theta.map((other, j) => (j === k ? value + by : other)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
  const variance = covariance.reduce(
    (sum, row, j) => sum + at(gradient, j) * row.reduce((s, value, k) => s + value * at(gradient, k), 0),
    0,
  );
  return Number.isFinite(variance) ? Math.sqrt(Math.max(0, variance)) : null;
}

/** The quantity g(θ̂) with its t interval. */
export function quantity(source: Source, g: (theta: Float64Array) => number): Quantity {
  const estimate = g(source.theta);
  return { estimate, interval: around(source, estimate, standardErrorOf(source, g), (value) => value) };
}

/** The quantity exp(g(θ̂)), for what is positive: the interval is symmetric in its logarithm. */
export function positiveQuantity(source: Source, logarithm: (theta: Float64Array) => number): Quantity {
  const estimate = logarithm(source.theta);
  const interval = around(source, estimate, standardErrorOf(source, logarithm), Math.exp);
  return { estimate: Math.exp(estimate), interval };
}

function around(
  { level, degreesOfFreedom }: Source,
  estimate: number,
  standardError: number | null,
  scale: (value: number) => number,
): Interval | null {
  if (standardError === null || degreesOfFreedom < 1) return null;
  const half = studentTwoSided(level, degreesOfFreedom) * standardError;
  return { level, lower: scale(estimate - half), upper: scale(estimate + half), method: "delta" };
}
