// From fits in memory to the linearization that variances are made of: rows, scores and slopes of all their points, one
// column for each free parameter that no bound holds.
import { at, mainVariable } from "../law/law.js";
import { bandwidth } from "./problem/loss.js";
import type { Problem } from "./problem/problem.js";
import { type Basis, type Linearization, membersOf, orthogonalise } from "./variance/linearization.js";

export interface Linearized {
  readonly fit: Linearization;
  /** Weighted, one a point. */
  readonly residuals: Float64Array;
  /** Null where the points do not determine the parameters. */
  readonly basis: Basis | null;
  /** The gradient over the columns from one over the free parameters of each fit; null for a fit that takes no part. */
  gradient(parts: readonly (ArrayLike<number> | null)[]): Float64Array;
}

/** A problem, where it is least, and the free parameters that a bound holds there. */
export interface Optimum {
  readonly problem: Problem;
  readonly solution: { readonly free: Float64Array; readonly held: readonly number[] };
}

/**
 * Several fits stand beside each other, each on columns of its own.
 * @param cluster of every point, in the order of the fits; null where none share an error
 */
export function linearize(fits: readonly Optimum[], cluster: Int32Array | null): Linearized {
  const inside = fits.map(({ problem, solution }) =>
    problem.names.map((_, k) => k).filter((k) => !solution.held.includes(k)),
  );
  const width = inside.reduce((sum, columns) => sum + columns.length, 0);
  const points = fits.reduce((sum, { problem }) => sum + problem.points, 0);
  const rows = new Float64Array(points * width);
  const column = () => new Float64Array(points);
  const [all, score, slope] = [column(), column(), column()];
  let [row, first] = [0, 0];
  fits.forEach(({ problem, solution }, f) => {
    const { residuals, jacobian } = problem.workspace;
    problem.jacobian(solution.free, residuals, jacobian);
    const own = inside[f] ?? [];
    let cell = 0;
    for (const { from, to, columns } of problem.blocks) {
      for (const k of columns) {
        const place = own.indexOf(k);
        for (let i = from; i < to; i++, cell++) {
          if (place >= 0) rows[(row + i) * width + first + place] = jacobian[cell] ?? Number.NaN;
        }
      }
    }
    const psi = scores(problem, residuals);
    all.set(residuals, row);
    score.set(psi.score, row);
    slope.set(psi.slope, row);
    row += problem.points;
    first += own.length;
  });
  const fit = {
    width,
    rows,
    score,
    slope,
    cluster,
    along: along(
      fits.map(({ problem }) => problem),
      points,
    ),
  };
  return {
    fit,
    residuals: all,
    basis: orthogonalise(fit),
    gradient: (parts) =>
      Float64Array.from(inside.flatMap((own, f) => own.map((k) => (parts[f] === null ? 0 : at(parts[f] ?? [], k))))),
  };
}

/** The same fit with points that share an error. */
export function clustered(linear: Linearized, cluster: Int32Array | null): Linearized {
  const { fit, basis } = linear;
  return {
    ...linear,
    fit: { ...fit, cluster },
    basis: basis && { ...basis, cluster, clusters: membersOf(cluster) },
  };
}

/** ψ and ψ′ of the weighted residuals, in units in which a small residual is its own score. */
function scores(
  problem: Problem,
  residuals: Float64Array,
): { readonly score: Float64Array; readonly slope: Float64Array } {
  const { weight, curvature } = problem.loss;
  // The absolute loss has no curvature where its residuals are; what stands for it is twice their density at 0.
  if (curvature(0) === 0) {
    const density = densityAtZero(residuals);
    return { score: residuals.map(Math.sign), slope: residuals.map(() => 2 * density) };
  }
  const unit = weight(0);
  // Their mean: where Huber's δ lies far below the residuals, the few within it would be all that tells the parameters.
  const slope = residuals.reduce((sum, r) => sum + curvature(r), 0) / residuals.length / unit;
  return {
    score: residuals.map((r) => (weight(r) * r) / unit),
    slope: residuals.map(() => slope),
  };
}

/** By counting within a normal-reference bandwidth. */
function densityAtZero(residuals: Float64Array): number {
  const band = bandwidth(residuals);
  return residuals.filter((r) => Math.abs(r) < band).length / (2 * band * residuals.length);
}

/** Log of the law's main variable; null where that is not above 0 everywhere. */
function along(problems: readonly Problem[], points: number): Float64Array | null {
  const logs = new Float64Array(points);
  let place = 0;
  for (const { law, x } of problems) {
    for (const value of x[mainVariable(law)] ?? []) {
      if (!(value > 0)) return null;
      logs[place++] = Math.log(value);
    }
  }
  return points > 0 ? logs : null;
}
