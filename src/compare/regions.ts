// The joint profile region of limit and exponent: all pairs of values that one scheme's points allow together.
import { withHeld } from "../fit/problem/problem.js";
import { descend } from "../fit/solve/descend.js";
import { projected } from "../fit/solve/starts.js";
import { at } from "../law/law.js";
import type { JointRegion } from "./comparison.js";
import type { Schemes } from "./schemes.js";

const SLICES = 24;
const WIDEST = 60;
const NEAR = { iterations: 60, tolerance: 1e-10, near: true } as const;

/**
 * {(E, c): min over the other parameters of SSE ≤ SSE_min·(1 + 2/ν·F_level(2, ν))} of each scheme (Bates & Watts 1988,
 * 6.1); with two degrees of freedom above, that bound is SSE_min·(1 − level)^(−2/ν). The region is a thin banana, so it
 * is cut at fixed limits and each cut is solved for its two exponents. None for a law that has not one limit and one
 * exponent, both free.
 *
 * @param schemes fitted by squared residuals
 */
export function jointRegions({ law, fits, names }: Schemes, level: number): readonly JointRegion[] {
  const only = (role: "limit" | "exponent") => {
    const found = law.parameters.filter((parameter) => parameter.role === role);
    return found.length === 1 ? (found[0]?.name ?? "") : "";
  };
  return fits.flatMap(({ problem, solution }, l): JointRegion[] => {
    const [limit, exponent] = [problem.names.indexOf(only("limit")), problem.names.indexOf(only("exponent"))];
    if (limit < 0 || exponent < 0) return [];
    const best = { limit: at(solution.free, limit), exponent: at(solution.free, exponent) };
    const region = { scheme: names[l] ?? "", level, estimate: best };
    const df = problem.points - problem.names.length;
    if (df <= 0 || solution.cost === 0) return [{ ...region, polygon: [], closed: false }];
    const threshold = solution.cost * (1 - level) ** (-2 / df);
    const without = (list: Float64Array, k: number) => list.filter((_, j) => j !== k);
    const atLimit = withHeld(problem, limit);
    const others = without(solution.free, limit);
    const place = exponent > limit ? exponent - 1 : exponent;
    /** The best of the other parameters at a limit. */
    const alongLimit = (value: number) => {
      const held = atLimit(value);
      return descend(held, others, held.loss, NEAR);
    };
    const atBoth = withHeld(atLimit(best.limit), place);
    const rest = without(others, place);
    const costAt = (value: number, c: number): number => {
      atLimit(value);
      const held = atBoth(c);
      const end = descend(held, projected(held, Float64Array.from(rest)), held.loss, { ...NEAR, near: false });
      return end?.cost ?? Number.POSITIVE_INFINITY;
    };
    const lowest = problem.observed.reduce((m, y) => Math.min(m, y), Number.POSITIVE_INFINITY) * 1.2;
    const centre = (value: number) => at(alongLimit(value)?.free ?? others, place);
    const costOf = (value: number) => alongLimit(value)?.cost ?? Number.POSITIVE_INFINITY;
    return [{ ...region, ...outline({ best: best.limit, lowest, threshold, costOf, centre, costAt }) }];
  });
}

interface Banana {
  readonly best: number;
  /** A limit that no point allows. */
  readonly lowest: number;
  readonly threshold: number;
  costOf(limit: number): number;
  centre(limit: number): number;
  costAt(limit: number, exponent: number): number;
}

function outline({ best, lowest, threshold, costOf, centre, costAt }: Banana): Pick<JointRegion, "polygon" | "closed"> {
  const inside = (limit: number) => costOf(limit) <= threshold;
  const upper = boundary(inside, best, lowest);
  const zero = best === 0 || inside(0);
  const lower = zero ? 0 : boundary(inside, best, 0);
  const top: [number, number][] = [];
  const bottom: [number, number][] = [];
  let open = zero;
  for (let i = 0; i <= SLICES; i++) {
    // Cuts crowd towards both ends, where the outline turns.
    const limit = lower + (upper - lower) * 0.5 * (1 - Math.cos((Math.PI * i) / SLICES));
    const c = centre(limit);
    const high = cut((v) => costAt(limit, v) <= threshold, c, 1.02);
    const low = cut((v) => costAt(limit, v) <= threshold, c, 1 / 1.02);
    open ||= high === null || low === null;
    top.push([limit, high ?? c]);
    bottom.push([limit, low ?? c]);
  }
  return { polygon: [...top, ...bottom.reverse()], closed: !open };
}

/** The last value inside on the way from `from` (inside) to `to` (outside), by bisection. */
function boundary(inside: (value: number) => boolean, from: number, to: number): number {
  let [near, far] = [from, to];
  for (let k = 0; k < 40; k++) {
    const half = (near + far) / 2;
    if (inside(half)) near = half;
    else far = half;
  }
  return near;
}

/** Walks from `from` by growing factors until outside, then bisects; null where it stays inside. */
function cut(inside: (value: number) => boolean, from: number, factor: number): number | null {
  let ratio = factor;
  let far = from;
  for (let k = 0; k < WIDEST; k++) {
    far = from * ratio;
    if (!inside(far)) return boundary(inside, from, far);
    ratio *= ratio < 1e3 && ratio > 1e-3 ? factor ** (k + 1) : 1;
    if (far > 10 || far < 1e-6) return null;
  }
  return null;
}
