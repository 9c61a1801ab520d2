// The last step of a fit: Newton's method on the objective itself, to machine precision. Gauss–Newton forgets the law's
// own curvature and crawls where residuals are large or Huber's slope is constant; this does not.
import { solvePositiveDefinite } from "../../base/linear-algebra.js";
import { at } from "../../law/law.js";
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
  const { lower, upper } = problem;
  const { residuals, jacobian } = problem.workspace;
  const free = Float64Array.from(start);
  let best = cost(problem, free, residuals, shape);
  let remaining = 0;
  let previous = Number.POSITIVE_INFINITY;
  let curved = true;
  let held: number[] = [];
  let model: Model | null = null;
  for (let iteration = 0; iteration <= steps; iteration++) {
    const gradient = gradientAt(problem, free, shape, residuals, jacobian);
    if (gradient === null) return { free, cost: best, remaining: Number.POSITIVE_INFINITY, curved: false, held };
    held = problem.names
      .map((_, k) => k)
      .filter((k) => {
        return at(gradient, k) >= 0 ? at(free, k) <= at(lower, k) : at(free, k) >= at(upper, k);
      });
    const inside = problem.names.map((_, k) => k).filter((k) => !held.includes(k));
    if (inside.length === 0) return { free, cost: best, remaining: 0, curved: true, held };
    // So near the end, what the curvature changes by is nothing beside what a step takes off.
    const fresh = !(remaining < NEAR && model !== null && model.inside.join() === inside.join());
    if (fresh || model === null) {
      const widths = naturalWidths(problem, residuals, jacobian, shape, best);
      model = { inside, widths, hessian: hessianAt(problem, free, shape, inside, widths, residuals, jacobian) };
    }
    const { widths, hessian } = model;
    // Scaled by the natural widths, so that a coefficient of 1e8 and an exponent of 0.1 weigh alike.
    const right = Float64Array.from(inside, (k) => -at(gradient, k) * at(widths, k));
    const step = hessian === null ? null : solvePositiveDefinite(hessian, right);
    curved = step !== null;
    if (step === null) break;
    remaining = best > 0 ? Math.abs(step.reduce((sum, s, j) => sum + s * at(right, j), 0)) / 2 / best : 0;
    if (iteration === steps || remaining < 1e-27) break;
    // Near the optimum the cost is lost in the rounding of the residuals while the gradient is not: go by the step.
    if (remaining < NEAR && !(remaining < previous / 2)) {
      if (fresh) break;
      model = null;
      continue;
    }
    const trial = Float64Array.from(free);
    inside.forEach((k, j) => {
      trial[k] = Math.min(Math.max(at(free, k) + at(step, j) * at(widths, k), at(lower, k)), at(upper, k));
    });
    const next = cost(problem, trial, residuals, shape);
    if (remaining >= NEAR && !(next < best)) break;
    previous = remaining;
    const moved = inside.some((k) => Math.abs(at(trial, k) - at(free, k)) > 4e-16 * Math.abs(at(free, k)));
    free.set(trial);
    best = next;
    if (!moved) break;
  }
  return { free, cost: cost(problem, free, residuals, shape), remaining, curved, held };
}

/** Part of the cost that a step promises, below which it is near the end. */
const NEAR = 1e-9;

/** The objective to second order over the parameters that no bound holds, in units of `widths`. */
interface Model {
  readonly inside: readonly number[];
  readonly widths: Float64Array;
  readonly hessian: Float64Array | null;
}

/** Σ over points of value(i, J entry) for each free parameter, J as the problem lays it out. */
function overColumns(
  { blocks, names }: Problem,
  jacobian: Float64Array,
  value: (i: number, entry: number) => number,
): Float64Array {
  const sums = new Float64Array(names.length);
  let offset = 0;
  for (const { from, to, columns } of blocks) {
    for (const k of columns) {
      let sum = 0;
      for (let i = from; i < to; i++) sum += value(i, jacobian[offset++] ?? Number.NaN);
      sums[k] = (sums[k] ?? Number.NaN) + sum;
    }
  }
  return sums;
}

