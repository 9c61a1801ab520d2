// A law fitted to one group or several, in memory: the problem, its solution, and how sure each free parameter is.
// What fit.ts makes records of, and what comparisons ask further.
import { studentTwoSided } from "../base/distributions.js";
import { FitError, InputError } from "../base/errors.js";
import type { Observations } from "../curve/observations.js";
import { at, type Law } from "../law/law.js";
import { LEAST_REPLICATES } from "./bootstrap-interval.js";
import { profileInterval, smoothed, type Uncertainty, uncertainty } from "./interval.js";
import { makeProblem, NOTHING_SHARED } from "./problem/columns.js";
import { fullTheta, type Problem } from "./problem/problem.js";
import type { BootstrapRecord, FitOptions, Interval, Sharing } from "./record.js";
import { resampledIntervals } from "./resampled.js";
import { type Solution, type Solved, solve } from "./solve/solve.js";

export interface Fitted extends Solved {
  readonly doubt: Uncertainty;
  /** One per free parameter. */
  readonly intervals: readonly (Interval | null)[];
  readonly bootstrap: BootstrapRecord | null;
  /** The law's parameters, one vector a group. */
  readonly thetas: readonly Float64Array[];
}

/**
 * Fits a law to groups at once. Groups that share something start from what each says alone.
 * Throws InputError for options that make no sense, FitError where the points hold no estimate.
 * @param known the law's parameters in each group alone, where they are known already
 */
export function fitted(
  law: Law,
  groups: readonly Observations[],
  options: FitOptions,
  sharing: Sharing = NOTHING_SHARED,
  known: readonly Float64Array[] | null = null,
): Fitted {
  checkOptions(options);
  const problem = makeProblem(law, groups, options, sharing);
  const alone = known ?? (groups.length === 1 ? [] : groups.map((group) => thetaAlone(law, group, options)));
  let solution = solve(problem, options, alone);
  let { doubt, intervals, better } = assess(problem, solution, options);
  // A profile that finds a lower objective than the optimum has found a better optimum: take it.
  for (let round = 0; better !== null && round < 3; round++) {
    const start = Object.fromEntries(problem.names.map((name, k) => [name, at(better ?? [], k)]));
    solution = { ...solve(problem, { ...options, start }, alone), startSpread: solution.startSpread };
    ({ doubt, intervals, better } = assess(problem, solution, options));
  }
  const resampled =
    options.interval === "bootstrap" ? resampledIntervals({ problem, solution }, groups, options) : null;
  const thetas = groups.map((_, g) => fullTheta(problem, solution.free, g));
  const wild = thetas.find((theta) => !theta.every(Number.isFinite));
  if (wild !== undefined) {
    throw new FitError(
      `fit: parameters of ${law.name} must lie within double precision, got ${wild.join(", ")}; give x in a larger unit`,
    );
  }
  return {
    problem,
    solution,
    doubt,
    intervals: resampled?.intervals ?? intervals,
    bootstrap: resampled?.record ?? null,
    thetas,
  };
}

function thetaAlone(law: Law, group: Observations, options: FitOptions): Float64Array {
  const problem = makeProblem(law, [group], options);
  return fullTheta(problem, solve(problem, options).free);
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
