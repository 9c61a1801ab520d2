// Reasons to doubt a fit, as coded warnings that hold the remedy.

import type { Warning } from "../base/errors.js";
import { extent } from "../base/extent.js";
import { significant } from "../base/format.js";
import type { Observations } from "../curve/observations.js";
import type { Law } from "../law/law.js";
import { distinctPoints } from "./problem/points.js";
import type { Fit } from "./record.js";
import type { Solution } from "./solve/solve.js";

const FEW_SPARE_POINTS = 3;
const SHORT_RANGE = 1.5;
const HIGH_CORRELATION = 0.99;
/** A departure of residuals from the law counts with a p-value below the one and a share of the losses' range above the other. */
export const STRUCTURED = 0.01;
export const LEAST_SHARE = 0.01;
/** Robust over plain standard errors from which on the difference is said. */
const UNEQUAL = 1.3;
/** p of equal noise below which a change along x is said, however little it does to the errors. */
const CHANGING = 0.01;

/**
 * Every doubt about a fit, in a fixed order.
 * @param free parameters that these points alone must tell
 * @param agreement of the starts it was searched from
 */
export function doubts(
  law: Law,
  observations: Observations,
  free: number,
  agreement: Solution["agreement"],
  outcome: Omit<Fit, "warnings">,
): readonly Warning[] {
  const warnings: Warning[] = [];
  const warn = (code: string, message: string) => warnings.push({ code, message });
  const distinct = distinctPoints(observations.x);
  if (distinct < free + FEW_SPARE_POINTS) {
    warn("few-points", `${distinct} distinct points for ${free} free parameters: add horizons, or take a simpler law`);
  }
  law.variables.forEach((variable, v) => {
    const decades = decadesOf(observations.x[v] ?? new Float64Array(0));
    if (decades !== null && decades < SHORT_RANGE && variable !== "rounds") {
      warn(
        "short-range",
        `${variable} spans ${significant(decades, 3)} decades, under ${SHORT_RANGE}: limit and exponent trade off; train to larger and smaller ${variable}`,
      );
    }
  });
  const limit = law.parameters.find((parameter) => parameter.role === "limit");
  const limitEstimate = limit === undefined ? undefined : outcome.parameters[limit.name];
  if (limit !== undefined && limitEstimate !== undefined && !limitEstimate.fixed) {
    if (limitEstimate.estimate === limit.lower) {
      warn(
        "limit-at-zero",
        `${limit.name} ended at ${limit.lower}: the data show no levelling off; report the law without a limit`,
      );
    }
    const { interval } = limitEstimate;
    if (interval === null || interval.lower === null || interval.upper === null) {
      warn(
        "limit-not-identified",
        `the data do not bound ${limit.name} ${openSide(interval)}: add larger horizons or fix it, and do not compare limits`,
      );
    }
  }
  for (const parameter of law.parameters) {
    const estimate = outcome.parameters[parameter.name];
    if (parameter.role !== "exponent" || estimate === undefined || estimate.fixed) continue;
    const { interval } = estimate;
    if (interval === null || interval.lower === null || interval.upper === null) {
      warn(
        "exponent-not-identified",
        `the data do not bound ${parameter.name} ${openSide(interval)}: add points over a wider range or fix the limit`,
      );
    }
  }
  warnings.push(...correlated(law, outcome));
  const { errorRatio, clusters } = outcome;
  const trend = outcome.noise?.trend ?? null;
  const changing = trend !== null && clusters.by === "point" && trend.pValue < CHANGING;
  if (errorRatio !== null && (changing || errorRatio > UNEQUAL || errorRatio < 1 / UNEQUAL)) {
    const cause = changing
      ? `noise ${trend.ratio > 1 ? "grows" : "falls"} ${significant(Math.max(trend.ratio, 1 / trend.ratio), 2)}-fold along x (p ${trend.pValue < 1e-4 ? "< .0001" : `= ${significant(trend.pValue, 2)}`})`
      : clusters.by === "point"
        ? "noise changes along x or has outliers"
        : `points move together by ${clusters.by}`;
    warn(
      "unequal-noise",
      `standard errors are ${significant(errorRatio, 2)} times those of noise of one size, each point's own: ${cause}; intervals allow for it, fits ${outcome.weighted === false ? "do not lean on the quieter points: --weights auto does" : "keep the weights they have"}`,
    );
  }
  if (outcome.weighted === "auto") {
    const { noiseWeights: noise } = outcome;
    const ratio = noise === null ? 1 : noise.ends[1] / noise.ends[0];
    warn(
      "weighted-by-noise",
      noise === null
        ? "the residuals tell no trend of the noise along x, so points are weighted alike"
        : `points are weighted by a noise that ${ratio > 1 ? "grows" : "falls"} ${significant(Math.max(ratio, 1 / ratio), 2)}-fold along x, estimated from ${noise.from === "repeats" ? "losses that repeat an x" : "the residuals of a fit without weights"}; intervals allow for what it leaves open`,
    );
  }
  const undecayed = observations.decayed?.filter((decayed) => !decayed).length ?? 0;
  if (undecayed > 0) {
    warn(
      "undecayed-points",
      `${undecayed} of ${observations.loss.length} points were taken before the learning rate was cooled down: their loss is not that of their horizon; keep decayed points only`,
    );
  }
  if (agreement !== null && agreement.best < 2 && agreement.converged > 2) {
    warn(
      "starts-disagree",
      `only ${agreement.best} of ${agreement.converged} converged starts reached the best objective: give a start or bounds, or take a simpler law`,
    );
  }
  const { structure } = outcome;
  if (structure !== null && structure.pValue < STRUCTURED && structure.share >= LEAST_SHARE) {
    warn(
      "residuals-structured",
      `residuals bend along x by ${significant(100 * structure.share, 2)}% of the losses' range (p ${structure.pValue < 1e-4 ? "< .0001" : `= ${significant(structure.pValue, 2)}`}): the law misses a shape; try another or a window`,
    );
  }
  if (limitEstimate !== undefined) {
    const remaining = remainingExcess(observations, limitEstimate.estimate);
    if (remaining !== null && remaining > 0.5) {
      warn(
        "extrapolates-far",
        `the largest point keeps ${significant(100 * remaining, 2)}% of the smallest point's excess loss: the limit is an extrapolation; lean on losses within the data`,
      );
    }
  }
  return warnings;
}

