// The fit of one group's points: problem → solution → intervals → doubts.

import { studentTwoSided } from "../base/distributions.js";
import { FitError, InputError } from "../base/errors.js";
import type { Observations } from "../curve/observations.js";
import { at, type Law } from "../law/law.js";
import { LEAST_REPLICATES } from "./bootstrap-interval.js";
import { doubts } from "./doubts.js";
import { holdOut, score } from "./held-out.js";
import { profileInterval, smoothed, type Uncertainty, uncertainty } from "./interval.js";
import { informationCriteria } from "./model-choice.js";
import { fullTheta, makeProblem, type Problem } from "./problem/problem.js";
import { DEFAULT_FIT_OPTIONS, type Estimate, type Fit, type FitOptions, type Interval } from "./record.js";
import { resampledIntervals } from "./resampled.js";
import { type Solution, solve } from "./solve/solve.js";

/**
 * Fits a law to one group's points: argmin over θ of Σᵢ ρ(wᵢ·rᵢ(θ)), rᵢ = log Lᵢ − log L(xᵢ; θ) or Lᵢ − L(xᵢ; θ).
 * Whether the sum or the mean is minimised makes no difference to the optimum; `objective` is the sum, of r² for the
 * squared loss, r²/2 within δ for Huber's, |r| for the absolute one.
 *
 * `observations.x` holds one array per variable of the law, in its order; losses in nats per token (any unit will do).
 * Points are taken as given: `select` applies filters first. The start is found from the data unless `options.start`
 * gives one. Pure: the same input gives the same record.
 *
 * Throws InputError for options that make no sense for the law, FitError where the points hold no estimate at all
 * (fewer distinct points than parameters, constant losses, values out of the range of double precision).
 *
 * @example
 * import { fit, observe, powerLawWithLimit, tableOf } from "rinsight";
 *
 * const points = [1e6, 2e6, 4e6, 8e6, 16e6].map((tokens) => ({ tokens, loss: 2 + 300 * tokens ** -0.4 }));
 * const { groups } = observe(tableOf("mine", points), ["tokens"]);
 * for (const group of groups) {
 *   const { parameters, status } = fit(powerLawWithLimit, group, { level: 0.9 });
 *   console.log(parameters.exponent?.estimate.toFixed(6), status); // 0.400000 converged
 * }
 */
export function fit(law: Law, observations: Observations, options: Partial<FitOptions> = {}): Fit {
  const chosen = { ...DEFAULT_FIT_OPTIONS, ...options };
  checkOptions(chosen);
  const { kept, heldOut } = holdOut(law, observations, chosen.heldOut);
  const problem = makeProblem(law, kept, chosen);
  let solution = solve(problem, chosen);
  let { doubt, intervals, better } = assess(problem, solution, chosen);
  // A profile that finds a lower objective than the optimum has found a better optimum: take it.
  for (let round = 0; better !== null && round < 3; round++) {
    const start = Object.fromEntries(problem.names.map((name, k) => [name, at(better ?? [], k)]));
    solution = { ...solve(problem, { ...chosen, start }), startSpread: solution.startSpread };
    ({ doubt, intervals, better } = assess(problem, solution, chosen));
  }
  const resampled = chosen.interval === "bootstrap" ? resampledIntervals(problem, solution, kept, chosen) : null;
  intervals = resampled?.intervals ?? intervals;
  const theta = fullTheta(problem, solution.free);
  if (!theta.every(Number.isFinite)) {
    throw new FitError(
      `fit: parameters of ${law.name} must lie within double precision, got ${theta.join(", ")}; give x in a larger unit`,
    );
  }
  const parameters: Record<string, Estimate> = {};
  law.parameters.forEach((parameter, i) => {
    const k = problem.members.findIndex((indices) => indices.includes(i));
    const variance = k < 0 ? Number.NaN : at(doubt.covariance?.[k] ?? [], k);
    parameters[parameter.name] = {
      estimate: at(theta, i),
      standardError: Number.isFinite(variance) && variance >= 0 ? Math.sqrt(variance) : null,
      interval: intervals[k] ?? null,
      fixed: k < 0,
    };
  });
  const residuals = reportedResiduals(problem, solution.free);
  const factor = chosen.loss.kind === "absolute" ? problem.residualUnit : problem.residualUnit ** 2;
  const objective = solution.cost * factor;
  if (!Number.isFinite(objective)) {
    throw new FitError(
      "fit: the sum of squares must lie within double precision; give losses in a larger unit or use --space log",
    );
  }
  const outcome = {
    group: observations.group,
    law: law.name,
    formula: law.formula,
    space: chosen.space,
    weighted: chosen.weighted,
    parameters,
    objective,
    status: solution.status,
    statusMessage: solution.statusMessage,
    startSpread: solution.startSpread,
    points: problem.points,
    degreesOfFreedom: problem.points - problem.names.length,
    residualScale: residualScale(problem, solution),
    residuals,
    correlation: correlation(problem, doubt),
    ...informationCriteria(problem, solution.cost, chosen.loss),
    excluded: observations.excluded,
    heldOut: heldOut === null ? null : score(law, theta, kept, heldOut),
    ...(resampled === null ? {} : { bootstrap: resampled.record }),
  };
  return { ...outcome, warnings: doubts(law, kept, problem, solution, outcome) };
}

