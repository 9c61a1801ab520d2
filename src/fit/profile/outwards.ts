// Outwards along a profile, until the best fit is as much worse as it may be.

import { zero } from "../../base/zero.js";
import { at } from "../../law/law.js";
import type { Problem } from "../problem/problem.js";
import type { Uncertainty } from "../uncertainty.js";
import { lagrange, type Place, profiler } from "./walk.js";

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
  /** Other parameters that some group hangs on together with this one. */
  readonly coupled: readonly number[];
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

/** Walks of any parameter out of any point, and the points that they have met. */
export function walks(problem: Problem, best: Place, doubt: Uncertainty) {
  const met: Place[] = [];
  const from = (index: number, point: Float64Array): Walk => {
    const atBest = point === best.free;
    const profile = profiler(problem, point, index, atBest ? doubt.covariance : null);
    const estimate = at(best.free, index);
    const walked = atBest ? [{ t: 0, value: estimate, free: point }] : [];
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
 * Where the root reaches the target, on the way from `start`: by the inverse, while that leads on, else in steps that grow
 * while they stay below and shrink where they lead more than as far again beyond, into what may be another valley. Null
 * where the side is open.
 */
export function outwards(walk: Walk, side: Side, start: Bracketed, step: number): End {
  const { direction, estimate, target, bound } = side;
  const beyond = (value: number) => {
    const excess = direction * walk.root(value) - target;
    return Math.abs(excess) < CLOSE ? 0 : excess;
  };
  const guess = () => walk.inverse(direction * target);
  const clip = (value: number) => (direction > 0 ? Math.min(value, bound) : Math.max(value, bound));
  const end = (value: number): End => {
    const nearest = walk.nearest(value);
    const closer = Math.abs(direction * nearest.t - target) < CLOSE ? clip(guess()) : value;
    // Where the walk has two points at nearly one root, the inverse is anything.
    const trusted = Math.abs(closer - value) < 1e-3 * Math.abs(value - estimate);
    return { ...nearest, value: trusted ? closer : value };
  };
  let inner = start;
  let outer: Bracketed | null = null;
  let width = step;
  for (let attempt = 0; attempt < 100; attempt++) {
    const room: number = outer === null ? 1.6 * width : direction * (outer.value - inner.value);
    if (outer !== null && room <= 4 * Number.EPSILON * Math.abs(inner.value)) break;
    const guessed = attempt < 6 ? guess() : Number.NaN;
    const ahead = direction * (guessed - inner.value);
    const leads = ahead > 0 && ahead < room;
    if (outer !== null && outer.excess <= target && !leads) {
      return end(zero(beyond, [outer.value, outer.excess], [inner.value, inner.excess], 0));
    }
    const share = outer === null ? 1 : inner.excess / (inner.excess - outer.excess);
    const stride = outer === null ? width : room * Math.min(1 / 2, Math.max(1 / 8, share));
    const value = clip(leads ? guessed : inner.value + direction * stride);
    const excess = beyond(value);
    if (excess === 0) return end(value);
    if (excess > 0) {
      outer = { value, excess };
      continue;
    }
    // Barely rising: the profile levels off and no finite value is excluded.
    const level = attempt > 6 && outer === null && excess - inner.excess < 1e-6 * target;
    inner = { value, excess };
    if (value === bound || level) return { ...walk.nearest(value), value: null };
    width *= 1.6;
  }
  return outer === null ? { ...walk.nearest(inner.value), value: null } : end(inner.value);
}
