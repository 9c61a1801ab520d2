// The logarithm of a variance that is estimated with ν degrees of freedom, σ²·ν/χ²_ν seen from the data: its mean and
// spread, and the degrees of freedom that a given spread amounts to. What a mixture of t distributions is matched by.
import type { StandardError } from "./linearization.js";

/**
 * The t distribution whose log variance has the mean and spread of a mixture: of estimates with these variances, each with
 * `degreesOfFreedom`, of which one is right with the probability in `weights`.
 */
export function matchedError(
  variances: ArrayLike<number>,
  weights: ArrayLike<number>,
  degreesOfFreedom: number,
): StandardError {
  const logs = Float64Array.from(variances, Math.log);
  let centre = 0;
  for (let k = 0; k < logs.length; k++) centre += (weights[k] ?? Number.NaN) * (logs[k] ?? Number.NaN);
  let spread = 0;
  for (let k = 0; k < logs.length; k++) spread += (weights[k] ?? Number.NaN) * ((logs[k] ?? Number.NaN) - centre) ** 2;
  const matched = logVarianceDegrees(logVarianceSpread(degreesOfFreedom) + spread);
  const log = centre + logVarianceMean(degreesOfFreedom) - logVarianceMean(matched);
  return { value: Math.exp(log / 2), degreesOfFreedom: matched };
}

/** E log(ν/χ²_ν) = log(ν/2) − ψ(ν/2). */
export function logVarianceMean(degreesOfFreedom: number): number {
  return Math.log(degreesOfFreedom / 2) - digamma(degreesOfFreedom / 2);
}

/** Var log χ²_ν = ψ′(ν/2). */
export function logVarianceSpread(degreesOfFreedom: number): number {
  return trigamma(degreesOfFreedom / 2);
}

/** ν with that spread: Newton's method on the logarithms, from ψ′(x) ≈ 1/x + 1/2x². */
export function logVarianceDegrees(spread: number): number {
  let x = (1 + Math.sqrt(1 + 2 * spread)) / (2 * spread);
  for (let step = 0; step < 20; step++) {
    const found = trigamma(x);
    // d log ψ′/d log x, from the same two terms.
    const slope = -(1 + 1 / x) / (1 + 0.5 / x);
    const change = Math.log(spread / found) / slope;
    x *= Math.exp(change);
    if (Math.abs(change) < 1e-12) break;
  }
  return 2 * x;
}

/** Where the asymptotic series (Abramowitz & Stegun 6.3.18, 6.4.12) are good to 1e−13; below it by recurrence. */
const ASYMPTOTIC = 12;

function digamma(x: number): number {
  if (x < ASYMPTOTIC) return digamma(x + 1) - 1 / x;
  const s = 1 / (x * x);
  return Math.log(x) - 0.5 / x - s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s / 132))));
}

function trigamma(x: number): number {
  if (x < ASYMPTOTIC) return trigamma(x + 1) + 1 / (x * x);
  const s = 1 / (x * x);
  return (1 + 0.5 / x + s * (1 / 6 - s * (1 / 30 - s * (1 / 42 - s * (1 / 30 - (s * 5) / 66))))) / x;
}
