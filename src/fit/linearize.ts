// From fits in memory to the linearization that variances are made of: rows, scores and slopes of all their points, one
// column for each free parameter that no bound holds.
import { mainVariable } from "../law/law.js";
import { bandwidth } from "./problem/loss.js";
import { denseJacobian, jacobianCells, type Problem } from "./problem/problem.js";
import type { Solved } from "./solve/solve.js";
import type { Linearization } from "./variance/linearization.js";

export interface Linearized {
  readonly fit: Linearization;
  /** The gradient over the columns from one over the free parameters of each fit; null for a fit that takes no part. */
  gradient(parts: readonly (ArrayLike<number> | null)[]): Float64Array;
}

/**
 * Several fits stand beside each other, each on columns of its own.
 * @param cluster of every point, in the order of the fits; null where none share an error
 */
export function linearize(fits: readonly Solved[], cluster: Int32Array | null): Linearized {
  const inside = fits.map(({ problem, solution }) =>
    problem.names.map((_, k) => k).filter((k) => !solution.held.includes(k)),
  );
  const width = inside.reduce((sum, columns) => sum + columns.length, 0);
  const rows: Float64Array[] = [];
  const score: number[] = [];
  const slope: number[] = [];
  let offset = 0;
  fits.forEach(({ problem, solution }, f) => {
    const n = problem.points;
    const residuals = new Float64Array(n);
    const jacobian = new Float64Array(jacobianCells(problem.blocks));
    problem.jacobian(solution.free, residuals, jacobian);
    const own = inside[f] ?? [];
    const dense = denseJacobian(problem, jacobian, own);
    for (let i = 0; i < n; i++) {
      const row = new Float64Array(width);
      for (let j = 0; j < own.length; j++) row[offset + j] = dense[j * n + i] ?? Number.NaN;
      rows.push(row);
    }
    const psi = scores(problem, residuals);
    score.push(...psi.score);
    slope.push(...psi.slope);
    offset += own.length;
  });
  return {
    fit: {
      rows,
      score: Float64Array.from(score),
      slope: Float64Array.from(slope),
      cluster,
      along: along(fits.map(({ problem }) => problem)),
    },
    gradient: (parts) => Float64Array.from(inside.flatMap((own, f) => own.map((k) => parts[f]?.[k] ?? 0))),
  };
}

/** ψ and ψ′ of the weighted residuals, in units in which a small residual is its own score. */
function scores(problem: Problem, residuals: Float64Array): { readonly score: number[]; readonly slope: number[] } {
  const { weight, curvature } = problem.loss;
  // The absolute loss has no curvature where its residuals are; what stands for it is twice their density at 0.
  if (curvature(0) === 0) {
    const density = densityAtZero(residuals);
    return { score: Array.from(residuals, Math.sign), slope: Array.from(residuals, () => 2 * density) };
  }
  const unit = weight(0);
  // Their mean: where Huber's δ lies far below the residuals, the few within it would be all that tells the parameters.
  const slope = residuals.reduce((sum, r) => sum + curvature(r), 0) / residuals.length / unit;
  return {
    score: Array.from(residuals, (r) => (weight(r) * r) / unit),
    slope: Array.from(residuals, () => slope),
  };
}

/** By counting within a normal-reference bandwidth. */
function densityAtZero(residuals: Float64Array): number {
  const band = bandwidth(residuals);
  return residuals.filter((r) => Math.abs(r) < band).length / (2 * band * residuals.length);
}

/** Log of the law's main variable; null where that is not above 0 everywhere. */
function along(problems: readonly Problem[]): Float64Array | null {
  const values = problems.flatMap(({ law, x }) => Array.from(x[mainVariable(law)] ?? []));
  return values.length > 0 && values.every((value) => value > 0) ? Float64Array.from(values, Math.log) : null;
}
