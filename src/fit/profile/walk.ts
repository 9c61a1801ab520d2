// Walking a profile: the best fit as one parameter is held at one value after another.

import { at } from "../../law/law.js";
import { withSlope } from "../problem/loss.js";
import { type Problem, withHeld } from "../problem/problem.js";
import { descend } from "../solve/descend.js";
import type { Uncertainty } from "../uncertainty.js";

/** Free parameters and the objective there. */
export interface Place {
  readonly free: Float64Array;
  readonly cost: number;
}

/** One point of a profile: the parameter held at `value`, the others at their best. */
export interface ProfilePoint extends Place {
  readonly value: number;
}

/** Walks a profile of one free parameter, each point warm-started from the nearest one before it. */
export function profiler(problem: Problem, best: Float64Array, index: number, covariance: Uncertainty["covariance"]) {
  const origin: ProfilePoint = { value: at(best, index), cost: Number.NaN, free: best };
  const known = [origin];
  const row = covariance?.[index];
  // Near the answer: nearly undamped, and done when the root of the rise is known to a millionth.
  const near = {
    iterations: 60,
    tolerance: 1e-6 / Math.max(1, problem.points - problem.names.length),
    from: "near",
  } as const;
  const anywhere = { ...near, iterations: 300, from: "anywhere" } as const;
  // With one nonlinear parameter the way along the profile is smooth (where there are two valleys, within one of them); with
  // more, a start may lead to a worse one.
  const single = problem.linear.filter((isLinear) => !isLinear).length < 2;
  const heldAt = withHeld(problem, index);
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
    if (Number.isFinite(point.cost) && !known.some((other) => other.value === value)) known.push(point);
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

/** Factors of the values at `nodes` in the polynomial through them, at `x` (Lagrange). */
export function lagrange(nodes: readonly number[], x: number): number[] {
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
