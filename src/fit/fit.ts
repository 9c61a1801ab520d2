// Fits as records: of one group's points, and of several groups that share parameters.
import { studentTwoSided } from "../base/distributions.js";
import { FitError } from "../base/errors.js";
import type { Observations } from "../curve/observations.js";
import { at, type Law } from "../law/law.js";
import { doubts } from "./doubts.js";
import { type Fitted, fitted } from "./fitted.js";
import { fittedNoise } from "./fitted-noise.js";
import { holdOut, score } from "./held-out.js";
import { informationCriteria } from "./model-choice.js";
import { linkGradient } from "./problem/problem.js";
import {
  DEFAULT_FIT_OPTIONS,
  type Estimate,
  type Fit,
  type FitOptions,
  type GroupedFit,
  type Sharing,
} from "./record.js";
import { dot } from "./variance/linearization.js";
import { structure } from "./variance/structure.js";

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
  const { kept, heldOut } = holdOut(law, observations, chosen.heldOut);
  return recordOf(law, fitted(law, [kept], chosen), 0, kept, heldOut, chosen);
}

/**
 * Fits a law to several groups of points at once: `sharing.share` names the parameters that all have in common,
 * `sharing.by` those that are linear in a formula of the group's values; the others are each group's own. Weights, loss,
 * bounds, fixed and tied parameters are as in `fit`, and so is what is thrown.
 *
 * Each group's record has the law's parameters there; its degrees of freedom, residual scale and status are the whole's.
 *
 * @example
 * import { fitGroups, observe, powerLawWithLimit, readTable } from "rinsight";
 *
 * const { groups } = observe((await readTable(["curves.csv"])).table, ["tokens"]);
 * const { shared, groups: fits } = fitGroups(powerLawWithLimit, groups, { share: ["limit"], by: {} });
 * console.log(shared.limit?.estimate.toFixed(2), fits.map((fit) => fit.parameters.limit?.estimate.toFixed(2)).join(" ")); // 1.98 1.98 1.98
 */
export function fitGroups(
  law: Law,
  observations: readonly Observations[],
  sharing: Partial<Sharing> = {},
  options: Partial<FitOptions> = {},
): GroupedFit {
  const chosen = { ...DEFAULT_FIT_OPTIONS, ...options };
  const shape: Sharing = { share: [], by: {}, ...sharing };
  const parts = observations.map((group) => holdOut(law, group, chosen.heldOut));
  const whole = fitted(
    law,
    parts.map(({ kept }) => kept),
    chosen,
    shape,
  );
  const { problem, solution, intervals, covariance } = whole;
  const groups = parts.map(({ kept, heldOut }, g) => recordOf(law, whole, g, kept, heldOut, chosen));
  const shared = problem.names.flatMap((name, k): [string, Estimate][] => {
    const everywhere = problem.blocks.every(({ columns }) => columns.includes(k));
    const variance = at(covariance?.[k] ?? [], k);
    const standardError = variance >= 0 ? Math.sqrt(variance) : null;
    const estimate = at(solution.free, k);
    return everywhere ? [[name, { estimate, standardError, interval: intervals[k] ?? null, fixed: false }]] : [];
  });
  return {
    law: law.name,
    formula: law.formula,
    sharing: shape,
    shared: Object.fromEntries(shared),
    groups,
    objective: objectiveOf(whole, chosen),
    status: solution.status,
    statusMessage: solution.statusMessage,
    points: problem.points,
    degreesOfFreedom: problem.points - problem.names.length,
    residualScale: residualScale(whole),
    ...informationCriteria(problem, solution.cost, chosen.loss),
  };
}

/** The record of one group. */
function recordOf(
  law: Law,
  whole: Fitted,
  g: number,
  kept: Observations,
  heldOut: Observations | null,
  options: FitOptions,
): Fit {
  const { problem, solution } = whole;
  const block = problem.blocks[g];
  const alone = problem.blocks.length === 1;
  const outcome = {
    group: kept.group,
    law: law.name,
    formula: law.formula,
    space: options.space,
    weighted: options.weighted,
    noiseWeights: whole.noiseWeights[g] ?? null,
    parameters: parametersOf(law, whole, g, options.level),
    objective: objectiveOf(whole, options, g),
    status: solution.status,
    statusMessage: solution.statusMessage,
    startSpread: solution.startSpread,
    points: kept.loss.length,
    degreesOfFreedom: problem.points - problem.names.length,
    residualScale: residualScale(whole),
    noise: fittedNoise(whole, g),
    residuals: reportedResiduals(whole, g),
    correlation: correlation(whole, g),
    clusters: { by: whole.clusters.by, count: whole.clusters.count },
    errorRatio: errorRatio(whole),
    structure: alone ? departure(whole, options.interval !== "auto") : null,
    ...(alone ? informationCriteria(problem, solution.cost, options.loss) : { aicc: null, bic: null }),
    excluded: kept.excluded,
    heldOut: null,
    ...(whole.bootstrap === null ? {} : { bootstrap: whole.bootstrap }),
  };
  const record: Fit = { ...outcome, warnings: doubts(law, kept, block?.own ?? 0, solution.agreement, outcome) };
  return heldOut === null ? record : { ...record, heldOut: score(law, record, kept, heldOut, options.level) };
}

