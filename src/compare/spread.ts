// First-order quantities of the free fits: curvature over (E, a, c), residuals, and the leverage of each point.
import { predict, residuals } from "./joint.js";
import { type JointModel, WIDTH } from "./ladder.js";
import type { FreeFits } from "./ladders.js";

export type Matrix = readonly (readonly number[])[];

export interface Spread {
  /** Weighted SSE over degrees of freedom; null without any. */
  readonly variance: number | null;
  readonly degreesOfFreedom: number;
  /** (JᵀWJ)⁻¹ over (E, a, c); null where singular. */
  readonly inverse: Matrix | null;
  /** Rows of J, one a point. */
  readonly jacobian: Matrix;
  readonly leverage: Float64Array;
  readonly residual: Float64Array;
}

/** ∂ of the predicted loss (linear space) or its logarithm with respect to E, a, c. */
export function gradientAt(theta: Float64Array, offset: number, u: number, space: "log" | "linear"): number[] {
  const predicted = predict(theta, offset, u);
  const power = predicted - (theta[offset] ?? 0);
  const slope = space === "log" ? 1 / predicted : 1;
  return [slope, slope * power, -slope * power * u];
}

export function spreads(free: FreeFits): readonly Spread[] {
  const model: JointModel = { space: free.space, limit: "free", exponent: "free", huber: null };
  const errors = residuals(free.ladders, model, free.theta);
  return free.ladders.map((ladder, l) => {
    const residual = errors[l] ?? new Float64Array();
    const jacobian = Array.from(ladder.u, (u) => gradientAt(free.theta, l * WIDTH, u, free.space));
    const gram = [0, 1, 2].map((p) =>
      [0, 1, 2].map((q) =>
        jacobian.reduce((sum, row, i) => sum + (ladder.weight[i] ?? 0) * (row[p] ?? 0) * (row[q] ?? 0), 0),
      ),
    );
    const inverse = invert(gram);
    const degreesOfFreedom = ladder.u.length - WIDTH;
    const sum = residual.reduce((s, r, i) => s + (ladder.weight[i] ?? 0) * r * r, 0);
    return {
      variance: degreesOfFreedom > 0 ? sum / degreesOfFreedom : null,
      degreesOfFreedom,
      inverse,
      jacobian,
      residual,
      leverage: Float64Array.from(jacobian, (row, i) =>
        inverse === null ? 0 : (ladder.weight[i] ?? 0) * bilinear(row, inverse, row),
      ),
    };
  });
}

/** gᵀ·M·h. */
export function bilinear(g: readonly number[], matrix: Matrix, h: readonly number[]): number {
  return matrix.reduce((sum, row, p) => sum + (g[p] ?? 0) * row.reduce((s, value, q) => s + value * (h[q] ?? 0), 0), 0);
}

/** Inverse of a symmetric positive definite 3 × 3 matrix by cofactors of its scaled form; null where it is singular. */
function invert(matrix: Matrix): Matrix | null {
  const scale = matrix.map((row, p) => Math.sqrt(row[p] ?? 0));
  if (scale.some((s) => !(s > 0))) return null;
  const m = (p: number, q: number) => (matrix[p % 3]?.[q % 3] ?? 0) / ((scale[p % 3] ?? 1) * (scale[q % 3] ?? 1));
  const cofactor = (p: number, q: number) => m(p + 1, q + 1) * m(p + 2, q + 2) - m(p + 1, q + 2) * m(p + 2, q + 1);
  const determinant = m(0, 0) * cofactor(0, 0) + m(0, 1) * cofactor(0, 1) + m(0, 2) * cofactor(0, 2);
  if (!(determinant > 1e-13)) return null;
  return [0, 1, 2].map((p) => [0, 1, 2].map((q) => cofactor(q, p) / (determinant * (scale[p] ?? 1) * (scale[q] ?? 1))));
}
