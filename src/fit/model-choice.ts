// Which law: information criteria on a likelihood of the losses themselves, and the F test for nested laws.

import { fTail } from "../base/distributions.js";
import { at } from "../law/law.js";
import type { Problem } from "./problem/problem.js";
import type { Loss } from "./record.js";

/**
 * AICc (Hurvich & Tsai 1989) and BIC with the scale counted as a parameter. The likelihood is that of the losses, not of
 * their logarithms (the Jacobian is in), so fits in log and linear space compare. Normal errors for the squared loss,
 * Laplace for the absolute one; null for Huber's (no likelihood without its δ), an exact fit, or too few points.
 */
export function informationCriteria(
  problem: Problem,
  cost: number,
  loss: Loss,
): { readonly aicc: number | null; readonly bic: number | null } {
  const n = problem.points;
  const k = problem.names.length + 1;
  if (loss.kind === "huber" || !(cost > 0)) return { aicc: null, bic: null };
  let jacobian = 0;
  for (let i = 0; i < n; i++) {
    const scale = problem.space === "log" ? at(problem.observed, i) : problem.unit;
    jacobian += Math.log(scale) - Math.log(at(problem.weights, i));
  }
  const deviance =
    2 * jacobian +
    (loss.kind === "squared" ? n * (Math.log((2 * Math.PI * cost) / n) + 1) : 2 * n * (Math.log((2 * cost) / n) + 1));
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return {
    aicc: n - k - 1 > 0 ? finite(deviance + 2 * k + (2 * k * (k + 1)) / (n - k - 1)) : null,
    bic: finite(deviance + k * Math.log(n)),
  };
}

export interface NestedTest {
  readonly statistic: number;
  readonly numerator: number;
  readonly denominator: number;
  readonly p: number;
}

/**
 * F = [(S₀ − S₁)/(ν₀ − ν₁)]/(S₁/ν₁) for a law nested in another, both by squared residuals on the same points:
 * S the minimum of the objective, ν the degrees of freedom. Null when they are not nested that way.
 */
export function nestedTest(
  restricted: { readonly objective: number; readonly degreesOfFreedom: number },
  full: { readonly objective: number; readonly degreesOfFreedom: number },
): NestedTest | null {
  const numerator = restricted.degreesOfFreedom - full.degreesOfFreedom;
  const denominator = full.degreesOfFreedom;
  if (numerator < 1 || denominator < 1 || !(full.objective > 0)) return null;
  const gain = Math.max(0, restricted.objective - full.objective);
  const statistic = gain / numerator / (full.objective / denominator);
  return { statistic, numerator, denominator, p: fTail(statistic, numerator, denominator) };
}
