// How sure an estimate is: the delta method from the curvature, and the profile likelihood, which follows the other
// parameters along and says so where the data leave a side open.

import { at } from "../law/law.js";
import type { Linearized } from "./linearize.js";
import { withSlope } from "./problem/loss.js";
import { cost, type Problem, withHeld } from "./problem/problem.js";
import type { Interval } from "./record.js";
import { descend } from "./solve/descend.js";
import type { Solved } from "./solve/solve.js";
import { dot, equalCovariance } from "./variance/linearization.js";

/** Under noise of one size, each point's own. */
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
export function uncertainty({ problem, solution }: Solved, { fit, basis, gradient }: Linearized): Uncertainty {
  const degreesOfFreedom = problem.points - problem.names.length;
  const slope = at(fit.slope, 0);
  if (degreesOfFreedom < 1 || !(slope > 0)) return { covariance: null, unitRise: 0, degreesOfFreedom };
  const level = dot(fit.score, fit.score) / degreesOfFreedom;
  const { weight, curvature } = problem.loss;
  const unit = curvature(0) === 0 ? 1 : weight(0);
  if (basis === null) return { covariance: null, unitRise: (unit * level) / slope / 2, degreesOfFreedom };
  const p = problem.names.length;
  const units = problem.names.map((_, k) =>
    gradient([Float64Array.from({ length: p }, (_unit, m) => Number(m === k))]),
  );
  const equal = equalCovariance(basis, units);
  // On a bound a parameter takes up no point, but is still one of those that were fitted.
  const factor = basis.degreesOfFreedom / degreesOfFreedom;
  const held = (k: number) => solution.held.includes(k);
  const covariance = problem.names.map((_, k) =>
    Float64Array.from({ length: p }, (_entry, m) => (held(k) || held(m) ? Number.NaN : at(equal, k * p + m) * factor)),
  );
  return { covariance, unitRise: (unit * level) / slope / 2, degreesOfFreedom };
}

/** One point of a profile: the parameter held at `value`, the others at their best. */
export interface ProfilePoint {
  readonly value: number;
  readonly cost: number;
  readonly free: Float64Array;
}

/** Walks a profile of one free parameter, each point warm-started from the nearest one before it. */
export function profiler(problem: Problem, best: Float64Array, index: number, covariance: Uncertainty["covariance"]) {
  const origin: ProfilePoint = { value: at(best, index), cost: Number.NaN, free: best };
  const known = [origin];
  const row = covariance?.[index];
  // Near the answer: nearly undamped, and done when the root of the rise is known to a millionth.
  const near = { iterations: 60, tolerance: 1e-6 / Math.max(1, problem.points - problem.names.length), near: true };
  const anywhere = { ...near, iterations: 300, near: false };
  // With one nonlinear parameter the inner minimum is nearly always the only one (not where a coefficient is held and the
  // data hardly tell the limit); with more, a start may lead to a worse one.
  const single = problem.linear.filter((isLinear) => !isLinear).length < 2;
  const heldAt = withHeld(problem, index);
  // So far out a law may have lost its shape (a limit above all losses leaves no coefficient): no way to start back from.
  const farthest = 10 * cost(problem, best, new Float64Array(problem.points));
  return (value: number): ProfilePoint => {
    known.sort((a, b) => Math.abs(a.value - value) - Math.abs(b.value - value));
    const [nearest = origin] = known;
    const inner = heldAt(value);
    const outside = (vector: Float64Array) => vector.filter((_, k) => k !== index);
    // Along the profile the others move by their regression on this one, to first order; from the second point on, the
    // parabola through the nearest ones knows the bend.
    const tangent = outside(
      origin.free.map((v, k) => {
        const slope = row === undefined ? 0 : at(row, k) / at(row, index);
        return v + (Number.isFinite(slope) ? slope * (value - origin.value) : 0);
      }),
    );
    const ahead = known.length < 2 ? tangent : outside(parabola(known.slice(0, 3), value));
    let end = single ? descend(inner, ahead, problem.loss, near) : null;
    if (end === null || !end.settled) {
      for (const start of [ahead, tangent, outside(nearest.free), outside(origin.free)]) {
        const other = descend(inner, start, problem.loss, anywhere);
        if (other !== null && (end === null || other.cost < end.cost)) end = other;
      }
    }
    const others = end?.free ?? outside(nearest.free);
    const free = Float64Array.from(problem.names, (_, k) => (k === index ? value : at(others, k < index ? k : k - 1)));
    const point = { value, cost: end?.cost ?? Number.POSITIVE_INFINITY, free };
    if (point.cost <= farthest && !known.some((other) => other.value === value)) known.push(point);
    return point;
  };
}

