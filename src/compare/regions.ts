// The joint profile region of limit and exponent: all pairs of values that one scheme's points allow together.
import type { JointRegion } from "./comparison.js";
import { descend } from "./joint.js";
import { type Ladder, WIDTH } from "./ladder.js";
import type { FreeFits } from "./ladders.js";

const SLICES = 24;
const WIDEST = 60;

/**
 * {(E, c): min over the coefficient of SSE ≤ SSE_min·(1 + 2/ν·F_level(2, ν))} of each scheme (Bates & Watts 1988, 6.1);
 * with two degrees of freedom above, that bound is SSE_min·(1 − level)^(−2/ν).
 * The region is a thin banana, so it is cut at fixed limits and each cut is solved for its two exponents.
 */
export function jointRegions(free: FreeFits, level: number): readonly JointRegion[] {
  return free.ladders.map((ladder, l) => {
    const [limit, a, exponent] = [0, 1, 2].map((p) => free.theta[l * WIDTH + p] ?? 0);
    const region = { scheme: ladder.name, level, estimate: { limit: limit ?? 0, exponent: exponent ?? 0 } };
    const df = ladder.u.length - WIDTH;
    const sum = free.fits[l]?.sum ?? 0;
    if (df <= 0 || sum === 0) return { ...region, polygon: [], closed: false };
    const threshold = sum * (1 - level) ** (-2 / df);
    return { ...region, ...trace(ladder, free.space, [limit ?? 0, a ?? 0, exponent ?? 0], threshold) };
  });
}

function trace(
  ladder: Ladder,
  space: "log" | "linear",
  best: readonly [number, number, number],
  threshold: number,
): Pick<JointRegion, "polygon" | "closed"> {
  const lowest = Math.min(...ladder.loss);
  /** Best (a, c) at a limit, from the neighbouring one. */
  const atLimit = (limit: number, from: readonly number[]) =>
    descend(
      [ladder],
      { space, limit: "fixed", exponent: "free", huber: null },
      Float64Array.of(limit, from[1] ?? 0, from[2] ?? 0),
      1e-10,
      60,
    );
  const inside = (limit: number) => atLimit(limit, best).sum <= threshold;
  const upper = boundary(inside, best[0], lowest * 1.2);
  const zero = best[0] === 0 || inside(0);
  const lower = zero ? 0 : boundary(inside, best[0], 0);
  const top: [number, number][] = [];
  const bottom: [number, number][] = [];
  let open = zero;
  for (let i = 0; i <= SLICES; i++) {
    // Cuts crowd towards both ends, where the outline turns.
    const limit = lower + (upper - lower) * 0.5 * (1 - Math.cos((Math.PI * i) / SLICES));
    const centre = atLimit(limit, best).theta;
    const c = centre[2] ?? 0;
    const cost = (exponent: number) => costAt(ladder, space, limit, exponent);
    const high = cut((v) => cost(v) <= threshold, c, 1.02);
    const low = cut((v) => cost(v) <= threshold, c, 1 / 1.02);
    open ||= high === null || low === null;
    top.push([limit, high ?? c]);
    bottom.push([limit, low ?? c]);
  }
  return { polygon: [...top, ...bottom.reverse()], closed: !open };
}

/** SSE at a limit and an exponent, the coefficient by one-dimensional Newton steps on a. */
function costAt(ladder: Ladder, space: "log" | "linear", limit: number, exponent: number): number {
  let a = initialA(ladder, limit, exponent);
  let sum = 0;
  for (let k = 0; k < 30; k++) {
    let [gradient, curvature] = [0, 0];
    sum = 0;
    for (let i = 0; i < ladder.u.length; i++) {
      const power = Math.exp(a - exponent * (ladder.u[i] ?? 0));
      const predicted = limit + power;
      const observed = ladder.loss[i] ?? 0;
      const residual = space === "log" ? Math.log(observed / predicted) : observed - predicted;
      const slope = space === "log" ? power / predicted : power;
      const weight = ladder.weight[i] ?? 0;
      sum += weight * residual * residual;
      gradient += weight * slope * residual;
      curvature += weight * slope * slope;
    }
    const step = gradient / curvature;
    if (!Number.isFinite(step) || Math.abs(step) < 1e-12) break;
    a += Math.max(-1, Math.min(1, step));
  }
  return sum;
}

/** a by linear least squares of loss − limit on exp(−c·u); a small positive factor where none is left. */
function initialA(ladder: Ladder, limit: number, exponent: number): number {
  let [pp, py] = [0, 0];
  for (let i = 0; i < ladder.u.length; i++) {
    const power = Math.exp(-exponent * (ladder.u[i] ?? 0));
    pp += power * power;
    py += power * ((ladder.loss[i] ?? 0) - limit);
  }
  return Math.log(Math.max(py / pp, 1e-9));
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
