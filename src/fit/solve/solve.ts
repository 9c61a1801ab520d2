// From a problem to its minimum with a status: starts → descents → polish. Pipeline for laws with several parameters
// they are not linear in: ml-levenberg-marquardt from the best starts, our own descent from what it reaches, then Newton.
// Several groups start from what each says alone.
import { FitError } from "../../base/errors.js";
import { factorQr, inverseGram } from "../../base/linear-algebra.js";
import { at } from "../../law/law.js";
import { type LossShape, lossShape, smoothedAbsolute } from "../problem/loss.js";
import { cost, denseJacobian, jacobianCells, type Problem } from "../problem/problem.js";
import type { FitOptions, FitStatus } from "../record.js";
import { type Descent, descend } from "./descend.js";
import { type Polished, polish } from "./newton.js";
import { packageDescent } from "./package-descent.js";
import { powerLawRefit } from "./refit.js";
import { jointStarts, projected, rankedStarts, type Start } from "./starts.js";

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

/** A problem and where it was found to be least. */
export interface Solved {
  readonly problem: Problem;
  readonly solution: Solution;
}

const DESCENTS = 8;
const ITERATIONS = 300;
/** Scaled variance inflation above which the data do not tell the parameters apart in double precision. */
const ILL_CONDITIONED = 1e8;

/** The global minimum as far as the starts reach, and its status. Throws as `minimum` does. */
export function solve(problem: Problem, options: FitOptions, alone: readonly Float64Array[] = []): Solution {
  const { first, polished, shape, startSpread, agreement } = minimum(problem, options, alone);
  return {
    free: polished.free,
    cost: polished.cost,
    ...judge(problem, first, polished, options.loss.kind === "absolute" ? null : shape),
    startSpread,
    agreement,
    held: polished.held,
  };
}

/**
 * The same, not judged: whether the data tell all parameters apart takes the cube of their number.
 * Throws FitError where no start has a finite value.
 * @param alone for several groups, the law's parameters in each fitted by itself
 */
export function minimum(problem: Problem, options: FitOptions, alone: readonly Float64Array[] = []) {
  const single = problem.blocks.length === 1;
  const found = (): readonly Start[] => (single ? rankedStarts(problem) : jointStarts(problem, alone));
  const width = options.loss.kind === "absolute" ? residualSize(problem, found()) : 0;
  const shape = width > 0 ? smoothedAbsolute(width) : problem.loss;
  const search = (): readonly Float64Array[] => {
    const plain = powerLawRefit(problem)?.(problem.observed, problem.weights) ?? null;
    if (plain !== null) return [plain];
    return single
      ? refined(problem, found())
      : found()
          .map(({ free }) => free)
          .slice(0, DESCENTS / 2);
  };
  const { start } = options;
  const given = start !== null && (single || problem.names.every((name) => name in start));
  const ends = descents(problem, given ? givenStarts(problem, start) : search(), shape);
  // A given start that leads nowhere is no reason to end nowhere.
  if (given && (ends[0] === undefined || !isOptimum(problem, ends[0], shape))) {
    ends.push(...descents(problem, search(), shape));
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
  const lone = ends.length < 2;
  const polished = width > 0 ? polishAbsolute(problem, first.free, width) : polish(problem, first.free, shape);
  return {
    first,
    polished,
    shape,
    startSpread: lone ? null : first.cost > 0 ? (worst - first.cost) / first.cost : 0,
    agreement: lone
      ? null
      : { best: settled.filter((end) => end.cost <= first.cost * (1 + 1e-6)).length, converged: settled.length },
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

/** The best starts by variable projection; where more than one parameter is nonlinear, what the package makes of them. */
function refined(problem: Problem, found: readonly Start[]): readonly Float64Array[] {
  const best = found.slice(0, DESCENTS);
  const nonlinear = problem.linear.filter((isLinear) => !isLinear).length;
  if (nonlinear < 2) return best.slice(0, 2).map((start) => start.free);
  return best.map(({ free }) => packageDescent(problem, free) ?? free);
}

/** The start as given, and the same with its linear parameters projected. */
function givenStarts(problem: Problem, start: Readonly<Record<string, number>>): Float64Array[] {
  const known = new Map(Object.entries(start));
  const given = Float64Array.from(problem.names, (name, k) => known.get(name) ?? (problem.linear[k] ? 0 : 1));
  const linear = projected(problem, Float64Array.from(given));
  const better = packageDescent(problem, given);
  return better === null ? [given, linear] : [given, linear, better];
}

function residualSize(problem: Problem, [best]: readonly Start[]): number {
  const scratch = new Float64Array(problem.points);
  if (best === undefined || !problem.residuals(best.free, scratch)) return 1;
  const sizes = scratch.map(Math.abs).sort();
  return Math.max(at(sizes, sizes.length >> 1), 1e-12);
}

/**
 * The absolute loss through smoothed ones of shrinking width (Madsen & Nielsen 1993 for the linear case): each polished
 * from the one before. At its minimum as many residuals as parameters are zero, which the last widths single out.
 */
function polishAbsolute(problem: Problem, start: Float64Array, size: number): Polished {
  const scratch = new Float64Array(problem.points);
  const exact = lossShape({ kind: "absolute" });
  let free = start;
  let last: Polished | null = null;
  for (let width = size, round = 0; round < 14; width /= 5, round++) {
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
  const jacobian = new Float64Array(jacobianCells(problem.blocks));
  const residuals = new Float64Array(n);
  if (inside.length > n || !problem.jacobian(polished.free, residuals, jacobian)) return Number.POSITIVE_INFINITY;
  const matrix = denseJacobian(problem, jacobian, inside);
  inside.forEach((_, j) => {
    const column = matrix.subarray(j * n, (j + 1) * n);
    const largest = column.reduce((m, v) => Math.max(m, Math.abs(v)), 0) || 1;
    const norm = largest * Math.sqrt(column.reduce((sum, v) => sum + (v / largest) ** 2, 0)) || 1;
    for (let i = 0; i < n; i++) column[i] = (column[i] ?? Number.NaN) / norm;
  });
  factorQr(matrix, n, inside.length, residuals);
  const inverse = inverseGram(matrix, n, inside.length);
  if (inverse === null) return Number.POSITIVE_INFINITY;
  return Math.sqrt(inverse.reduce((m, row, j) => Math.max(m, at(row, j)), 0));
}
