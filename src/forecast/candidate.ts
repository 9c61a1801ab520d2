// One form of law as a forecaster: fitted to a few digits, within bounds that keep its extrapolation sane.
import { extent } from "../base/extent.js";
import { factorQr, inverseGram } from "../base/linear-algebra.js";
import type { Observations } from "../curve/observations.js";
import { makeProblem } from "../fit/problem/columns.js";
import { fullTheta, type Problem, withData } from "../fit/problem/problem.js";
import { DEFAULT_FIT_OPTIONS } from "../fit/record.js";
import { descend } from "../fit/solve/descend.js";
import { rankedStarts } from "../fit/solve/starts.js";
import { brokenPowerLaw } from "../law/broken.js";
import { at, type Law } from "../law/law.js";
import { powerLaw, powerLawWithLimit } from "../law/power-law.js";
import { shiftedPowerLaw, sigmoidPowerLaw } from "../law/shifted.js";

/**
 * The forms that compete. Rigid ones miss a shape somewhere and should miss it far from where the forecast goes: their
 * points count half for every quarter decade before the last. Flexible ones need all points alike.
 */
export const FORMS: readonly { readonly law: Law; readonly rigid: boolean }[] = [
  { law: powerLaw, rigid: true },
  { law: powerLawWithLimit, rigid: true },
  { law: shiftedPowerLaw, rigid: true },
  { law: sigmoidPowerLaw, rigid: false },
  { law: brokenPowerLaw, rigid: false },
];
const HALVED_OVER = 0.25;

const STARTS = 3;
/** A forecast needs a few digits; the combination's spread is in the second. */
const DESCENT = { iterations: 60, tolerance: 1e-5 };
/** Share of a column's length that keeps (JᵀWJ)⁻¹ finite where the data say nothing of a parameter. */
const RIDGE = 1e-3;

export interface Candidate {
  readonly law: Law;
  readonly free: Float64Array;
  readonly theta: Float64Array;
  /** Of the parameters in units of the noise's variance; null where the law has no slope. */
  readonly covariance: readonly Float64Array[] | null;
}

/** How much a point at x counts for what comes after the last one. */
export const recency = (x: number, last: number): number => 0.5 ** (Math.log10(last / x) / HALVED_OVER);

/** `observations.x` = [x], in units of its middle. Null where the form has no finite value at any start. */
export function candidate(
  law: Law,
  rigid: boolean,
  observations: Observations,
  warm: Float64Array | null,
): Candidate | null {
  const x = observations.x[0] ?? new Float64Array(0);
  const plain = makeProblem(law, [observations], { ...DEFAULT_FIT_OPTIONS, bounds: boundsOf(law, observations) });
  const [, last] = extent(x);
  const problem = rigid
    ? withData(
        plain,
        plain.observed,
        x.map((v) => Math.sqrt(recency(v, last))),
      )
    : plain;
  const starts =
    warm === null
      ? rankedStarts(problem)
          .slice(0, STARTS)
          .map(({ free }) => free)
      : [warm];
  let [best, least]: [Float64Array | null, number] = [null, Number.POSITIVE_INFINITY];
  for (const start of starts) {
    const end = descend(problem, start, problem.loss, DESCENT);
    if (end !== null && end.cost < least) [best, least] = [end.free, end.cost];
  }
  if (best === null) return null;
  return { law, free: best, theta: fullTheta(problem, best), covariance: sandwich(problem, best) };
}

/** Bounds far outside what losses do, where a form would else be another one, or bend where there are no data. */
function boundsOf(law: Law, observations: Observations): Readonly<Record<string, readonly [number, number]>> {
  const x = observations.x[0] ?? new Float64Array(0);
  const [low, high] = extent(x);
  const [, most] = extent(observations.loss);
  if (law === sigmoidPowerLaw) return { alpha: [0, 3], L0: [0, 3 * most], c: [0, 3] };
  if (law === brokenPowerLaw) return { c0: [-0.5, 2], c1: [-2, 2], d1: [low, high], f1: [0.05, 2] };
  if (law === shiftedPowerLaw) return { c: [0, 5] };
  return { exponent: [0, 3] };
}

/** (JᵀWJ)⁻¹·JᵀW²J·(JᵀWJ)⁻¹: of estimates weighted by W under noise that is not. */
function sandwich(problem: Problem, free: Float64Array): readonly Float64Array[] | null {
  const [n, p] = [problem.points, problem.names.length];
  const jacobian = new Float64Array(n * p);
  if (!problem.jacobian(free, new Float64Array(n), jacobian)) return null;
  const rows = n + p;
  const matrix = new Float64Array(rows * p);
  const norms = problem.names.map((_, k) => {
    const column = jacobian.subarray(k * n, (k + 1) * n);
    const norm = Math.sqrt(column.reduce((sum, v) => sum + v * v, 0)) || 1;
    matrix.set(
      column.map((v) => v / norm),
      k * rows,
    );
    matrix[k * rows + n + k] = RIDGE;
    return norm;
  });
  factorQr(matrix, rows, p, new Float64Array(rows));
  const inverse = inverseGram(matrix, rows, p);
  if (inverse === null) return null;
  const bread = inverse.map((row, a) => row.map((v, b) => v / at(norms, a) / at(norms, b)));
  // Rows moved by one point's error: the bread times its weighted row.
  const moved = Array.from({ length: n }, (_, i) =>
    bread.map((row) => row.reduce((sum, v, k) => sum + v * at(jacobian, k * n + i), 0) * at(problem.weights, i)),
  );
  return problem.names.map((_, a) =>
    Float64Array.from({ length: p }, (_, b) => moved.reduce((sum, row) => sum + at(row, a) * at(row, b), 0)),
  );
}

/** log of the form's loss at x, and the variance of that in units of the noise's. */
export function predicted(one: Candidate, x: number): { readonly log: number; readonly spread: number } {
  const gradient = new Float64Array(one.theta.length);
  const loss = one.law.gradient(one.theta, [x], gradient);
  const { covariance } = one;
  if (covariance === null) return { log: Math.log(loss), spread: Number.POSITIVE_INFINITY };
  const quadratic = covariance.reduce(
    (sum, row, j) => sum + at(gradient, j) * row.reduce((s, v, k) => s + v * at(gradient, k), 0),
    0,
  );
  return { log: Math.log(loss), spread: quadratic / loss ** 2 };
}