/** Change of each parameter that moves the residuals by their own size: the unit to difference and to scale by. */
function naturalWidths(
  problem: Problem,
  residuals: Float64Array,
  jacobian: Float64Array,
  shape: LossShape,
  best: number,
): Float64Array {
  const size = Math.sqrt(Math.max(best, Number.MIN_VALUE));
  const weights = residuals.map(shape.weight);
  return overColumns(problem, jacobian, (i, entry) => (weights[i] ?? Number.NaN) * entry ** 2).map((square) =>
    square > 0 ? Math.max(size, 1e-9) / Math.sqrt(square) : 1,
  );
}

function gradientAt(
  problem: Problem,
  free: Float64Array,
  shape: LossShape,
  residuals: Float64Array,
  jacobian: Float64Array,
): Float64Array | null {
  if (!problem.jacobian(free, residuals, jacobian)) return null;
  const slopes = residuals.map((r) => shape.weight(r) * r);
  return overColumns(problem, jacobian, (i, entry) => -(slopes[i] ?? Number.NaN) * entry);
}

/**
 * Hessian at `free`, whose residuals and Jacobian are given, in units of `widths`: Jᵀρ″J exactly, plus the law's own
 * curvature by central differences of its gradient, group by group.
 */
function hessianAt(
  problem: Problem,
  free: Float64Array,
  shape: LossShape,
  inside: readonly number[],
  widths: Float64Array,
  residuals: Float64Array,
  jacobian: Float64Array,
): Float64Array | null {
  const slopes = residuals.map((r) => shape.weight(r) * r);
  const bends = residuals.map(shape.curvature);
  const { trialResiduals: other, trialJacobian: above } = problem.workspace;
  const below = new Float64Array(jacobian.length);
  const size = inside.length;
  const hessian = new Float64Array(size * size);
  const moved = Float64Array.from(free);
  let offset = 0;
  for (const [b, { from, to, columns }] of problem.blocks.entries()) {
    const n = to - from;
    for (const [j, k] of columns.entries()) {
      const a = inside.indexOf(k);
      if (a < 0) continue;
      const [value, width] = [free[k] ?? Number.NaN, widths[k] ?? Number.NaN];
      const h = Math.min(6e-6 * Math.max(Math.abs(value), width), width * 1e3 + 1e-300);
      const [up, down] = [value + h, value - h];
      moved[k] = up;
      const usable = problem.blockJacobian(b, moved, other, above);
      moved[k] = down;
      if (!usable || !problem.blockJacobian(b, moved, other, below)) return null;
      moved[k] = value;
      for (const [l, m] of columns.entries()) {
        const place = inside.indexOf(m);
        if (place < 0) continue;
        let sum = 0;
        for (let i = 0; i < n; i++) {
          const cell = offset + l * n + i;
          const second = ((above[cell] ?? Number.NaN) - (below[cell] ?? Number.NaN)) / (up - down);
          const product = (jacobian[offset + j * n + i] ?? Number.NaN) * (jacobian[cell] ?? Number.NaN);
          sum += (bends[from + i] ?? Number.NaN) * product - (slopes[from + i] ?? Number.NaN) * second;
        }
        const to = a * size + place;
        hessian[to] = (hessian[to] ?? Number.NaN) + sum * width * (widths[m] ?? Number.NaN);
      }
    }
    offset += n * columns.length;
  }
  for (let a = 0; a < size; a++) {
    for (let b = 0; b < a; b++) {
      const mean = ((hessian[a * size + b] ?? Number.NaN) + (hessian[b * size + a] ?? Number.NaN)) / 2;
      hessian[a * size + b] = mean;
      hessian[b * size + a] = mean;
    }
  }
  return hessian;
}
