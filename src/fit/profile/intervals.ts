// Profile intervals: where the best fit, with one parameter held, is as much worse as it may be.

import { at } from "../../law/law.js";
import type { Problem } from "../problem/problem.js";
import type { Interval } from "../record.js";
import type { Uncertainty } from "../uncertainty.js";
import { outwards, type Side, walks } from "./outwards.js";
import type { Place } from "./walk.js";

export interface ProfileIntervals {
  /** One per free parameter. */
  readonly intervals: readonly Interval[];
  /** The points of the walks nearest to the ends, or their last ones. */
  readonly ends: readonly Float64Array[];
  /** The lowest point of the walks, should it lie below the optimum that they started from. */
  readonly better: Float64Array | null;
}

/**
 * Values of each parameter at which its profiled objective has risen by target²·unitRise: with t of n − p degrees of
 * freedom for a target, and squared loss, the exact F(1, n−p) region of Bates & Watts (1988, §6.1). A side that reaches a
 * bound, or never rises so far, is open: null.
 *
 * With one parameter held, the rest may have two valleys (a coefficient that of a steep curve to a high limit, or of a
 * flat one to none), and a walk stays in its own. The walks of the other parameters often pass through both: an end is asked
 * for again from where they seem to have met another valley, and the walk goes on from there if that fits better.
 *
 * @param targets one per free parameter
 */
export function profileIntervals(
  problem: Problem,
  best: Place,
  doubt: Uncertainty,
  level: number,
  targets: readonly number[],
): ProfileIntervals {
  const { met, from } = walks(problem, best, doubt);
  /** Standard errors, a tenth of the estimate (or .1) where there is none. */
  const spreads = targets.map((_, index) => {
    const variance = at(doubt.covariance?.[index] ?? [], index);
    return Number.isFinite(variance) && variance > 0
      ? Math.sqrt(variance)
      : Math.abs(at(best.free, index)) * 0.1 || 0.1;
  });
  const sides = targets.flatMap((target, index): Side[] => {
    const estimate = at(best.free, index);
    const columns = problem.blocks.flatMap((block) => (block.columns.includes(index) ? block.columns : []));
    const coupled = [...new Set(columns)].filter((m) => m !== index);
    const walk = from(index, best.free);
    return ([-1, 1] as const).map((direction): Side => {
      const bound = at(direction < 0 ? problem.lower : problem.upper, index);
      const end = { value: null, free: best.free, t: 0 };
      const side = { index, direction, estimate, target, bound, coupled, end };
      const start = { value: estimate, excess: -target };
      return estimate === bound ? side : { ...side, end: outwards(walk, side, start, target * at(spreads, index)) };
    });
  });
  /** Asks for an end again from another point: if the best fit there is better, the walk goes on. Whether the end moved. */
  const gonePast = (side: Side, point: Float64Array): boolean => {
    const { index, direction, estimate, target, end } = side;
    if (end.value === null) return false;
    const walk = from(index, point);
    const start = { value: end.value, excess: direction * walk.root(end.value) - target };
    if (!(start.excess < -1e-4 * target)) return false;
    const way = Math.abs(end.value - estimate);
    side.end = outwards(walk, side, start, Math.max(way / 8, 1e-3 * at(spreads, index)));
    return side.end.value === null || Math.abs(side.end.value - end.value) > 1e-4 * way;
  };
  for (let round = 0, changed = true; changed && round < 8; round++) {
    changed = false;
    for (const side of sides) {
      const doubts = [...torn(side), ...beyond(side, best.cost + side.target ** 2 * doubt.unitRise, met)];
      for (const point of [...doubts, ...elsewhere(side, sides, best.free, spreads)]) {
        if (gonePast(side, point)) changed = true;
      }
    }
  }
  const lowest = met.reduce<Place | null>((low, one) => (low !== null && low.cost <= one.cost ? low : one), null);
  return {
    intervals: targets.map((_, index) => {
      const [lower = null, upper = null] = sides.filter((side) => side.index === index).map(({ end }) => end.value);
      return { level, lower, upper, method: "profile" };
    }),
    ends: sides.map(({ end }) => end.free),
    better: lowest !== null && lowest.cost < best.cost * (1 - 1e-7) ? lowest.free : null,
  };
}

/** The last point before an end at which the root leaps over the target: farther out the walk was in a worse valley. */
function torn({ direction, target, end }: Side): Float64Array[] {
  return Math.abs(direction * end.t - target) > 1e-3 * target ? [end.free] : [];
}

/** The nearest of the points beyond an end that fit better than the end does, if there is one: proof that it came early. */
function beyond({ index, direction, estimate, end }: Side, inside: number, met: readonly Place[]): Float64Array[] {
  if (end.value === null) return [];
  const least = 1.0001 * direction * (end.value - estimate);
  let nearest = Number.POSITIVE_INFINITY;
  let found: Float64Array[] = [];
  for (const { free, cost } of met) {
    const reach = direction * (at(free, index) - estimate);
    if (cost >= inside || reach <= least || reach >= nearest) continue;
    [nearest, found] = [reach, [free]];
  }
  return found;
}

/**
 * Points at which the other walks ended and that seem to lie in another valley: in a parameter coupled with this one farther
 * from the end than the end is from the estimate, and than half of what a standard interval of that parameter is wide to one
 * side. The farthest out of those at an end, if it is half as far out as this one, and the last ones of sides that are open.
 */
function elsewhere(
  { index, direction, estimate, target, coupled, end }: Side,
  sides: readonly Side[],
  best: Float64Array,
  spreads: readonly number[],
): Float64Array[] {
  if (end.value === null) return [];
  let farthest = Math.abs(end.value - estimate) / 2;
  let found: Float64Array[] = [];
  const open: Float64Array[] = [];
  for (const { free, value } of sides.map((side) => side.end)) {
    const reach = direction * (at(free, index) - estimate);
    const apart = coupled.some((m) => {
      const here = at(end.free, m);
      return Math.abs(at(free, m) - here) > Math.max(Math.abs(at(best, m) - here), (target / 2) * at(spreads, m));
    });
    if (apart && value === null) open.push(free);
    else if (apart && reach > farthest) [farthest, found] = [reach, [free]];
  }
  return [...found, ...open];
}
