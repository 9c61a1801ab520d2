// The joint profile region of limit and exponent: all pairs of values that one scheme's points allow together.
import { extent } from "../base/extent.js";
import { zero } from "../base/zero.js";
import { withHeld } from "../fit/problem/problem.js";
import { descend } from "../fit/solve/descend.js";
import { projected } from "../fit/solve/starts.js";
import { at } from "../law/law.js";
import type { JointRegion } from "./comparison.js";
import type { Schemes } from "./schemes.js";

const SLICES = 24;
const NEAR = { iterations: 60, tolerance: 1e-10, from: "near" } as const;
/** Of the exponent, which is also where a cut stops for being outside all reason. */
const [LEAST, MOST] = [1e-6, 10];

/**
 * {(E, c): min over the other parameters of SSE ≤ SSE_min·(1 + 2/ν·F_level(2, ν))} of each scheme (Bates & Watts 1988,
 * 6.1); with two degrees of freedom above, that bound is SSE_min·(1 − level)^(−2/ν). The region is a thin banana, so it
 * is cut at fixed limits and each cut is solved for its two exponents. None for a law that has not one limit and one
 * exponent, both free.
 *
 * @param schemes fitted by squared residuals
 */
export function jointRegions({ law, all }: Schemes, level: number): readonly JointRegion[] {
  const only = (role: "limit" | "exponent") => {
    const found = law.parameters.filter((parameter) => parameter.role === role);
    return found.length === 1 ? (found[0]?.name ?? "") : "";
  };
  return all.flatMap(({ name, fit: { problem, solution } }): JointRegion[] => {
    const [limit, exponent] = [problem.names.indexOf(only("limit")), problem.names.indexOf(only("exponent"))];
    if (limit < 0 || exponent < 0) return [];
    const best = { limit: at(solution.free, limit), exponent: at(solution.free, exponent) };
    const region = { scheme: name, level, estimate: best };
    const df = problem.points - problem.names.length;
    if (df <= 0 || solution.cost === 0) return [{ ...region, polygon: [], closed: false }];
    const threshold = solution.cost * (1 - level) ** (-2 / df);
    const without = (list: Float64Array, k: number) => list.filter((_, j) => j !== k);
    const atLimit = withHeld(problem, limit);
    const others = without(solution.free, limit);
    const place = exponent > limit ? exponent - 1 : exponent;
    const atBoth = withHeld(atLimit(best.limit), place);
    const rest = without(others, place);
    /** The best exponent at a limit, and how far the squares there pass the bound. */
    const alongLimit = (value: number) => {
      const held = atLimit(value);
      const end = descend(held, others, held.loss, NEAR);
      return { exponent: at(end?.free ?? others, place), excess: (end?.cost ?? Number.POSITIVE_INFINITY) - threshold };
    };
    const excessAt = (value: number, c: number): number => {
      atLimit(value);
      const held = atBoth(c);
      const end = descend(held, projected(held, Float64Array.from(rest)), held.loss, { ...NEAR, from: "anywhere" });
      return (end?.cost ?? Number.POSITIVE_INFINITY) - threshold;
    };
    const inside = solution.cost - threshold;
    /** No point allows a limit beyond it. */
    const highest = extent(problem.observed)[0] * 1.2;
    const end = (value: number): number => {
      const { excess } = alongLimit(value);
      if (excess <= 0) return value;
      return zero((v) => alongLimit(v).excess, [value, excess], [best.limit, inside], CLOSE * highest);
    };
    const upper = end(highest);
    const lower = best.limit === 0 ? 0 : end(0);
    // Cuts crowd towards both ends, where the outline turns.
    const cuts = Array.from({ length: SLICES + 1 }, (_, i) => {
      const value = lower + (upper - lower) * 0.5 * (1 - Math.cos((Math.PI * i) / SLICES));
      const { exponent: c, excess } = alongLimit(value);
      const edge = (factor: number) => cut((v) => excessAt(value, v), c, Math.min(excess, 0), factor);
      return { value, c, high: edge(1.02), low: edge(1 / 1.02) };
    });
    const polygon = [
      ...cuts.map(({ value, c, high }) => [value, high ?? c] as const),
      ...cuts.map(({ value, c, low }) => [value, low ?? c] as const).reverse(),
    ];
    return [{ ...region, polygon, closed: lower > 0 && cuts.every(({ high, low }) => high !== null && low !== null) }];
  });
}

const CLOSE = 1e-10;

/** Where the excess passes 0 on the way from `from`, by growing factors; null where it stays below. */
function cut(excess: (value: number) => number, from: number, atStart: number, factor: number): number | null {
  let [near, below] = [from, atStart];
  for (let ratio = factor, k = 1; near < MOST && near > LEAST; ratio *= factor ** k++) {
    const far = from * ratio;
    const above = excess(far);
    if (above > 0) return zero(excess, [far, above], [near, below], CLOSE * from);
    [near, below] = [far, above];
  }
  return null;
}
