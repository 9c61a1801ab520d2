// Forms put together by how they extrapolate: each is fitted to the smallest part of the data and scored on the rest, for
// several parts (expanding windows); shares go by that score, and the spread between forms stays in the interval.

import { studentTwoSided } from "../base/distributions.js";
import { FitError } from "../base/errors.js";
import type { Observations } from "../curve/observations.js";
import { pick } from "../fit/held-out.js";
import type { Interval } from "../fit/record.js";
import { at } from "../law/law.js";
import { type Candidate, candidate, FORMS, predicted, recency } from "./candidate.js";
import type { Form, ScoreRow } from "./forecasting.js";

/** Parts of the distinct x that windows take. */
const WINDOWS = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const LEAST_WINDOW = 4;
/** Without a window to judge by, errors are taken for this much larger in variance. */
const UNJUDGED = 2;
/** Windows that came out as announced, in whose company those are counted that did better: a few alone would say too much. */
const PRIOR = 6;
/** Errors below this (log loss) are not told apart. */
const FLOOR = 3e-4;
/**
 * How fast shares fall with error: 0 counts all forms alike, large takes the best alone. Between 1 and 2 the error on curves
 * of real learners and of simulated forms hardly changed; wider intervals went with 1, narrower with 2.
 */
const SHARPNESS = 1.5;
/** Parameters that the noise's degrees of freedom are counted against: those of the middle form. */
const PARAMETERS = 3;

interface Member {
  readonly one: Candidate;
  readonly weight: number;
}

/** What the forms together say of the loss at x, as a normal law of its logarithm. */
export interface Outlook {
  readonly log: number;
  /** Of the mean curve: the forms' own errors, and the spread between them. */
  readonly variance: number;
  /** The part that is the forms' own. */
  readonly within: number;
  readonly byForm: readonly number[];
}

export interface Ensemble {
  readonly forms: readonly Form[];
  readonly scoreCard: readonly ScoreRow[];
  /** Variance of log loss of a run about the curve, near the end of the data, and how far it can be trusted. */
  readonly noise: number;
  readonly degreesOfFreedom: number;
  /** How many windows judged the forms. */
  readonly windows: number;
  /** κ, by which variances were raised. */
  readonly inflation: number;
  readonly outlook: (x: number) => Outlook;
  /** Of the mean curve, and of a new run. */
  readonly intervals: (x: number, level: number) => { readonly curve: Interval; readonly newRun: Interval };
}

/**
 * log L̂(x) = Σ wⱼ·log Lⱼ(x), wⱼ ∝ (RMS log error of form j beyond the windows)^−1.5. Its variance is
 * κ·[Σ wⱼ·σ²·qⱼ(x) + Σ wⱼ·(log Lⱼ − log L̂)²], σ² the noise near the end of the data, and κ the mean square
 * of what the same construction got wrong beyond its own windows over what it had announced; where it had announced
 * too much, drawn towards 1.
 * Throws FitError with fewer than four distinct x.
 */
