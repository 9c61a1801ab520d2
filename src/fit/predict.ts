// What a fit says of any x, within its data or beyond: the mean curve and the loss of one new run, each with its interval.
// From the record of a fit alone, so that a chart, a forecast and a fit read back from JSON have the same.

import { studentTwoSided } from "../base/distributions.js";
import { InputError } from "../base/errors.js";
import { at, type Law, mainVariable } from "../law/law.js";
import type { Fit, FittedNoise, Interval, NoiseState, Prediction } from "./record.js";
import type { StandardError } from "./variance/linearization.js";
import { matchedError } from "./variance/variance-of-log.js";

/**
 * Predictions at points x, one array per variable of the law, in its order (as in Observations).
 *
 * With g the gradient of the curve by the parameters (of its logarithm where the fit was in log space) and C their
 * covariance, the curve's standard error is s = √(gᵀCg) and a new run's √(s² + σ²), σ being the noise at that x: a power of x
 * between the least and the greatest x fitted, beyond them as at the nearest of the two. Both are taken over the noises that
 * the residuals allow (`fit.noise`), and what these leave open is in the degrees of freedom of t; without such states σ is
 * the residual scale and t has those of the fit. Intervals are estimate ± t·s in the space of the fit, so that a loss from a
 * fit in log space stays above 0 and its mean is a median.
 *
 * Null where a parameter has no standard error, and for a new run of a fit weighted by given errors, whose noise is not known. A parameter
 * that was fixed, or that ended on a bound, is taken for known: such a curve is surer of itself than it should be.
 * Throws InputError for x that do not fit the law, and for a law that the fit is not of.
 *
 * @example
 * import { fit, observe, powerLawWithLimit, predict, tableOf } from "rinsight";
 *
 * const losses = [3.21, 2.95, 2.7, 2.56, 2.41, 2.33].map((loss, i) => ({ tokens: 1e6 * 2 ** i, loss }));
 * const { groups } = observe(tableOf("mine", losses), ["tokens"]);
 * for (const group of groups) {
 *   const [far] = predict(powerLawWithLimit, fit(powerLawWithLimit, group), [[1e8]]);
 *   console.log(far?.loss.toFixed(2), far?.curve?.lower?.toFixed(2), far?.curve?.upper?.toFixed(2)); // 2.21 2.07 2.36
 * }
 */
export function predict(
  law: Law,
  fit: Fit,
  x: readonly ArrayLike<number>[],
  options: { readonly level?: number } = {},
): readonly Prediction[] {
  if (law.name !== fit.law) {
    throw new InputError(`predict: the law must be that of the fit, ${fit.law}, got ${law.name}; give the same one`);
  }
  const count = x[0]?.length ?? 0;
  if (x.length !== law.variables.length || x.some((column) => column.length !== count)) {
    throw new InputError(
      `predict: ${law.name} takes ${law.variables.length} arrays of one length (${law.variables.join(", ")}), got lengths ${x.map((column) => column.length).join(", ")}; give a value of each for every point`,
    );
  }
  const theta = law.parameters.map(({ name }) => fit.parameters[name]?.estimate ?? Number.NaN);
  const { range, degreesOfFreedom, states } = noiseOf(law, fit);
  const level = options.level ?? 0.95;
  const main = mainVariable(law);
  const gradient = new Float64Array(theta.length);
  return Array.from({ length: count }, (_, i): Prediction => {
    const point = x.map((column) => at(column, i));
    const loss = law.gradient(theta, point, gradient);
    const unit = fit.space === "log" ? loss : 1;
    const along = placeIn(range, at(point, main));
    const curve = ({ covariance }: NoiseState) => quadratic(gradient, covariance) / unit ** 2;
    const newRun = (state: NoiseState) => curve(state) + variance(state, along);
    const around = (error: StandardError | null): Interval | null => {
      if (error === null || !Number.isFinite(error.value + loss) || degreesOfFreedom < 1) return null;
      const half = studentTwoSided(level, error.degreesOfFreedom) * error.value;
      const [lower, upper] =
        fit.space === "log" ? [loss * Math.exp(-half), loss * Math.exp(half)] : [loss - half, loss + half];
      return { level, lower, upper, method: "delta" };
    };
    const error = errorOver(states, curve, degreesOfFreedom);
    const size = (error?.value ?? Number.NaN) * unit;
    return {
      x: point,
      loss,
      standardError: Number.isFinite(size) ? size : null,
      curve: around(error),
      newRun:
        fit.weighted === true || fit.residualScale === null
          ? null
          : around(errorOver(states, newRun, degreesOfFreedom)),
    };
  });
}

/** Of a quantity with such a variance in each state of the noise; 0 of parameters that are all held, null where not defined. */
export function errorOver(
  states: readonly NoiseState[],
  variance: (state: NoiseState) => number,
  degreesOfFreedom: number,
): StandardError | null {
  const variances = states.map(variance);
  if (states.length > 0 && variances.every((value) => value === 0)) return { value: 0, degreesOfFreedom };
  const defined =
    states.length > 0 && degreesOfFreedom > 0 && variances.every((value) => value > 0 && Number.isFinite(value));
  return defined
    ? matchedError(
        variances,
        states.map(({ weight }) => weight),
        degreesOfFreedom,
      )
    : null;
}

/** What the record says of the noise, or noise of one size. */
export function noiseOf(law: Law, fit: Fit): FittedNoise {
  if (fit.noise !== null) return fit.noise;
  const covariance = covarianceOf(law, fit);
  const scale = fit.residualScale ?? Number.NaN;
  return {
    range: null,
    trend: null,
    degreesOfFreedom: fit.degreesOfFreedom,
    states:
      covariance === null
        ? []
        : [{ weight: 1, covariance: covariance.map((row) => [...row]), deviation: [scale, scale] }],
  };
}

/** Where x stands on the logarithmic axis of the noise, from 0 to 1. */
function placeIn(range: FittedNoise["range"], x: number): number {
  if (range === null) return 0;
  const place = Math.log(x / range[0]) / Math.log(range[1] / range[0]);
  return Math.min(1, Math.max(0, place));
}

/** Of the noise of a run. */
function variance({ deviation: [least, greatest] }: NoiseState, along: number): number {
  return (least * (greatest / least) ** along) ** 2;
}

/** Of all parameters of the law, rows by parameter: 0 for the ones held; null where one that is free has no error. */
export function covarianceOf(law: Law, fit: Fit): readonly Float64Array[] | null {
  const { correlation } = fit;
  if (correlation === null) return null;
  const places = law.parameters.map(({ name }) => correlation.names.indexOf(name));
  const errors = law.parameters.map(({ name }) => fit.parameters[name]?.standardError ?? Number.NaN);
  if (places.some((place, k) => place >= 0 && !Number.isFinite(errors[k]))) return null;
  return places.map((a, j) =>
    Float64Array.from(places, (b, k) =>
      a < 0 || b < 0 ? 0 : at(correlation.matrix[a] ?? [], b) * at(errors, j) * at(errors, k),
    ),
  );
}

/** gᵀ·M·g. */
export function quadratic(g: Float64Array, matrix: readonly ArrayLike<number>[]): number {
  return matrix.reduce((sum, row, j) => sum + at(g, j) * g.reduce((s, value, k) => s + value * at(row, k), 0), 0);
}
