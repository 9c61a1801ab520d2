// Forms put together by how they extrapolate: each is fitted to the smallest part of the data and scored on the rest, for
// several parts (expanding windows); shares go by that score, and the interval hears two witnesses: what the forms announce
// with the spread between them, and what the same construction got wrong beyond its windows, carried on with distance.
import { studentTwoSided } from "../base/distributions.js";
import { FitError } from "../base/errors.js";
import { mean } from "../base/mean.js";
import type { Observations } from "../curve/observations.js";
import type { Interval } from "../fit/record.js";
import { at } from "../law/law.js";
import { type Candidate, candidate, FORMS } from "./candidate.js";
import type { Form, ScoreRow } from "./forecasting.js";
import { type Announced, mixture, PARAMETERS } from "./mixture.js";
import { heard, type Surprise, scoreCard, slopeOf, UNJUDGED } from "./surprises.js";
import { errorOf, LEAST_WINDOW, windowsOf } from "./windows.js";

/** Errors below this (log loss) are not told apart. */
const FLOOR = 3e-4;
/**
 * How fast shares fall with error: 0 counts all forms alike, large takes the best alone. Between 1 and 2 the error on curves
 * of real learners and of simulated forms hardly changed; wider intervals went with 1, narrower with 2.
 */
const SHARPNESS = 1.5;

export interface Outlook extends Announced {
  /** Of the mean curve, by both witnesses. */
  readonly variance: number;
}

export interface Ensemble {
  readonly forms: readonly Form[];
  readonly scoreCard: readonly ScoreRow[];
  /** Variance of log loss of a run about the curve, near the end of the data, and how far it can be trusted. */
  readonly noise: number;
  readonly degreesOfFreedom: number;
  /** How many windows judged the forms. */
  readonly windows: number;
  readonly outlook: (x: number) => Outlook;
  /** Of the mean curve, and of a new run. */
  readonly intervals: (x: number, level: number) => { readonly curve: Interval; readonly newRun: Interval };
}

/**
 * log L̂(x) = Σ wⱼ·log Lⱼ(x), wⱼ ∝ (RMS log error of form j beyond the windows)^−1.5. The variance of the mean curve
 * d decades beyond the data is a quarter of what the forms announce, Σ wⱼ·σ²·qⱼ(x) + Σ wⱼ·(log Lⱼ − log L̂)², σ² the
 * noise near the end of the data, and three quarters of (s·d)², s² the mean over windows of Σ(error² − σ²)/Σd² of the same
 * construction, windows that end late counting more. Forms that agree and are wrong together announce little, forms that
 * nobody believes announce much, and windows too short for a bend to come show none: neither witness is left alone. Errors
 * grew about in proportion to d, from a half to two decades, on all curves tried.
 * Throws FitError with fewer than four distinct x.
 */
export function ensemble(observations: Observations): Ensemble {
  const raw = observations.x[0] ?? new Float64Array(0);
  const origin = Math.exp(mean(raw.map(Math.log)));
  const x = raw.map((v) => v / origin);
  const points = { ...observations, x: [x] };
  const distinct = [...new Set(x)].sort((a, b) => a - b);
  if (distinct.length < LEAST_WINDOW) {
    throw new FitError(
      `forecast: a curve needs ${LEAST_WINDOW} points at different x to be carried on, got ${distinct.length}; train to more horizons`,
    );
  }
  const full = FORMS.map(({ law, rigid }) =>
    distinct.length > law.parameters.length ? candidate(law, rigid, points, null) : null,
  );
  const windows = windowsOf(points, distinct, full);
  const errors = FORMS.map((_, j) => errorOf(windows, j));
  const weights = weightsOf(full, errors);
  const whole = mixture(points, full, weights);
  const surprises = windows.flatMap(({ edge, seen, ahead, fitted }) => {
    if (fitted.filter((one) => one !== null).length < 2) return [];
    const part = mixture(seen, fitted, weights);
    return [
      ahead.map(({ x: far, log: observed }): Surprise => {
        const { log, announced } = part.outlook(far);
        return { edge, x: far, decades: Math.log10(far / edge), error: log - observed, announced, noise: part.noise };
      }),
    ];
  });
  const slopes = surprises.map((rows) => slopeOf(rows, whole.noise));
  const last = at(distinct, distinct.length - 1);
  const degreesOfFreedom = Math.max(1, x.length - PARAMETERS);
  const outlook = (far: number): Outlook => {
    const says = whole.outlook(far / origin);
    return { ...says, variance: heard(says.announced, slopes, last, Math.log10(far / origin / last)) };
  };
  const noise = whole.noise * (slopes.length === 0 ? UNJUDGED : 1);
  const width = (level: number) => studentTwoSided(level, degreesOfFreedom);
  return {
    forms: FORMS.flatMap(({ law }, j) =>
      at(weights, j) > 0 ? [{ law: law.name, weight: at(weights, j), error: errors[j] ?? null }] : [],
    ),
    scoreCard: scoreCard(surprises, width(0.95)),
    noise,
    degreesOfFreedom,
    windows: surprises.length,
    outlook,
    intervals: (far, level) => {
      const { log, variance } = outlook(far);
      const around = (size: number): Interval => {
        const half = width(level) * Math.sqrt(size);
        return { level, lower: Math.exp(log - half), upper: Math.exp(log + half), method: "forms" };
      };
      return { curve: around(variance), newRun: around(variance + noise) };
    },
  };
}

/** Shares by error; alike where nothing could be judged. */
function weightsOf(full: readonly (Candidate | null)[], errors: readonly (number | null)[]): readonly number[] {
  const judged = errors.map((error, j) =>
    full[j] === null || error === null ? 0 : Math.hypot(error, FLOOR) ** -SHARPNESS,
  );
  const raw = judged.some((value) => value > 0) ? judged : full.map((one) => (one === null ? 0 : 1));
  const sum = raw.reduce((total, value) => total + value, 0);
  return raw.map((value) => value / sum);
}
