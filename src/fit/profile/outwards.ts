// Outwards along a profile, until the best fit is as much worse as it may be.

import { zero } from "../../base/zero.js";
import { at } from "../../law/law.js";
import type { Problem } from "../problem/problem.js";
import type { Uncertainty } from "../uncertainty.js";
import { lagrange, profiler } from "./walk.js";

/** Where a walk ended. */
export interface End {
  /** Where the profile rises to the target; null where the side is open. */
  readonly value: number | null;
  /** The point of the walk nearest to the end, or its last one, and the root there. */
  readonly free: Float64Array;
  readonly t: number;
}

/** One side of one parameter's interval. */
export interface Side {
  readonly index: number;
  readonly direction: -1 | 1;
  readonly estimate: number;
  readonly target: number;
  readonly bound: number;
  /** Standard error. */
  readonly spread: number;
  end: End;
}

interface Walk {
  /** The profile as its signed root: nearly a straight line in the parameter, and its inverse easily interpolated. */
  root(value: number): number;
  /** Where the walk so far says that the root is `t`; NaN before it has two points. */
  inverse(t: number): number;
  /** The point of the walk nearest to a value. */
  nearest(value: number): { readonly free: Float64Array; readonly t: number };
}

/** A point of some parameter's profile. */
export interface Met {
  readonly free: Float64Array;
  readonly cost: number;
}

/** Walks of any parameter out of any point, and the points that they have met. */
export function walks(problem: Problem, best: Met, doubt: Uncertainty) {
  const met: Met[] = [];
  const from = (index: number, point: Float64Array, covariance: Uncertainty["covariance"]): Walk => {
    const profile = profiler(problem, point, index, covariance);
    const estimate = at(best.free, index);
    const walked = point === best.free ? [{ t: 0, value: estimate, free: point }] : [];
    return {
      root(value) {
        const { free, cost } = profile(value);
        const t = Math.sign(value - estimate) * Math.sqrt(Math.max(0, cost - best.cost) / doubt.unitRise);
        if (!Number.isFinite(t)) return t;
        met.push({ free, cost });
        if (walked.every((other) => other.t !== t)) walked.push({ t, value, free });
        return t;
      },
      inverse(t) {
        const near = walked.toSorted((a, b) => Math.abs(a.t - t) - Math.abs(b.t - t)).slice(0, 4);
        if (near.length < 2) return Number.NaN;
        const weights = lagrange(
          near.map((point) => point.t),
          t,
        );
        return near.reduce((sum, { value }, j) => sum + at(weights, j) * value, 0);
      },
      nearest(value) {
        const gap = (one: { readonly value: number }) => Math.abs(one.value - value);
        return walked.reduce((near, one) => (gap(one) < gap(near) ? one : near));
      },
    };
  };
  return { met, from };
}

interface Bracketed {
  readonly value: number;
  readonly excess: number;
}

/** Of the signed root: so close to the target what the inverse says is closer still. */
const CLOSE = 1e-5;

/**
 * Where the root reaches the target, on the way from `start`, in steps that grow while they stay below and shrink where
 * they lead more than as far again beyond, into what may be another valley; null where the side is open.
 */
export function outwards(walk: Walk, side: Side, start: Bracketed, step: number): End {
  const { direction, estimate, target, bound, spread } = side;
  const beyond = (value: number) => direction * walk.root(value) - target;
  const guess = () => walk.inverse(direction * target);
  const clip = (value: number) => (direction > 0 ? Math.min(value, bound) : Math.max(value, bound));
  const end = ({ value, excess }: Bracketed): End => {
    const closer = Math.abs(excess) < CLOSE ? clip(guess()) : value;
    // Where the walk has two points at nearly one root, the inverse is anything.
    const near = Math.abs(closer - value) < 1e-3 * Math.abs(value - estimate);
    return { ...walk.nearest(value), value: near ? closer : value };
  };
  let inner = start;
  let width = step;
  let tooFar = direction * Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 60; attempt++) {
    if (Math.abs(tooFar - inner.value) < 1e-7 * spread) return end(inner);
    // What the walk so far says, while it leads on and not far.
    const guessed = attempt < 4 ? guess() : Number.NaN;
    const ahead = direction * (guessed - inner.value);
    const next = clip(ahead > 0 && ahead < 1.6 * width ? guessed : inner.value + direction * width);
    const value = direction * (tooFar - next) > 0 ? next : (inner.value + tooFar) / 2;
    const outer = { value, excess: beyond(value) };
    if (Math.abs(outer.excess) < CLOSE) return end(outer);
    if (outer.excess > target) {
      const share = inner.excess / (inner.excess - outer.excess);
      tooFar = value;
      width = Math.abs(value - inner.value) * Math.min(1 / 2, Math.max(1 / 8, share));
      continue;
    }
    if (outer.excess >= 0) return end(crossing(beyond, guess, inner, outer, 1e-7 * spread));
    // At the bound, or barely rising: the profile levels off and no finite value is excluded.
    const level = attempt > 6 && Math.abs(value - inner.value) >= step && outer.excess - inner.excess < 1e-6 * target;
    inner = outer;
    if (value === bound || level) break;
    width *= 1.6;
  }
  return { ...walk.nearest(inner.value), value: null };
}

/** Root of `beyond` between a value below and one above. */
function crossing(
  beyond: (value: number) => number,
  guess: () => number,
  inner: Bracketed,
  outer: Bracketed,
  resolution: number,
): Bracketed {
  let [below, above] = [inner, outer];
  for (let attempt = 0; attempt < 4; attempt++) {
    const value = guess();
    if (!((value - below.value) * (value - above.value) < 0)) break;
    const excess = beyond(value);
    if (Math.abs(excess) < CLOSE) return { value, excess };
    if (excess > 0) above = { value, excess };
    else below = { value, excess };
  }
  const value = zero(beyond, [above.value, above.excess], [below.value, below.excess], resolution);
  return { value, excess: beyond(value) };
}
