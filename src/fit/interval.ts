// How sure an estimate is: the delta method from the curvature, and the profile likelihood, which follows the other
// parameters along and says so where the data leave a side open.
import { factorQr, inverseGram } from "../base/linear-algebra.js";
import { at } from "../law/law.js";
import { studentTwoSided } from "./distributions.js";
import type { Interval } from "./fit.js";
import { descend } from "./levenberg-marquardt.js";
import { smoothedAbsolute } from "./loss.js";
import { type Problem, withFixed } from "./problem.js";

/** Squared scale of the residuals as the objective sees it, and the covariance of the free parameters. */
export interface Uncertainty {
  /** Rows by free parameter; null where not defined. A parameter on a bound has no row of its own (NaN). */
  readonly covariance: readonly Float64Array[] | null;
  /** Rise of the objective that one squared standard error makes. */
  readonly unitRise: number;
  readonly degreesOfFreedom: number;
}

/**
 * M-estimation covariance A·(JᵀJ)⁻¹ with A = [Σψ²/(n−p)]/[mean ψ′]² (Huber 1981, eq. 6.5); for squared loss this is
 * the usual s²(JᵀJ)⁻¹. The absolute loss takes mean ψ′ = 2f(0) from the residuals within a normal-reference bandwidth.
 */
export function uncertainty(
  problem: Problem,
  free: Float64Array,
  held: readonly number[],
  absolute: boolean,
): Uncertainty {
  const n = problem.points;
  const p = problem.names.length;
  const residuals = new Float64Array(n);
  const jacobian = new Float64Array(n * p);
  const degreesOfFreedom = n - p;
  const undefinedResult = { covariance: null, unitRise: 0, degreesOfFreedom };
  if (!problem.jacobian(free, residuals, jacobian) || degreesOfFreedom < 1) return undefinedResult;
  let squares = 0;
  let slopes = 0;
  const band = bandwidth(residuals);
  for (const r of residuals) {
    squares += absolute ? 1 : (problem.loss.weight(r) * r) ** 2;
    slopes += absolute ? (Math.abs(r) < band ? 1 / band : 0) : problem.loss.curvature(r);
  }
  const slope = slopes / n;
  if (!(slope > 0)) return undefinedResult;
  const scale = squares / degreesOfFreedom;
  const inside = problem.names.map((_, k) => k).filter((k) => !held.includes(k));
  const matrix = new Float64Array(n * inside.length);
  const norms = inside.map((k, j) => {
    const column = jacobian.subarray(k * n, (k + 1) * n);
    const norm = Math.sqrt(column.reduce((sum, v) => sum + v * v, 0)) || 1;
    matrix.set(
      column.map((v) => v / norm),
      j * n,
    );
    return norm;
  });
  factorQr(matrix, n, inside.length, residuals);
  const inverse = inverseGram(matrix, n, inside.length);
  const covariance =
    inverse === null
      ? null
      : problem.names.map((_, k) =>
          Float64Array.from(problem.names, (_name, m) => {
            const [a, b] = [inside.indexOf(k), inside.indexOf(m)];
            if (a < 0 || b < 0) return Number.NaN;
            return ((inverse[a]?.[b] ?? Number.NaN) / (norms[a] ?? 1) / (norms[b] ?? 1)) * (scale / slope ** 2);
          }),
        );
  return { covariance, unitRise: scale / slope / 2, degreesOfFreedom };
}

function bandwidth(residuals: Float64Array): number {
  const sizes = residuals.map(Math.abs).sort();
  const spread = 1.4826 * at(sizes, sizes.length >> 1);
  return Math.max(1.06 * spread * residuals.length ** -0.2, Number.MIN_VALUE);
}

/** One point of a profile: the parameter held at `value`, the others at their best. */
export interface ProfilePoint {
  readonly value: number;
  readonly cost: number;
  readonly free: Float64Array;
}

/** Near the answer: nearly undamped, and done when the rise of the objective is known to a billionth of it. */
const WARM = { iterations: 60, tolerance: 1e-9, damping: 1e-9 };

