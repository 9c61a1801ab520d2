// How sure the free parameters of a fit are under noise of one size, from the curvature: the delta method.

import { at } from "../law/law.js";
import type { Linearized } from "./linearize.js";
import type { Solved } from "./solve/solve.js";
import { dot, equalCovariance } from "./variance/linearization.js";

/** Under noise of one size, each point's own. */
export interface Uncertainty {
  /** Rows by free parameter; null where not defined. A parameter on a bound has no row of its own (NaN). */
  readonly covariance: readonly Float64Array[] | null;
  /** Rise of the objective that one squared standard error makes. */
  readonly unitRise: number;
  readonly degreesOfFreedom: number;
}

/**
 * M-estimation covariance A·(JᵀJ)⁻¹ with A = [Σψ²/(n−p)]/[mean ψ′]² (Huber 1981, eq. 6.5); for squared loss this is
 * the usual s²(JᵀJ)⁻¹. The absolute loss takes mean ψ′ = 2f(0) from the residuals within a normal-reference bandwidth.
 */
export function uncertainty({ problem, solution }: Solved, { fit, basis, gradient }: Linearized): Uncertainty {
  const degreesOfFreedom = problem.points - problem.names.length;
  const slope = at(fit.slope, 0);
  if (degreesOfFreedom < 1 || !(slope > 0)) return { covariance: null, unitRise: 0, degreesOfFreedom };
  const level = dot(fit.score, fit.score) / degreesOfFreedom;
  const { weight, curvature } = problem.loss;
  const unit = curvature(0) === 0 ? 1 : weight(0);
  if (basis === null) return { covariance: null, unitRise: (unit * level) / slope / 2, degreesOfFreedom };
  const p = problem.names.length;
  const units = problem.names.map((_, k) =>
    gradient([Float64Array.from({ length: p }, (_unit, m) => Number(m === k))]),
  );
  const equal = equalCovariance(basis, units);
  // On a bound a parameter takes up no point, but is still one of those that were fitted.
  const factor = basis.degreesOfFreedom / degreesOfFreedom;
  const held = (k: number) => solution.held.includes(k);
  const covariance = problem.names.map((_, k) =>
    Float64Array.from({ length: p }, (_entry, m) => (held(k) || held(m) ? Number.NaN : at(equal, k * p + m) * factor)),
  );
  return { covariance, unitRise: (unit * level) / slope / 2, degreesOfFreedom };
}
