// Forms put together by how they extrapolate: each is fitted to the smallest part of the data and scored on the rest, for
// several parts (expanding windows); shares go by that score, and the interval hears two witnesses: what the forms announce
// with the spread between them, and what the same construction got wrong beyond its windows, carried on with distance.

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
interface Announced {
  readonly log: number;
  /** Of the mean curve: the forms' own errors, and the spread between them. */
  readonly announced: number;
  /** The part that is the forms' own. */
  readonly within: number;
  readonly byForm: readonly number[];
}

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
  /** s, the error of log loss per decade beyond windows; null without one. */
  readonly slopeError: number | null;
  readonly outlook: (x: number) => Outlook;
  /** Of the mean curve, and of a new run. */
  readonly intervals: (x: number, level: number) => { readonly curve: Interval; readonly newRun: Interval };
}

/**
 * log L̂(x) = Σ wⱼ·log Lⱼ(x), wⱼ ∝ (RMS log error of form j beyond the windows)^−1.5. The variance of the mean curve
 * d decades beyond the data is the mean of two: what the forms announce, Σ wⱼ·σ²·qⱼ(x) + Σ wⱼ·(log Lⱼ − log L̂)², σ² the
 * noise near the end of the data, and (s·d)², s² the mean over windows of Σ(error² − σ²)/Σd² of the same construction.
 * Forms that agree and are wrong together announce little, and windows too short for a bend to come show none: neither
 * witness is left alone. Errors grew about in proportion to d, from a half to two decades, on all curves tried.
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
  const surprises = windows.flatMap(({ edge, seen, ahead, fitted }) => {
    if (fitted.filter((one) => one !== null).length < 2) return [];
    const part = together(seen, fitted, weights);
    return [
      ahead.map(({ x: far, log: observed }): Surprise => {
        const { log, announced } = part.outlook(far);
        return { edge, x: far, decades: Math.log10(far / edge), error: log - observed, announced, noise: part.noise };
      }),
    ];
  });
  const slopes = surprises.map((rows) => slopeSquare(rows, whole.noise));
  const last = at(distinct, distinct.length - 1);
  const degreesOfFreedom = Math.max(1, x.length - PARAMETERS);
  const outlook = (far: number): Outlook => {
    const says = whole.outlook(far / origin);
    return { ...says, variance: heard(says.announced, slopes, Math.log10(far / origin / last)) };
  };
  const noise = whole.noise * (slopes.length === 0 ? UNJUDGED : 1);
  const width = (level: number) => studentTwoSided(level, degreesOfFreedom);
  return {
    forms: FORMS.flatMap(({ law }, j) =>
      at(weights, j) > 0 ? [{ law: law.name, weight: at(weights, j), error: errors[j] ?? null }] : [],
    ),
    scoreCard: scoreCard(
      // As it was announced there, by what smaller windows had got wrong up to its edge.
      surprises.flatMap((rows, w) =>
        rows.map((row) => {
          const before = surprises.slice(0, w).map((earlier) => earlier.filter(({ x: seen }) => seen <= row.edge));
          const known = before.map((earlier) => slopeSquare(earlier, row.noise));
          const half = width(0.95) * Math.sqrt(heard(row.announced, known, row.decades) + row.noise);
          return { ...row, half };
        }),
      ),
    ),
    noise,
    degreesOfFreedom,
    windows: surprises.length,
    slopeError: slopes.length === 0 ? null : Math.sqrt(meanOf(slopes)),
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

interface Surprise {
  /** Largest x of the window, and the x beyond it. */
  readonly edge: number;
  readonly x: number;
  readonly decades: number;
  readonly error: number;
  readonly announced: number;
  readonly noise: number;
}

/** s² of one window: Σ(error² − σ²)/Σd², not below 0. */
function slopeSquare(rows: readonly Surprise[], noise: number): number {
  const beyondNoise = rows.reduce((sum, { error }) => sum + error ** 2 - noise, 0);
  return Math.max(0, beyondNoise) / rows.reduce((sum, { decades }) => sum + decades ** 2, 0);
}

/** The mean of both witnesses; the forms alone, taken for surer than they are, without a window. Inside the data d = 0. */
function heard(announced: number, slopes: readonly number[], decades: number): number {
  return slopes.length === 0 ? UNJUDGED * announced : (announced + meanOf(slopes) * Math.max(0, decades) ** 2) / 2;
}

interface Window {
  /** Its largest x. */
  readonly edge: number;
  readonly seen: Observations;
  readonly fitted: readonly (Candidate | null)[];
  readonly ahead: readonly { readonly x: number; readonly log: number }[];
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
    edge,
    seen,
    fitted: FORMS.map(({ law, rigid }, j) => {
      const whole = full[j] ?? null;
      return whole === null || size <= law.parameters.length ? null : candidate(law, rigid, seen, whole.free);
    }),
    ahead: Array.from(x.keys())
      .filter((i) => at(x, i) > edge)
      .map((i) => ({ x: at(x, i), log: Math.log(at(points.loss, i)) })),
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
): { readonly noise: number; readonly outlook: (x: number) => Announced } {
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
        announced: within + between,
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

/** Rows of a quarter decade up to half of one, then by halves. */
function scoreCard(surprises: readonly (Surprise & { readonly half: number })[]): readonly ScoreRow[] {
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
        held: meanOf(inside.map(({ error, half }) => (Math.abs(error) <= half ? 1 : 0))),
      },
    ];
  });
}

const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