function checkOptions(options: FitOptions): void {
  if (!(options.level > 0 && options.level < 1)) {
    throw new InputError(`fit: the level of an interval must lie between 0 and 1, got ${options.level}; 0.95 is usual`);
  }
  if (options.interval === "bootstrap" && !(options.bootstrap >= LEAST_REPLICATES)) {
    throw new InputError(
      `fit: bootstrap intervals need ${LEAST_REPLICATES} replicates at least, got ${options.bootstrap}; 2000 is usual`,
    );
  }
  if (options.loss.kind === "huber" && !(options.loss.delta > 0)) {
    throw new InputError(`fit: Huber's δ must be above 0, got ${options.loss.delta}; 0.001 is usual in log space`);
  }
}

interface Assessment {
  readonly doubt: Uncertainty;
  /** One per free parameter. */
  readonly intervals: readonly (Interval | null)[];
  readonly better: Float64Array | null;
}

function assess(problem: Problem, solution: Solution, options: FitOptions): Assessment {
  const absolute = options.loss.kind === "absolute";
  const doubt = uncertainty(problem, solution.free, solution.held, absolute);
  if (!(doubt.unitRise > 0)) return { doubt, intervals: problem.names.map(() => null), better: null };
  if (options.interval !== "profile") {
    const t = studentTwoSided(options.level, doubt.degreesOfFreedom);
    const intervals = problem.names.map((_, k): Interval | null => {
      const half = t * Math.sqrt(at(doubt.covariance?.[k] ?? [], k));
      if (!Number.isFinite(half)) return null;
      const estimate = at(solution.free, k);
      return { level: options.level, lower: estimate - half, upper: estimate + half, method: "delta" };
    });
    return { doubt, intervals, better: null };
  }
  const walked = absolute ? smoothed(problem, solution.free) : problem;
  const profiles = problem.names.map((_, k) =>
    profileInterval(walked, solution.free, solution.cost, k, doubt, options.level),
  );
  return {
    doubt,
    intervals: profiles.map((profile) => profile.interval),
    better: profiles.find((profile) => profile.better !== null)?.better ?? null,
  };
}

function reportedResiduals(problem: Problem, free: Float64Array): number[] {
  const scratch = new Float64Array(problem.points);
  problem.residuals(free, scratch);
  return Array.from(scratch, (r, i) => (r / at(problem.weights, i)) * problem.unit);
}

function residualScale(problem: Problem, solution: Solution): number | null {
  const degreesOfFreedom = problem.points - problem.names.length;
  if (degreesOfFreedom < 1) return null;
  const scratch = new Float64Array(problem.points);
  problem.residuals(solution.free, scratch);
  return Math.sqrt(scratch.reduce((sum, r) => sum + r * r, 0) / degreesOfFreedom) * problem.residualUnit;
}

function correlation(problem: Problem, doubt: Uncertainty): Fit["correlation"] {
  const { covariance } = doubt;
  if (covariance === null) return null;
  const variance = (k: number) => at(covariance[k] ?? [], k);
  const inside = problem.law.parameters.flatMap(({ name }, i) => {
    const k = problem.members.findIndex((indices) => indices.includes(i));
    return variance(k) > 0 ? [{ name, k }] : [];
  });
  if (inside.length === 0) return null;
  return {
    names: inside.map(({ name }) => name),
    matrix: inside.map(({ k: a }) =>
      inside.map(({ k: b }) =>
        a === b ? 1 : at(covariance[a] ?? [], b) / Math.sqrt(variance(a)) / Math.sqrt(variance(b)),
      ),
    ),
  };
}
