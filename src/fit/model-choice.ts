// Which law: information criteria on a likelihood of the losses themselves.

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