/** The free parameters on the line or parabola through two or three points of a profile, at `value`. */
function parabola(points: readonly ProfilePoint[], value: number): Float64Array {
  const weights = lagrange(
    points.map((point) => point.value),
    value,
  );
  const [first] = points;
  if (first === undefined) return new Float64Array(0);
  return first.free.map((_, k) => points.reduce((sum, point, j) => sum + at(weights, j) * at(point.free, k), 0));
}

/** A profile interval, and a point with a lower objective than the optimum it started from, should the walk meet one. */
export interface ProfileInterval {
  readonly interval: Interval;
  readonly better: Float64Array | null;
}

/**
 * Values of parameter `index` at which the profiled objective has risen by target²·unitRise: with t of n − p degrees of
 * freedom for a target, and squared loss, the exact F(1, n−p) region of Bates & Watts (1988, §6.1). A side that reaches a
 * bound, or never rises so far, is open: null.
 */
export function profileInterval(
  problem: Problem,
  best: Float64Array,
  bestCost: number,
  index: number,
  doubt: Uncertainty,
  level: number,
  target: number,
): ProfileInterval {
  const at0 = at(best, index);
  const variance = at(doubt.covariance?.[index] ?? [], index);
  const spread = Number.isFinite(variance) && variance > 0 ? Math.sqrt(variance) : Math.abs(at0) * 0.1 || 0.1;
  const profile = profiler(problem, best, index, doubt.covariance);
  let better: Float64Array | null = null;
  // The profile as its signed root: nearly a straight line in the parameter, and its inverse easily interpolated.
  const walked = [{ t: 0, value: at0 }];
  const root = (value: number): number => {
    const point = profile(value);
    if (point.cost < bestCost * (1 - 1e-7)) better = point.free;
    const t = Math.sign(value - at0) * Math.sqrt(Math.max(0, point.cost - bestCost) / doubt.unitRise);
    if (Number.isFinite(t) && walked.every((other) => other.t !== t)) walked.push({ t, value });
    return t;
  };
  /** Where the walk so far says that the root is `t`; NaN before it has two points. */
  const inverse = (t: number): number => {
    const near = walked.toSorted((a, b) => Math.abs(a.t - t) - Math.abs(b.t - t)).slice(0, 4);
    if (near.length < 2) return Number.NaN;
    const weights = lagrange(
      near.map((point) => point.t),
      t,
    );
    return near.reduce((sum, { value }, j) => sum + at(weights, j) * value, 0);
  };
  const side = (direction: 1 | -1): number | null => {
    const bound = direction > 0 ? at(problem.upper, index) : at(problem.lower, index);
    if (at0 === bound) return null;
    const beyond = (value: number) => direction * root(value) - target;
    const clip = (value: number) => (direction > 0 ? Math.min(value, bound) : Math.max(value, bound));
    let inner = { value: at0, excess: -target };
    let width = target * spread;
    for (let expansion = 0; expansion < 40; expansion++) {
      const value = clip(inner.value + direction * width);
      const outer = { value, excess: beyond(value) };
      if (outer.excess >= 0) return crossing(beyond, () => inverse(direction * target), inner, outer, spread);
      if (value === bound) return null;
      // Barely rising: the profile levels off and no finite value is excluded.
      if (expansion > 6 && outer.excess - inner.excess < 1e-6 * target) return null;
      inner = outer;
      width *= 1.6;
    }
    return null;
  };
  const lower = side(-1);
  const upper = side(1);
  return { interval: { level, lower, upper, method: "profile" }, better };
}

interface Bracketed {
  readonly value: number;
  readonly excess: number;
}

/**
 * Root of `beyond` between a value below and one above, to 1e−8 of the standard error: by `guess` while it helps, else
 * by halves.
 */
function crossing(
  beyond: (value: number) => number,
  guess: () => number,
  inner: Bracketed,
  outer: Bracketed,
  spread: number,
): number {
  let [below, above] = [inner, outer];
  for (let iteration = 0; iteration < 80 && Math.abs(above.value - below.value) > 1e-8 * spread; iteration++) {
    const guessed = iteration < 12 ? guess() : Number.NaN;
    const inside = (guessed - below.value) * (guessed - above.value) < 0;
    const value = inside ? guessed : (below.value + above.value) / 2;
    const excess = beyond(value);
    if (Math.abs(excess) < 1e-6) return value;
    if (excess > 0) above = { value, excess };
    else below = { value, excess };
  }
  return (below.value + above.value) / 2;
}

/** Factors of the values at `nodes` in the polynomial through them, at `x` (Lagrange). */
function lagrange(nodes: readonly number[], x: number): number[] {
  return nodes.map((node, j) =>
    nodes.reduce((product, other, m) => (m === j ? product : (product * (x - other)) / (node - other)), 1),
  );
}

/** The problem with a loss that has a slope at 0, for profiles. */
export function smoothed(problem: Problem, free: Float64Array): Problem {
  const residuals = new Float64Array(problem.points);
  problem.residuals(free, residuals);
  return { ...problem, loss: withSlope(problem.loss, residuals) };
}
