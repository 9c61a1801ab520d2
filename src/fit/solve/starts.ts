// Where descents begin: the law's own starts for what it is not linear in, the rest by bounded linear least squares
// (variable projection, Golub & Pereyra 1973), ranked by the objective there. Deterministic, and no start is needed.
import { factorQr, solveUpper } from "../../base/linear-algebra.js";
import { cost, type Problem } from "../problem/problem.js";

export interface Start {
  readonly free: Float64Array;
  readonly cost: number;
}

/** Every usable start, best first; those of equal cost in the law's order. */
export function rankedStarts(problem: Problem): readonly Start[] {
  const { law } = problem;
  const nonlinear = law.parameters.map((_, i) => i).filter((i) => law.parameters[i]?.linear !== true);
  const scratch = new Float64Array(problem.points);
  const seen = new Set<string>();
  const starts: Start[] = [];
  for (const values of law.starts(problem.x, problem.observed)) {
    const theta = new Map(nonlinear.map((i, position) => [i, values[position] ?? 0]));
    const free = Float64Array.from(problem.members, (indices, k) => {
      const value = indices.map((i) => theta.get(i)).find((v) => v !== undefined) ?? 0;
      return Math.min(Math.max(value, problem.lower[k] ?? 0), problem.upper[k] ?? 0);
    });
    const key = problem.names.map((_, k) => (problem.linear[k] ? "" : (free[k] ?? 0))).join(" ");
    if (seen.has(key)) continue;
    seen.add(key);
    projectLinear(problem, free);
    const value = cost(problem, free, scratch);
    if (Number.isFinite(value)) starts.push({ free, cost: value });
  }
  return starts.sort((a, b) => a.cost - b.cost);
}

/**
 * Sets the linear parameters of `free` to their least-squares values given the others, in place; one that leaves its
 * bounds is set to the bound and the rest are solved again. Log residuals are weighted 1/loss, their first order.
 */
export function projectLinear(problem: Problem, free: Float64Array): void {
  const { points: n, law, x, observed } = problem;
  const linear = problem.names.map((_, k) => k).filter((k) => problem.linear[k]);
  if (linear.length === 0) return;
  for (const k of linear) free[k] = 0;
  const theta = Float64Array.from(problem.template);
  problem.members.forEach((indices, k) => {
    for (const i of indices) theta[i] = free[k] ?? 0;
  });
  const columns = linear.map(() => new Float64Array(n));
  const point = new Float64Array(x.length);
  const target = new Float64Array(n);
  const gradient = new Float64Array(law.parameters.length);
  for (let i = 0; i < n; i++) {
    const weight = (problem.weights[i] ?? 0) / (problem.space === "log" ? (observed[i] ?? 0) : problem.unit);
    for (let v = 0; v < x.length; v++) point[v] = x[v]?.[i] ?? Number.NaN;
    const offset = law.gradient(theta, point, gradient);
    target[i] = ((observed[i] ?? 0) - offset) * weight;
    linear.forEach((k, j) => {
      const column = columns[j];
      const slope = (problem.members[k] ?? []).reduce((sum, m) => sum + (gradient[m] ?? 0), 0);
      if (column !== undefined) column[i] = slope * weight;
    });
  }
  let unsolved = linear.map((_, j) => j);
  const held = new Map<number, number>();
  while (unsolved.length > 0 && unsolved.length <= n) {
    const matrix = new Float64Array(n * unsolved.length);
    const norms = unsolved.map((j) => Math.sqrt((columns[j] ?? target).reduce((sum, v) => sum + v * v, 0)) || 1);
    unsolved.forEach((j, position) => {
      matrix.set(
        (columns[j] ?? new Float64Array(n)).map((v) => v / (norms[position] ?? 1)),
        position * n,
      );
    });
    const right = Float64Array.from(target);
    for (const [j, value] of held)
      columns[j]?.forEach((entry, i) => {
        right[i] = (right[i] ?? 0) - value * entry;
      });
    factorQr(matrix, n, unsolved.length, right);
    const solution = new Float64Array(unsolved.length);
    if (!solveUpper(matrix, n, unsolved.length, right, solution)) return;
    let worst = -1;
    let excess = 0;
    unsolved.forEach((j, position) => {
      const k = linear[j] ?? 0;
      const value = (solution[position] ?? 0) / (norms[position] ?? 1);
      free[k] = value;
      const outside =
        Math.max((problem.lower[k] ?? 0) - value, value - (problem.upper[k] ?? 0)) * (norms[position] ?? 1);
      if (outside > excess) [worst, excess] = [j, outside];
    });
    if (worst < 0) return;
    const k = linear[worst] ?? 0;
    const bound = (free[k] ?? 0) < (problem.lower[k] ?? 0) ? (problem.lower[k] ?? 0) : (problem.upper[k] ?? 0);
    free[k] = bound;
    held.set(worst, bound);
    unsolved = unsolved.filter((j) => j !== worst);
  }
}
