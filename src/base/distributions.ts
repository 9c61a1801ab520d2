// The reference distributions of tests and intervals, in the tail that is asked for (1 − cdf would lose small p-values).
import jStat from "jstat";

/** Student's t: the value that |t| exceeds with probability 1 − level. */
export function studentTwoSided(level: number, degreesOfFreedom: number): number {
  return jStat.studentt.inv((1 + level) / 2, degreesOfFreedom);
}

/** P(F > f) with (numerator, denominator) degrees of freedom. */
export function fTail(f: number, numerator: number, denominator: number): number {
  if (f <= 0) return 1;
  return jStat.ibeta(denominator / (denominator + numerator * f), denominator / 2, numerator / 2);
}

/** P(χ² > x). */
export function chiSquaredTail(x: number, degreesOfFreedom: number): number {
  return x <= 0 ? 1 : Math.max(0, 1 - jStat.chisquare.cdf(x, degreesOfFreedom));
}

/** P(Z ≤ z). */
export function normalBelow(z: number): number {
  return jStat.normal.cdf(z, 0, 1);
}

/** z with P(Z ≤ z) = p. */
export function normalQuantile(p: number): number {
  return jStat.normal.inv(p, 0, 1);
}
