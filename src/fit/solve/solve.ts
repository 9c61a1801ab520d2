// From a problem to its minimum with a status: starts → descents → polish. Pipeline for laws with several parameters
// they are not linear in: ml-levenberg-marquardt from the best starts, our own descent from what it reaches, then Newton.
import { FitError } from "../../base/errors.js";
import { factorQr, inverseGram } from "../../base/linear-algebra.js";
import { at } from "../../law/law.js";
import { powerLawWithLimit } from "../../law/power-law.js";
import { type LossShape, lossShape, smoothedAbsolute } from "../problem/loss.js";
import { cost, type Problem } from "../problem/problem.js";
import type { FitOptions, FitStatus } from "../record.js";
import { type Descent, descend } from "./descend.js";
import { type Polished, polish } from "./newton.js";
import { packageDescent } from "./package-descent.js";
import { powerLawWithLimitSolver } from "./power-law-solver.js";
import { projectLinear, rankedStarts } from "./starts.js";

export interface Solution {
  readonly free: Float64Array;
  /** Objective in the problem's own unit. */
  readonly cost: number;
  readonly status: FitStatus;
  readonly statusMessage: string;
  readonly startSpread: number | null;
  /** How many converged starts reached the best objective, of how many; null for a single start. */
  readonly agreement: { readonly best: number; readonly converged: number } | null;
  /** Free parameters on a bound. */
  readonly held: readonly number[];
}

const DESCENTS = 8;
const ITERATIONS = 300;
/** Scaled variance inflation above which the data do not tell the parameters apart in double precision. */
const ILL_CONDITIONED = 1e8;

/** The global minimum as far as the starts reach. Throws FitError where no start has a finite value. */
export function solve(problem: Problem, options: FitOptions): Solution {
  const shape = options.loss.kind === "absolute" ? smoothedAbsolute(residualSize(problem)) : problem.loss;
  const starts = options.start === null ? searchStarts(problem, options) : givenStarts(problem, options.start);
  const ends = descents(problem, starts, shape);
  // A given start that leads nowhere is no reason to end nowhere.
  if (options.start !== null && (ends[0] === undefined || !isOptimum(problem, ends[0], shape))) {
    ends.push(...descents(problem, searchStarts(problem, options), shape));
  }
  ends.sort((a, b) => a.cost - b.cost);
  const first = goneOn(problem, ends[0], shape);
  if (first === undefined) {
    throw new FitError(
      `fit: ${problem.law.name} must have a finite${problem.space === "log" ? ", positive" : ""} value at some start, got none; give starts, bounds or --space linear`,
    );
  }
  const settled = ends.filter((end) => end.settled);
  const worst = settled.at(-1)?.cost ?? first.cost;
  const single = ends.length < 2;
  const polished =
    options.loss.kind === "absolute" ? polishAbsolute(problem, first.free) : polish(problem, first.free, shape);
  return {
    free: polished.free,
    cost: polished.cost,
    ...judge(problem, first, polished, options.loss.kind === "absolute" ? null : shape),
    startSpread: single ? null : first.cost > 0 ? (worst - first.cost) / first.cost : 0,
    agreement: single
      ? null
      : { best: settled.filter((end) => end.cost <= first.cost * (1 + 1e-6)).length, converged: settled.length },
    held: polished.held,
  };
}

function descents(problem: Problem, starts: readonly Float64Array[], shape: LossShape): Descent[] {
  const ends = starts.flatMap((start) => {
    const end = descend(problem, start, shape, { iterations: ITERATIONS, tolerance: 1e-13 });
    return end === null ? [] : [end];
  });
  return ends.sort((a, b) => a.cost - b.cost);
}

/** The best descent, taken further where its iterations ran out: down a long narrow valley, and for this one alone. */
function goneOn(problem: Problem, best: Descent | undefined, shape: LossShape): Descent | undefined {
  if (best === undefined || best.settled) return best;
  const end = descend(problem, best.free, shape, { iterations: 10 * ITERATIONS, tolerance: 1e-13 });
  return end === null ? best : { ...end, iterations: best.iterations + end.iterations };
}

function isOptimum(problem: Problem, end: Descent, shape: LossShape): boolean {
  const polished = polish(problem, end.free, shape);
  const flat = polished.remaining < 1e-9 || polished.cost <= rounding(problem);
  return polished.curved && flat && varianceInflation(problem, polished) < ILL_CONDITIONED;
}

/**
 * The best starts by variable projection; where more than one parameter is nonlinear, what the package makes of them.
 * The default law starts from its own solver, which scans every exponent.
 */
function searchStarts(problem: Problem, options: FitOptions): Float64Array[] {
  if (isPlainPowerLawWithLimit(problem, options)) {
    const out = new Float64Array(4);
    const omega = problem.weights.map((weight) => weight * weight);
    powerLawWithLimitSolver(problem.x[0] ?? out, problem.space)(problem.observed, omega, out);
    if (out.every(Number.isFinite)) return [out.slice(0, 3)];
  }
  const ranked = rankedStarts(problem).slice(0, DESCENTS);
  const nonlinear = problem.linear.filter((isLinear) => !isLinear).length;
  if (nonlinear < 2) return ranked.slice(0, 2).map((start) => start.free);
  return ranked.map(({ free }) => packageDescent(problem, free) ?? free);
}

