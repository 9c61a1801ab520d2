// What the record of a fit keeps of its noise, so that a prediction at any x has an error and degrees of freedom of its own:
// the posterior over noises (variance/noise.ts) brought down to a few states.

import { extent } from "../base/extent.js";
import { mainVariable } from "../law/law.js";
import type { Fitted } from "./fitted.js";
import { linkGradient } from "./problem/problem.js";
import type { FittedNoise, NoiseState } from "./record.js";
import { dot } from "./variance/linearization.js";
import type { NoiseCandidate } from "./variance/noise-posterior.js";
import { noiseTrend } from "./variance/noise-trend.js";

/** Slopes of the noise that stand for all, and shares of a cluster for each of them where points have any in common. */
const STATES = 8;
const CLUSTERED_STATES = 4;

/**
 * Of the law's parameters in group g. One state, CR3 with the fewest degrees of freedom, where the residuals contradict the
 * noise model for any parameter; null where the fit has no noise model.
 */
export function fittedNoise({ problem, linear, errors, noiseWeights }: Fitted, g: number): FittedNoise | null {
  const { basis } = linear;
  if (errors === null || basis === null) return null;
  const { model, jackknife } = errors.errors;
  const gradients = problem.law.parameters.map((_, i) => linear.gradient([linkGradient(problem, i, g)]));
  const x = problem.x[mainVariable(problem.law)] ?? new Float64Array(0);
  const [least, greatest] = extent(x);
  const range = least > 0 && greatest > least ? ([least, greatest] as const) : null;
  const [from, to] = model.ends;
  const [weighedAtLeast, weighedAtGreatest] = noiseWeights[g]?.ends ?? [1, 1];
  const stateOf = (candidates: readonly NoiseCandidate[], covariance: readonly (readonly number[])[]): NoiseState => {
    const weight = candidates.reduce((sum, candidate) => sum + candidate.weight, 0);
    const deviationAt = (u: number) =>
      problem.residualUnit *
      Math.exp(
        candidates.reduce((sum, { slope, variance, weight: w }) => sum + w * (Math.log(variance) + slope * u), 0) /
          weight /
          2,
      );
    return { weight, covariance, deviation: [weighedAtLeast * deviationAt(from), weighedAtGreatest * deviationAt(to)] };
  };
  const along = noiseTrend(basis, model);
  const trend =
    along === null ? null : { ratio: along.ratio, lower: along.lower, upper: along.upper, pValue: along.pValue };
  const contradicted = errors.of.flatMap((error) => (error?.source === "sandwich" ? [error.degreesOfFreedom] : []));
  const sandwich = contradicted.length === 0 ? null : jackknife();
  // Losses near the ends of double precision have no covariance in it.
  const finite = (state: NoiseState) => [...state.covariance.flat(), ...state.deviation].every(Number.isFinite);
  if (sandwich !== null) {
    const influences = gradients.map((gradient) => sandwich.influence(gradient));
    const covariance = influences.map((a) => influences.map((b) => dot(a, b)));
    const state = stateOf(model.candidates, covariance);
    return finite(state) ? { range, trend, degreesOfFreedom: Math.min(...contradicted), states: [state] } : null;
  }
  const shared = model.candidates.some(({ share }) => share !== 0);
  const bins = shared
    ? binned(model.candidates, ({ slope }) => slope, CLUSTERED_STATES).flatMap((bin) =>
        binned(bin, ({ share }) => share, CLUSTERED_STATES),
      )
    : binned(model.candidates, ({ slope }) => slope, STATES);
  const states = bins.map((bin) => stateOf(bin, rowsOf(model.covariance(gradients, bin), gradients.length)));
  return states.every(finite) ? { range, trend, degreesOfFreedom: basis.degreesOfFreedom, states } : null;
}

/** Candidates in order, joined up until each bin holds its part of the probability. */
function binned(
  candidates: readonly NoiseCandidate[],
  key: (candidate: NoiseCandidate) => number,
  count: number,
): readonly (readonly NoiseCandidate[])[] {
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
  const bins: NoiseCandidate[][] = [];
  let full = true;
  let held = 0;
  for (const candidate of candidates.toSorted((a, b) => key(a) - key(b))) {
    if (full) bins.push([]);
    if (full) held = 0;
    bins.at(-1)?.push(candidate);
    held += candidate.weight;
    full = held >= total / count;
  }
  return bins;
}

function rowsOf(matrix: Float64Array, width: number): number[][] {
  return Array.from({ length: width }, (_, a) => Array.from(matrix.subarray(a * width, (a + 1) * width)));
}
