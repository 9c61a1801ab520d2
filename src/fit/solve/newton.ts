// The last step of a fit: Newton's method on the objective itself, to machine precision. Gauss–Newton forgets the law's
// own curvature and crawls where residuals are large or Huber's slope is constant; this does not.
import { solvePositiveDefinite } from "../../base/linear-algebra.js";
import type { LossShape } from "../problem/loss.js";
import { cost, type Problem } from "../problem/problem.js";

export interface Polished {
  readonly free: Float64Array;
  readonly cost: number;
  /** What one more Newton step would still take off, relative to the cost. */
  readonly remaining: number;
  /** True where the Hessian over the parameters that no bound holds is positive definite. */
  readonly curved: boolean;
  /** Indices of the free parameters that lie on a bound with the descent pointing outwards. */
  readonly held: readonly number[];
}

/** Newton from a point near the optimum; returns at least as low a cost. */
export function polish(problem: Problem, start: Float64Array, shape: LossShape, steps = 30): Polished {
  const { points: n, lower, upper } = problem;
  const p = problem.names.length;
  const residuals = new Float64Array(n);
  const jacobian = new Float64Array(n * p);
  const free = Float64Array.from(start);
  let best = cost(problem, free, residuals, shape);
  let remaining = 0;
  let previous = Number.POSITIVE_INFINITY;
  let curved = true;
  let held: number[] = [];
  for (let iteration = 0; iteration <= steps; iteration++) {
    const gradient = gradientAt(problem, free, shape, residuals, jacobian);
    if (gradient === null) return { free, cost: best, remaining: Number.POSITIVE_INFINITY, curved: false, held };
    const widths = naturalWidths(problem, residuals, jacobian, shape, best);
    held = problem.names
      .map((_, k) => k)
      .filter((k) => ((gradient[k] ?? 0) >= 0 ? (free[k] ?? 0) <= (lower[k] ?? 0) : (free[k] ?? 0) >= (upper[k] ?? 0)));
    const inside = problem.names.map((_, k) => k).filter((k) => !held.includes(k));
    if (inside.length === 0) return { free, cost: best, remaining: 0, curved: true, held };
    const hessian = hessianAt(problem, free, shape, inside, widths, residuals, jacobian);
    // Scaled by the natural widths, so that a coefficient of 1e8 and an exponent of 0.1 weigh alike.
    const right = Float64Array.from(inside, (k) => -(gradient[k] ?? 0) * (widths[k] ?? 0));
    const step = hessian === null ? null : solvePositiveDefinite(hessian, right);
    curved = step !== null;
    if (step === null) break;
    remaining = best > 0 ? Math.abs(step.reduce((sum, s, j) => sum + s * (right[j] ?? 0), 0)) / 2 / best : 0;
    if (iteration === steps || remaining < 1e-27) break;
    const trial = Float64Array.from(free);
    inside.forEach((k, j) => {
      trial[k] = Math.min(Math.max((free[k] ?? 0) + (step[j] ?? 0) * (widths[k] ?? 0), lower[k] ?? 0), upper[k] ?? 0);
    });
    const next = cost(problem, trial, residuals, shape);
    // Near the optimum the cost is lost in the rounding of the residuals while the gradient is not: go by the step.
    const near = remaining < 1e-9;
    if (near ? !(remaining < previous / 2) : !(next < best)) break;
    previous = remaining;
    const moved = inside.some((k) => Math.abs((trial[k] ?? 0) - (free[k] ?? 0)) > 4e-16 * Math.abs(free[k] ?? 0));
    free.set(trial);
    best = next;
    if (!moved) break;
  }
  return { free, cost: cost(problem, free, residuals, shape), remaining, curved, held };
}

/** Change of each parameter that moves the residuals by their own size: the unit to difference and to scale by. */
function naturalWidths(
  problem: Problem,
  residuals: Float64Array,
  jacobian: Float64Array,
  shape: LossShape,
  best: number,
): Float64Array {
  const n = problem.points;
  const size = Math.sqrt(Math.max(best, Number.MIN_VALUE));
  return Float64Array.from(problem.names, (_, k) => {
    let square = 0;
    for (let i = 0; i < n; i++) square += shape.weight(residuals[i] ?? 0) * (jacobian[k * n + i] ?? 0) ** 2;
    return square > 0 ? Math.max(size, 1e-9) / Math.sqrt(square) : 1;
  });
}

function gradientAt(
  problem: Problem,
  free: Float64Array,
  shape: LossShape,
  residuals: Float64Array,
  jacobian: Float64Array,
): Float64Array | null {
  if (!problem.jacobian(free, residuals, jacobian)) return null;
  const n = problem.points;
  return Float64Array.from(problem.names, (_, k) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const r = residuals[i] ?? 0;
      sum -= shape.weight(r) * r * (jacobian[k * n + i] ?? 0);
    }
    return sum;
  });
}

/**
 * Hessian at `free`, whose residuals and Jacobian are given, in units of `widths`: Jᵀρ″J exactly, plus the law's own
 * curvature by central differences of its gradient.
 */
function hessianAt(
  problem: Problem,
  free: Float64Array,
  shape: LossShape,
  inside: readonly number[],
  widths: Float64Array,
  residuals: Float64Array,
  jacobian: Float64Array,
): Float64Array[] | null {
  const n = problem.points;
  const p = problem.names.length;
  const slopes = Float64Array.from(residuals, (r) => shape.weight(r) * r);
  const bends = Float64Array.from(residuals, (r) => shape.curvature(r));
  const other = new Float64Array(n);
  const above = new Float64Array(n * p);
  const below = new Float64Array(n * p);
  const rows = inside.map(() => new Float64Array(inside.length));
  for (const [a, k] of inside.entries()) {
    const h = Math.min(6e-6 * Math.max(Math.abs(free[k] ?? 0), widths[k] ?? 0), (widths[k] ?? 0) * 1e3 + 1e-300);
    const up = Float64Array.from(free);
    const down = Float64Array.from(free);
    up[k] = (free[k] ?? 0) + h;
    down[k] = (free[k] ?? 0) - h;
    if (!problem.jacobian(up, other, above) || !problem.jacobian(down, other, below)) return null;
    const width = (up[k] ?? 0) - (down[k] ?? 0);
    for (const [b, m] of inside.entries()) {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const second = ((above[m * n + i] ?? 0) - (below[m * n + i] ?? 0)) / width;
        sum += (bends[i] ?? 0) * (jacobian[k * n + i] ?? 0) * (jacobian[m * n + i] ?? 0) - (slopes[i] ?? 0) * second;
      }
      const row = rows[a];
      if (row !== undefined) row[b] = sum * (widths[k] ?? 0) * (widths[m] ?? 0);
    }
  }
  for (const [a, row] of rows.entries()) {
    for (let b = 0; b < a; b++) {
      const mean = ((row[b] ?? 0) + (rows[b]?.[a] ?? 0)) / 2;
      row[b] = mean;
      const twin = rows[b];
      if (twin !== undefined) twin[a] = mean;
    }
  }
  return rows;
}