function isPlainPowerLawWithLimit(problem: Problem, options: FitOptions): boolean {
  return (
    problem.law === powerLawWithLimit &&
    problem.names.length === 3 &&
    options.loss.kind === "squared" &&
    Object.keys(options.bounds).length === 0 &&
    problem.observed.every((loss) => loss > 0) &&
    (problem.x[0]?.every((tokens) => tokens > 0) ?? false)
  );
}

/** The start as given, and the same with its linear parameters projected. */
function givenStarts(problem: Problem, start: Readonly<Record<string, number>>): Float64Array[] {
  const given = Float64Array.from(problem.names, (name, k) => start[name] ?? (problem.linear[k] ? 0 : 1));
  const projected = Float64Array.from(given);
  projectLinear(problem, projected);
  const refined = packageDescent(problem, given);
  return refined === null ? [given, projected] : [given, projected, refined];
}

function residualSize(problem: Problem): number {
  const scratch = new Float64Array(problem.points);
  const best = rankedStarts(problem)[0];
  if (best === undefined || !problem.residuals(best.free, scratch)) return 1;
  const sizes = scratch.map(Math.abs).sort();
  return Math.max(at(sizes, sizes.length >> 1), 1e-12);
}

/**
 * The absolute loss through smoothed ones of shrinking width (Madsen & Nielsen 1993 for the linear case): each polished
 * from the one before. At its minimum as many residuals as parameters are zero, which the last widths single out.
 */
function polishAbsolute(problem: Problem, start: Float64Array): Polished {
  const scratch = new Float64Array(problem.points);
  const exact = lossShape({ kind: "absolute" });
  let free = start;
  let last: Polished | null = null;
  for (let width = residualSize(problem), round = 0; round < 14; width /= 5, round++) {
    const shape = smoothedAbsolute(width);
    const end = descend(problem, free, shape, { iterations: ITERATIONS, tolerance: 1e-14 });
    last = polish(problem, end?.free ?? free, shape);
    free = last.free;
  }
  return { ...(last ?? polish(problem, free, problem.loss)), free, cost: cost(problem, free, scratch, exact) };
}

/** A cost that rounding of the losses alone would leave. */
function rounding(problem: Problem): number {
  return problem.points * 1e-26;
}

function judge(
  problem: Problem,
  descent: Descent,
  polished: Polished,
  shape: LossShape | null,
): Pick<Solution, "status" | "statusMessage"> {
  const stationary =
    polished.curved &&
    (polished.remaining < 1e-10 || polished.cost <= rounding(problem) || (shape === null && descent.settled));
  const inflation = varianceInflation(problem, polished);
  if (!(inflation < ILL_CONDITIONED) || !polished.curved) {
    return {
      status: "ill-conditioned",
      statusMessage: `the data do not determine all of ${problem.names.join(", ")}: fix or tie one, add points over a wider range, or take a simpler law`,
    };
  }
  if (!stationary) {
    return {
      status: "iteration-limit",
      statusMessage: `stopped after ${descent.iterations} iterations with ${polished.remaining.toExponential(1)} of the objective still to gain: give starts or bounds nearer the answer`,
    };
  }
  if (polished.held.length > 0) {
    const names = polished.held.map((k) => problem.names[k]).join(", ");
    return {
      status: "at-bound",
      statusMessage: `${names} ended on a bound: the data ask for a value outside; widen the bound, fix the parameter, or take a law without it`,
    };
  }
  return {
    status: "converged",
    statusMessage: `projected gradient, Newton step (${polished.remaining.toExponential(1)} of the objective left) and curvature were checked`,
  };
}

/** Root of the largest diagonal of the inverse of JᵀJ with unit columns, over parameters off their bounds. */
function varianceInflation(problem: Problem, polished: Polished): number {
  const n = problem.points;
  const inside = problem.names.map((_, k) => k).filter((k) => !polished.held.includes(k));
  const jacobian = new Float64Array(n * problem.names.length);
  const residuals = new Float64Array(n);
  if (inside.length > n || !problem.jacobian(polished.free, residuals, jacobian)) return Number.POSITIVE_INFINITY;
  const matrix = new Float64Array(n * inside.length);
  inside.forEach((k, j) => {
    const column = jacobian.subarray(k * n, (k + 1) * n);
    const largest = column.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1;
    const norm = largest * Math.sqrt(column.reduce((sum, v) => sum + (v / largest) ** 2, 0));
    matrix.set(
      column.map((v) => v / (norm || 1)),
      j * n,
    );
  });
  factorQr(matrix, n, inside.length, residuals);
  const inverse = inverseGram(matrix, n, inside.length);
  if (inverse === null) return Number.POSITIVE_INFINITY;
  return Math.sqrt(inverse.reduce((m, row, j) => Math.max(m, at(row, j)), 0));
}
