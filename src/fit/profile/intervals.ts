// Profile intervals: where the best fit, with one parameter held, is as much worse as it may be.

import { at } from "../../law/law.js";
import type { Problem } from "../problem/problem.js";
import type { Interval } from "../record.js";
import type { Uncertainty } from "../uncertainty.js";
import { type Met, outwards, type Side, walks } from "./outwards.js";

export interface ProfileIntervals {
  /** One per free parameter. */
  readonly intervals: readonly Interval[];
  /** The points of the walks nearest to the lower and the upper end of each, or their last ones. */
  readonly ends: readonly (readonly Float64Array[])[];
  /** The lowest point of the walks, should it lie below the optimum that they started from. */
  readonly better: Float64Array | null;
}

/**
 * Values of each parameter at which its profiled objective has risen by target²·unitRise: with t of n − p degrees of
 * freedom for a target, and squared loss, the exact F(1, n−p) region of Bates & Watts (1988, §6.1). A side that reaches a
 * bound, or never rises so far, is open: null.
 *
 * With one parameter held, the rest may have two valleys (a coefficient that of a steep curve to a high limit, or of a
 * flat one to none), and a walk stays in its own. The profiles of the other parameters pass through both: an end is asked
 * for again from where they met another valley near it, and the walk goes on from there if that fits better.
 *
 * @param targets one per free parameter
 */
export function profileIntervals(
  problem: Problem,
  best: Met,
  doubt: Uncertainty,
  level: number,
  targets: readonly number[],
): ProfileIntervals {
  const { met, from } = walks(problem, best, doubt);
  const sides = targets.flatMap((target, index): Side[] => {
    const estimate = at(best.free, index);
    const variance = at(doubt.covariance?.[index] ?? [], index);
    const spread = Number.isFinite(variance) && variance > 0 ? Math.sqrt(variance) : Math.abs(estimate) * 0.1 || 0.1;
    const walk = from(index, best.free, doubt.covariance);
    return ([-1, 1] as const).map((direction): Side => {
      const bound = at(direction < 0 ? problem.lower : problem.upper, index);
      const side = { index, direction, estimate, target, bound, spread, end: { value: null, free: best.free, t: 0 } };
      const start = { value: estimate, excess: -target };
      return estimate === bound ? side : { ...side, end: outwards(walk, side, start, target * spread) };
    });
  });
  /** Walks on past an end from another point, if the best fit near that point is better there; whether it came farther. */
  const gonePast = (side: Side, point: Float64Array): boolean => {
    const { index, direction, estimate, target, spread, end } = side;
    if (end.value === null) return false;
    const walk = from(index, point, null);
    const start = { value: end.value, excess: direction * walk.root(end.value) - target };
    if (start.excess > -1e-4 * target) return false;
    const way = Math.abs(end.value - estimate);
    side.end = outwards(walk, side, start, Math.max(way / 8, 1e-3 * spread));
    return side.end.value === null || Math.abs(side.end.value - end.value) > 1e-4 * way;
  };
  for (let round = 0, changed = true; changed && round < 8; round++) {
    changed = false;
    for (const side of sides) {
      for (const other of sides) {
        const doubtful = other === side ? torn(side) : inOtherValley(side, other.end.free, best.free);
        if (doubtful && gonePast(side, other.end.free)) changed = true;
      }
    }
  }
  const ofParameter = (index: number) => sides.filter((side) => side.index === index).map(({ end }) => end);
  const lowest = met.reduce<Met | null>((low, one) => (low !== null && low.cost <= one.cost ? low : one), null);
  return {
    intervals: targets.map((_, index) => {
      const [lower = null, upper = null] = ofParameter(index).map(({ value }) => value);
      return { level, lower, upper, method: "profile" };
    }),
    ends: targets.map((_, index) => ofParameter(index).map(({ free }) => free)),
    better: lowest !== null && lowest.cost < best.cost * (1 - 1e-7) ? lowest.free : null,
  };
}

/** Whether the root leaps over the target at an end: farther out the walk was in a worse valley. */
function torn({ direction, target, end }: Side): boolean {
  return Math.abs(direction * end.t - target) > 1e-3 * target;
}

/**
 * Whether a point is half as far out as an end at the least, and in another parameter farther from the end than the end is
 * from the estimate.
 */
function inOtherValley({ index, direction, estimate, end }: Side, point: Float64Array, best: Float64Array): boolean {
  if (end.value === null) return false;
  if (direction * (at(point, index) - estimate) < Math.abs(end.value - estimate) / 2) return false;
  return point.some(
    (other, m) => m !== index && Math.abs(other - at(end.free, m)) > Math.abs(at(best, m) - at(end.free, m)),
  );
}