function parametersOf(law: Law, whole: Fitted, g: number, level: number): Readonly<Record<string, Estimate>> {
  const { problem, intervals, doubt, covariance, thetas } = whole;
  const t = doubt.degreesOfFreedom > 0 ? studentTwoSided(level, doubt.degreesOfFreedom) : Number.NaN;
  return Object.fromEntries(
    law.parameters.map((parameter, i): [string, Estimate] => {
      const gradient = linkGradient(problem, i, g);
      const fixed = gradient.every((factor) => factor === 0);
      const estimate = at(thetas[g] ?? [], i);
      const variance = fixed ? Number.NaN : form(covariance, gradient, gradient);
      const standardError = variance >= 0 ? Math.sqrt(variance) : null;
      const direct = gradient.filter((factor) => factor !== 0).length === 1 ? gradient.indexOf(1) : -1;
      const half = t * (standardError ?? Number.NaN);
      // A function of a covariate is no unknown of the problem, and has no profile of its own.
      const derived = Number.isFinite(half)
        ? ({ level, lower: estimate - half, upper: estimate + half, method: "delta" } as const)
        : null;
      return [
        parameter.name,
        { estimate, standardError, interval: direct >= 0 ? (intervals[direct] ?? null) : derived, fixed },
      ];
    }),
  );
}

/** A smooth departure from the law along x; `equal` where the options take noise for one of one size. */
function departure({ problem, linear, errors, bootstrap }: Fitted, equal: boolean): Fit["structure"] {
  // Where the points say nothing of their noise, nothing stands out of it.
  const untold = !equal && errors === null && bootstrap === null;
  if (linear.basis === null || untold) return null;
  const predicted = linear.residuals.map((r, i) => at(problem.target, i) - r / at(problem.weights, i));
  return structure(linear.basis, predicted, problem.weights, equal);
}

/** Of the parameter whose standard error is farthest from that under noise of one size, each point's own. */
function errorRatio({ covariance, doubt, problem }: Fitted): number | null {
  const ratios = problem.names
    .map((_, k) => Math.sqrt(at(covariance?.[k] ?? [], k) / at(doubt.covariance?.[k] ?? [], k)))
    .filter((ratio) => ratio > 0 && Number.isFinite(ratio));
  return ratios.reduce<number | null>(
    (most, ratio) => (most === null || Math.abs(Math.log(ratio)) > Math.abs(Math.log(most)) ? ratio : most),
    null,
  );
}

/** gᵀ·C·h over the entries that g and h hang on; NaN where these have no covariance. */
function form(covariance: readonly Float64Array[] | null, g: Float64Array, h: Float64Array): number {
  if (covariance === null) return Number.NaN;
  let sum = 0;
  g.forEach((a, j) => {
    h.forEach((b, k) => {
      if (a !== 0 && b !== 0) sum += a * b * at(covariance[j] ?? [], k);
    });
  });
  return sum;
}

/** Of the whole, or of one group's points. */
function objectiveOf({ problem, solution, linear }: Fitted, { loss }: FitOptions, g?: number): number {
  const factor = loss.kind === "absolute" ? problem.residualUnit : problem.residualUnit ** 2;
  const block = g === undefined || problem.blocks.length === 1 ? undefined : problem.blocks[g];
  const sum =
    block === undefined
      ? solution.cost
      : linear.residuals.subarray(block.from, block.to).reduce((total, r) => total + problem.loss.rho(r), 0);
  if (!Number.isFinite(sum * factor)) {
    throw new FitError(
      "fit: the sum of squares must lie within double precision; give losses in a larger unit or use --space log",
    );
  }
  return sum * factor;
}

function reportedResiduals({ problem, linear }: Fitted, g: number): number[] {
  const { from = 0, to = 0 } = problem.blocks[g] ?? {};
  return Array.from(linear.residuals.subarray(from, to), (r, i) => (r / at(problem.weights, from + i)) * problem.unit);
}

function residualScale({ problem, linear }: Fitted): number | null {
  const degreesOfFreedom = problem.points - problem.names.length;
  if (degreesOfFreedom < 1) return null;
  return Math.sqrt(dot(linear.residuals, linear.residuals) / degreesOfFreedom) * problem.residualUnit;
}

function correlation({ problem, covariance }: Fitted, g: number): Fit["correlation"] {
  const inside = problem.law.parameters.flatMap(({ name }, i) => {
    const gradient = linkGradient(problem, i, g);
    const variance = form(covariance, gradient, gradient);
    return variance > 0 ? [{ name, gradient, deviation: Math.sqrt(variance) }] : [];
  });
  if (inside.length === 0) return null;
  return {
    names: inside.map(({ name }) => name),
    matrix: inside.map((a) =>
      inside.map((b) => (a === b ? 1 : form(covariance, a.gradient, b.gradient) / a.deviation / b.deviation)),
    ),
  };
}