export function ensemble(observations: Observations): Ensemble {
  const raw = observations.x[0] ?? new Float64Array(0);
  const origin = Math.exp(raw.reduce((sum, v) => sum + Math.log(v), 0) / raw.length);
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
  const sizes = WINDOWS.map((share) => Math.max(LEAST_WINDOW, Math.round(share * distinct.length)));
  const windows = [...new Set(sizes)]
    .filter((size) => size < distinct.length)
    .map((size) => windowOf(points, distinct, size, full));
  const errors = FORMS.map((_, j) => errorOf(windows, j));
  const weights = weightsOf(full, errors);
  const whole = together(points, full, weights);
  const surprises = windows.flatMap(({ seen, ahead, fitted }) => {
    if (fitted.filter((one) => one !== null).length < 2) return [];
    const part = together(seen, fitted, weights);
    return [
      ahead.map(({ x: far, log, decades }) => {
        const { log: mean, variance } = part.outlook(far);
        return { decades, error: mean - log, variance: variance + part.noise };
      }),
    ];
  });
  const squares = surprises.map((rows) => meanOf(rows.map(({ error, variance }) => error ** 2 / variance)));
  const surprise = meanOf(squares);
  const inflation =
    squares.length === 0
      ? UNJUDGED
      : Math.max(surprise, (PRIOR + squares.length * surprise) / (PRIOR + squares.length));
  const degreesOfFreedom = Math.max(1, x.length - PARAMETERS);
  const outlook = (far: number): Outlook => {
    const { log, variance, within, byForm } = whole.outlook(far / origin);
    return { log, variance: inflation * variance, within: inflation * within, byForm };
  };
  const noise = inflation * whole.noise;
  const width = (level: number) => studentTwoSided(level, degreesOfFreedom);
  return {
    forms: FORMS.flatMap(({ law }, j) =>
      at(weights, j) > 0 ? [{ law: law.name, weight: at(weights, j), error: errors[j] ?? null }] : [],
    ),
    scoreCard: scoreCard(surprises.flat(), Math.sqrt(inflation) * width(0.95)),
    noise,
    degreesOfFreedom,
    windows: surprises.length,
    inflation,
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

interface Window {
  readonly seen: Observations;
  readonly fitted: readonly (Candidate | null)[];
  readonly ahead: readonly { readonly x: number; readonly log: number; readonly decades: number }[];
}

function windowOf(
  points: Observations,
  distinct: readonly number[],
  size: number,
  full: readonly (Candidate | null)[],
): Window {
  const x = points.x[0] ?? new Float64Array(0);
  const edge = at(distinct, size - 1);
  const seen = pick(
    points,
    Array.from(x.keys()).filter((i) => at(x, i) <= edge),
  );
  return {
    seen,
    fitted: FORMS.map(({ law, rigid }, j) => {
      const whole = full[j] ?? null;
      return whole === null || size <= law.parameters.length ? null : candidate(law, rigid, seen, whole.free);
    }),
    ahead: Array.from(x.keys())
      .filter((i) => at(x, i) > edge)
      .map((i) => ({
        x: at(x, i),
        log: Math.log(at(points.loss, i)),
        decades: Math.log10(at(x, i) / edge),
      })),
  };
}

/** Root of the mean over windows of the mean square beyond each; null where no window could fit the form. */
function errorOf(windows: readonly Window[], j: number): number | null {
  const squares = windows.flatMap(({ fitted, ahead }) => {
    const one = fitted[j] ?? null;
    return one === null ? [] : [meanOf(ahead.map(({ x, log }) => (predicted(one, x).log - log) ** 2))];
  });
  const mean = meanOf(squares);
  return Number.isFinite(mean) ? Math.sqrt(mean) : null;
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

/** The forms that were fitted, with their shares among themselves, and the noise about the best of them. */
function together(
  seen: Observations,
  fitted: readonly (Candidate | null)[],
  weights: readonly number[],
): { readonly noise: number; readonly outlook: (x: number) => Outlook } {
  const present = fitted.flatMap((one, j) =>
    one === null || at(weights, j) === 0 ? [] : [{ one, weight: at(weights, j) }],
  );
  const sum = present.reduce((total, { weight }) => total + weight, 0);
  const members: readonly Member[] = present.map(({ one, weight }) => ({ one, weight: weight / sum }));
  const noise = noiseOf(seen, members);
  return {
    noise,
    outlook: (x) => {
      const says = members.map(({ one }) => predicted(one, x));
      const log = members.reduce((total, { weight }, j) => total + weight * (says[j]?.log ?? Number.NaN), 0);
      const spread = (j: number) => Math.min((says[j]?.spread ?? 0) * noise, 4);
      const within = members.reduce((total, { weight }, j) => total + weight * spread(j), 0);
      const between = members.reduce((total, { weight }, j) => total + weight * ((says[j]?.log ?? 0) - log) ** 2, 0);
      return {
        log,
        variance: within + between,
        within,
        byForm: says.map(({ log: own }) => Math.exp(own)),
      };
    },
  };
}

/** Mean square residual of the form that fits best where it matters, points counted by recency. */
function noiseOf(seen: Observations, members: readonly Member[]): number {
  const x = seen.x[0] ?? new Float64Array(0);
  const n = x.length;
  const last = x.reduce((m, v) => Math.max(m, v), 0);
  const counts = x.map((v) => recency(v, last));
  const total = counts.reduce((sum, v) => sum + v, 0);
  const squares = members.map(({ one }) =>
    counts.reduce((sum, count, i) => sum + count * (predicted(one, at(x, i)).log - Math.log(at(seen.loss, i))) ** 2, 0),
  );
  return ((Math.min(...squares) / total) * n) / Math.max(1, n - PARAMETERS);
}

interface Surprise {
  readonly decades: number;
  readonly error: number;
  readonly variance: number;
}

/** Rows of a quarter decade up to half of one, then by halves. */
function scoreCard(surprises: readonly Surprise[], width: number): readonly ScoreRow[] {
  const edges = [0, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10];
  return edges.slice(1).flatMap((to, i) => {
    const from = at(edges, i);
    const inside = surprises.filter(({ decades }) => decades > from && decades <= to);
    if (inside.length === 0) return [];
    return [
      {
        from,
        to,
        points: inside.length,
        error: Math.sqrt(meanOf(inside.map(({ error }) => error ** 2))),
        held: meanOf(inside.map(({ error, variance }) => (Math.abs(error) <= width * Math.sqrt(variance) ? 1 : 0))),
      },
    ];
  });
}

const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
