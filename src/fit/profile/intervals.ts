// Profile intervals: where the best fit, with one parameter held, is as much worse as it may be.

import { at } from "../../law/law.js";
import type { Problem } from "../problem/problem.js";
import type { Interval } from "../record.js";
import type { Uncertainty } from "../uncertainty.js";
import { lagrange, profiler } from "./walk.js";

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
