// From a problem to its minimum with a status: starts → descents → polish. Pipeline for laws with several parameters
// they are not linear in: ml-levenberg-marquardt from the best starts, our own descent from what it reaches, then Newton.
// Several groups start from what each says alone.
import { FitError } from "../../base/errors.js";
import { at } from "../../law/law.js";
import { type Linearized, linearize } from "../linearize.js";
import { type LossShape, lossShape, smoothedAbsolute } from "../problem/loss.js";
import { cost, type Problem } from "../problem/problem.js";
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
  /** To first order there; points are taken for independent. */
  readonly linear: Linearized;
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
  const linear = linearized(problem, polished);
  const apart = toldApart(problem.names, polished.held, linear);
  return {
    free: polished.free,
    cost: polished.cost,
    linear,
    ...judge(problem, first, polished, options.loss.kind === "absolute" ? null : shape, apart),
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
    const plain = powerLawRefit(problem, null)?.(problem.observed, null) ?? null;
    if (plain !== null) return [plain];
    if (single) return refined(problem, found());
    return found()
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
  return polished.curved && flat && toldApart(problem.names, polished.held, linearized(problem, polished));
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

function linearized(problem: Problem, { free, held }: Polished): Linearized {
  return linearize([{ problem, solution: { free, held } }], null);
}

/** Whether the data tell the parameters that no bound holds apart. */
function toldApart(names: readonly string[], held: readonly number[], { basis }: Linearized): boolean {
  return held.length === names.length || (basis !== null && basis.inflation() < ILL_CONDITIONED);
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
  apart: boolean,
): Pick<Solution, "status" | "statusMessage"> {
  const stationary =
    polished.curved &&
    (polished.remaining < 1e-10 || polished.cost <= rounding(problem) || (shape === null && descent.settled));
  if (!apart || !polished.curved) {
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