/** Walks a profile of one free parameter, each point warm-started from the nearest one before it. */
export function profiler(problem: Problem, best: Float64Array, index: number, covariance: Uncertainty["covariance"]) {
  const name = problem.names[index] ?? "";
  const known: ProfilePoint[] = [{ value: at(best, index), cost: Number.NaN, free: best }];
  const row = covariance?.[index];
  return (value: number): ProfilePoint => {
    const nearest = known.reduce((a, b) => (Math.abs(b.value - value) < Math.abs(a.value - value) ? b : a));
    const step = value - nearest.value;
    const inner = withFixed(problem, name, value);
    const outside = (vector: Float64Array) => vector.filter((_, k) => k !== index);
    // Along the profile the others move by their regression on this one, to first order.
    const tangent = outside(
      nearest.free.map((v, k) => {
        const slope = row === undefined ? 0 : at(row, k) / at(row, index);
        return v + (Number.isFinite(slope) ? slope * step : 0);
      }),
    );
    const stay = outside(nearest.free);
    const end = descend(inner, tangent, problem.loss, WARM) ?? descend(inner, stay, problem.loss, WARM);
    const free = Float64Array.from(problem.names, (_, k) =>
      k === index ? value : at(end?.free ?? stay, k < index ? k : k - 1),
    );
    const point = { value, cost: end?.cost ?? Number.POSITIVE_INFINITY, free };
    if (end !== null) known.push(point);
    return point;
  };
}

/** A profile interval, and a point with a lower objective than the optimum it started from, should the walk meet one. */
export interface ProfileInterval {
  readonly interval: Interval;
  readonly better: Float64Array | null;
}

/**
 * Values of parameter `index` at which the profiled objective has risen by t²·unitRise: for squared loss the exact
 * F(1, n−p) region of Bates & Watts (1988, §6.1). A side that reaches a bound, or never rises so far, is open: null.
 */
export function profileInterval(
  problem: Problem,
  best: Float64Array,
  bestCost: number,
  index: number,
  doubt: Uncertainty,
  level: number,
): ProfileInterval {
  const target = studentTwoSided(level, doubt.degreesOfFreedom);
  const at0 = at(best, index);
  const variance = at(doubt.covariance?.[index] ?? [], index);
  const spread = Number.isFinite(variance) && variance > 0 ? Math.sqrt(variance) : Math.abs(at0) * 0.1 || 0.1;
  const profile = profiler(problem, best, index, doubt.covariance);
  let better: Float64Array | null = null;
  const rise = (value: number): number => {
    const point = profile(value);
    if (point.cost < bestCost * (1 - 1e-7)) better = point.free;
    return Math.sqrt(Math.max(0, point.cost - bestCost) / doubt.unitRise) - target;
  };
  const side = (direction: 1 | -1): number | null => {
    const bound = direction > 0 ? at(problem.upper, index) : at(problem.lower, index);
    if (at0 === bound) return null;
    let inner = at0;
    let innerRise = -target;
    let width = target * spread;
    for (let expansion = 0; expansion < 40; expansion++) {
      const outer = direction > 0 ? Math.min(inner + width, bound) : Math.max(inner - width, bound);
      const outerRise = rise(outer);
      if (outerRise >= 0) return crossing(rise, inner, innerRise, outer, outerRise, spread);
      if (outer === bound) return null;
      // Barely rising: the profile levels off and no finite value is excluded.
      if (expansion > 6 && outerRise - innerRise < 1e-6 * target) return null;
      [inner, innerRise] = [outer, outerRise];
      width *= 1.6;
    }
    return null;
  };
  const lower = side(-1);
  const upper = side(1);
  return { interval: { level, lower, upper, method: "profile" }, better };
}

/** Root of `rise` between two values of opposite sign by the Illinois rule, to 1e−8 of the standard error. */
function crossing(
  rise: (value: number) => number,
  inner: number,
  innerRise: number,
  outer: number,
  outerRise: number,
  spread: number,
): number {
  let [a, fa, b, fb] = [inner, innerRise, outer, outerRise === Number.POSITIVE_INFINITY ? 1e3 : outerRise];
  for (let iteration = 0; iteration < 60 && Math.abs(b - a) > 1e-8 * spread; iteration++) {
    const middle = !Number.isFinite(fb) || iteration > 30 ? (a + b) / 2 : b - (fb * (b - a)) / (fb - fa);
    const value = rise(middle);
    if (Math.abs(value) < 1e-6) return middle;
    if (value > 0 === fb > 0) {
      [b, fb] = [middle, value];
      fa /= 2;
    } else [a, fa, b, fb] = [b, fb, middle, value];
  }
  return (a + b) / 2;
}

/** Problem with the absolute loss rounded off at a width far below its residuals, for profiles that need a slope. */
export function smoothed(problem: Problem, free: Float64Array): Problem {
  const residuals = new Float64Array(problem.points);
  problem.residuals(free, residuals);
  return { ...problem, loss: smoothedAbsolute(Math.max(bandwidth(residuals) * 1e-3, 1e-300)) };
}
