// A law fitted to one group or several, in memory: the problem, its solution, and how sure each free parameter is.
// What fit.ts makes records of, and what comparisons ask further.
import { studentTwoSided } from "../base/distributions.js";
import { FitError, InputError } from "../base/errors.js";
import type { Observations } from "../curve/observations.js";
import { at, type Law } from "../law/law.js";
import { LEAST_REPLICATES } from "./bootstrap-interval.js";
import { clustered, type Linearized } from "./linearize.js";
import { weighByNoise } from "./noise-weights.js";
import { type ParameterErrors, parameterErrors } from "./parameter-errors.js";
import { makeProblem, NOTHING_SHARED } from "./problem/columns.js";
import { fullTheta, type Problem } from "./problem/problem.js";
import { profileIntervals } from "./profile/intervals.js";
import { smoothed } from "./profile/walk.js";
import type { BootstrapRecord, FitOptions, Interval, NoiseWeights, Sharing } from "./record.js";
import { resampledIntervals } from "./resampled.js";
import { type Solved, solve } from "./solve/solve.js";
import { type Uncertainty, uncertainty } from "./uncertainty.js";
import { type Clusters, clustersOf } from "./variance/clusters.js";

export interface Fitted extends Solved {
  /** Under noise of one size, each point's own. */
  readonly doubt: Uncertainty;
  readonly clusters: Clusters;
  readonly linear: Linearized;
  /** From the noise as it is; null where the options ask for another kind, or the data say nothing of the noise. */
  readonly errors: ParameterErrors | null;
  /** One per free parameter: the signed root of the rise, in plain standard errors, at which a profile interval ends. */
  readonly criticals: readonly number[];
  /** Of the free parameters, as the options ask for it; NaN for those on a bound. */
  readonly covariance: readonly Float64Array[] | null;
  /** Points at which walks of profiles ended; none where intervals are of another kind. */
  readonly ends: readonly Float64Array[];
  /** One per free parameter. */
  readonly intervals: readonly (Interval | null)[];
  readonly bootstrap: BootstrapRecord | null;
  /** One a group, where the options asked for weights by the noise. */
  readonly noiseWeights: readonly (NoiseWeights | null)[];
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
  if (options.weighted === "auto") {
    const weighed = groups.map((group) => weighedByNoise(law, group, options));
    const weighedGroups = weighed.map(({ group }) => group);
    const found = fitted(law, weighedGroups, { ...options, weighted: true }, sharing, known);
    return { ...found, noiseWeights: weighed.map(({ weights }) => weights) };
  }
  const problem = makeProblem(law, groups, options, sharing);
  const alone = known ?? (groups.length === 1 ? [] : groups.map((group) => thetaAlone(law, group, options)));
  let solution = solve(problem, options, alone);
  const clusters = clustersOf(groups);
  let { linear, doubt, errors, criticals, ends, intervals, better } = assess({ problem, solution }, clusters, options);
  // A profile that finds a lower objective than the optimum has found a better optimum: take it.
  for (let round = 0; better !== null && round < 3; round++) {
    const start = Object.fromEntries(problem.names.map((name, k) => [name, at(better ?? [], k)]));
    solution = { ...solve(problem, { ...options, start }, alone), startSpread: solution.startSpread };
    ({ linear, doubt, errors, criticals, ends, intervals, better } = assess({ problem, solution }, clusters, options));
  }
  const drawing = options.interval === "bootstrap" ? options : { ...options, ...REDRAWN };
  const resampled = redrawn(problem, options) ? resampledIntervals({ problem, solution }, groups, drawing) : null;
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
    clusters,
    linear,
    errors,
    criticals,
    ends,
    covariance: resampled?.covariance ?? errors?.covariance ?? doubt.covariance,
    intervals: resampled?.intervals ?? intervals,
    bootstrap: resampled?.record ?? null,
    noiseWeights: groups.map(() => null),
    thetas,
  };
}

/** A group with standard errors by the noise of its own fit without weights (noise-weights.ts). */
export function weighedByNoise(law: Law, group: Observations, options: FitOptions) {
  const plain = fitted(law, [group], { ...options, weighted: false, interval: "delta" });
  return weighByNoise(plain.linear, group, options.space);
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
  readonly linear: Linearized;
  readonly doubt: Uncertainty;
  readonly errors: ParameterErrors | null;
  readonly criticals: readonly number[];
  readonly ends: readonly Float64Array[];
  /** One per free parameter. */
  readonly intervals: readonly (Interval | null)[];
  readonly better: Float64Array | null;
}

function assess(solved: Solved, clusters: Clusters, options: FitOptions): Assessment {
  const { problem, solution } = solved;
  const absolute = options.loss.kind === "absolute";
  const linear = clustered(solution.linear, clusters.of);
  const doubt = uncertainty(solved, linear);
  const t = studentTwoSided(options.level, Math.max(1, doubt.degreesOfFreedom));
  const plainly = problem.names.map(() => t);
  const nothing = {
    linear,
    doubt,
    errors: null,
    criticals: plainly,
    ends: [],
    intervals: problem.names.map(() => null),
    better: null,
  };
  if (!(doubt.unitRise > 0)) return nothing;
  if (options.interval === "delta") {
    const intervals = problem.names.map((_, k): Interval | null => {
      const half = t * Math.sqrt(at(doubt.covariance?.[k] ?? [], k));
      if (!Number.isFinite(half)) return null;
      const estimate = at(solution.free, k);
      return { level: options.level, lower: estimate - half, upper: estimate + half, method: "delta" };
    });
    return { ...nothing, intervals };
  }
  if (redrawn(problem, options)) return nothing;
  const errors = options.interval === "auto" ? parameterErrors(linear, problem.names, doubt) : null;
  const walked = absolute ? smoothed(problem, solution.free) : problem;
  const criticals = problem.names.map((_, k) => {
    const plain = Math.sqrt(at(doubt.covariance?.[k] ?? [], k));
    const error = errors?.of[k] ?? null;
    const { value, degreesOfFreedom } = error ?? { value: plain, degreesOfFreedom: doubt.degreesOfFreedom };
    return studentTwoSided(options.level, degreesOfFreedom) * (plain > 0 ? value / plain : 1);
  });
  const { intervals, ends, better } = profileIntervals(walked, solution, doubt, options.level, criticals);
  return {
    linear,
    doubt,
    errors,
    criticals,
    ends,
    intervals: intervals.map((interval, k) =>
      (errors?.of[k] ?? null) === null ? interval : { ...interval, method: "calibrated-profile" },
    ),
    better,
  };
}

/** Points from which on redrawn ones make intervals for losses other than squares. */
const REDRAWN_FROM = 30;
/**
 * What a second or so allows. The standard error of Chinchilla's B, of all that is asked the most uncertain,
 * still has a Monte Carlo error of 9% (12% with 400, 6% with 2,000); those of the others 3 to 4%.
 */
const REDRAWN = { bootstrap: 600, resample: "pairs" } as const;

/** Whether intervals come from redrawn data. */
function redrawn(problem: Problem, { interval, loss }: FitOptions): boolean {
  return interval === "bootstrap" || (interval === "auto" && loss.kind !== "squared" && problem.points >= REDRAWN_FROM);
}
