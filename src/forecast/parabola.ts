// The parabola in log N that IsoFLOP valleys are usually read by, its minimum with an exact interval (Fieller 1954).

import { studentTwoSided } from "../base/distributions.js";
import { factorQr, inverseGram, solveUpper } from "../base/linear-algebra.js";
import type { Interval } from "../fit/record.js";
import { at } from "../law/law.js";

/** y = a + b·u + c·u² by least squares, with (XᵀX)⁻¹ and the sum of squared residuals. */
export interface Parabola {
  readonly coefficients: readonly [number, number, number];
  readonly inverse: readonly Float64Array[];
  readonly squares: number;
}

/** Null with fewer than three different u. */
export function parabola(u: ArrayLike<number>, y: ArrayLike<number>): Parabola | null {
  const n = u.length;
  if (new Set(Array.from(u)).size < 3) return null;
  const matrix = new Float64Array(3 * n);
  for (let i = 0; i < n; i++) {
    matrix[i] = 1;
    matrix[n + i] = at(u, i);
    matrix[2 * n + i] = at(u, i) ** 2;
  }
  const right = Float64Array.from({ length: n }, (_, i) => at(y, i));
  factorQr(matrix, n, 3, right);
  const solution = new Float64Array(3);
  const inverse = inverseGram(matrix, n, 3);
  if (!solveUpper(matrix, n, 3, right, solution) || inverse === null) return null;
  const [a, b, c] = [at(solution, 0), at(solution, 1), at(solution, 2)];
  const squares = Array.from({ length: n }, (_, i) => at(y, i) - a - b * at(u, i) - c * at(u, i) ** 2).reduce(
    (sum, r) => sum + r * r,
    0,
  );
  return { coefficients: [a, b, c], inverse, squares };
}

/**
 * Where the parabola is lowest, u = −b/2c, and the u₀ for which the slope b + 2c·u₀ is no further from 0 than t standard
 * errors: the roots of (b + 2cu)² = t²·s²·(v_bb + 4u·v_bc + 4u²·v_cc). Open (null) on both sides where the bend itself may
 * be none. Null where the parabola bends down.
 */
export function lowest(
  { coefficients: [, b, c], inverse }: Parabola,
  variance: number,
  degreesOfFreedom: number,
  level: number,
): { readonly u: number; readonly interval: Interval | null } | null {
  if (!(c > 0)) return null;
  const u = -b / (2 * c);
  if (degreesOfFreedom < 1) return { u, interval: null };
  const t2 = studentTwoSided(level, degreesOfFreedom) ** 2 * variance;
  const entry = (i: number, j: number) => at(inverse[i] ?? [], j);
  const [p, q, r] = [4 * (c * c - t2 * entry(2, 2)), 4 * (b * c - t2 * entry(1, 2)), b * b - t2 * entry(1, 1)];
  const discriminant = q * q - 4 * p * r;
  if (!(p > 0) || !(discriminant >= 0)) {
    return { u, interval: { level, lower: null, upper: null, method: "fieller" } };
  }
  const root = Math.sqrt(discriminant);
  return { u, interval: { level, lower: (-q - root) / (2 * p), upper: (-q + root) / (2 * p), method: "fieller" } };
}