function decadesOf(x: Float64Array): number | null {
  const [smallest, largest] = extent(x);
  return smallest > 0 ? Math.log10(largest) - Math.log10(smallest) : null;
}

function openSide(interval: { readonly lower: number | null; readonly upper: number | null } | null): string {
  if (interval === null || (interval.lower === null && interval.upper === null)) return "on either side";
  return interval.lower === null ? "from below" : "from above";
}

function correlated(law: Law, outcome: Omit<Fit, "warnings">): Warning[] {
  const { correlation } = outcome;
  if (correlation === null) return [];
  const role = (name: string | undefined) => law.parameters.find((parameter) => parameter.name === name)?.role;
  return correlation.matrix.flatMap((row, a) =>
    row.flatMap((value, b) => {
      const [from, to] = [correlation.names[a], correlation.names[b]];
      if (role(from) !== "limit" || role(to) !== "exponent" || Math.abs(value) < HIGH_CORRELATION) return [];
      const message = `${from} and ${to} correlate at ${value.toFixed(4)}: only together do they mean something; show their joint region, or fix one`;
      return [{ code: "limit-exponent-correlated", message }];
    }),
  );
}

/** Excess loss of the lowest point over that of the highest; null where a limit lies above a point. */
function remainingExcess(observations: Observations, limit: number): number | null {
  const [least, most] = extent(observations.loss);
  return least > limit && most > least ? (least - limit) / (most - limit) : null;
}
