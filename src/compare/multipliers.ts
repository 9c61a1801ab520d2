// What a scheme saves: the budget the baseline needs for the same loss, over the scheme's own, along budgets; and where
// the two laws cross.
import { normalQuantile, studentTwoSided } from "../base/distributions.js";
import type { Crossover, Multiplier, MultiplierPoint } from "./comparison.js";
import { predict } from "./joint.js";
import { WIDTH } from "./ladder.js";
import type { FreeFits } from "./ladders.js";
import type { Replicates } from "./replicates.js";
import { lossGradient, type Robust } from "./robust.js";

const CURVE_POINTS = 25;
/** How far outside the data the laws are held against each other: six decades. */
const SEARCH = Math.log(1e6);

/** u at which the ladder at `offset` reaches a loss; NaN or ∞ at or below its limit. */
function inverse(theta: Float64Array, offset: number, loss: number): number {
  return ((theta[offset + 1] ?? 0) - Math.log(loss - (theta[offset] ?? 0))) / (theta[offset + 2] ?? 0);
}

/**
 * Multiplier of every scheme over the baseline. Its band is the set of budgets of the baseline whose loss the t test of the
 * difference of the two laws does not tell from the scheme's (Fieller's inversion), with the robust standard error: open
 * above where the baseline's limit cannot be told from the scheme's loss. Percentiles of replicates left 1 out in 11%
 * of simulated data sets where it was true.
 *
 * @param robust the errors of each scheme's differences from the baseline, in the order of the ladders
 */
export function multipliers(
  free: FreeFits,
  baseline: number,
  robust: readonly (Robust | null)[],
  replicates: Replicates | null,
  level: number,
): readonly Multiplier[] {
  const baseRange = range(free.ladders[baseline]?.u ?? new Float64Array());
  return free.ladders.flatMap((ladder, l): Multiplier[] => {
    if (l === baseline) return [];
    const own = range(ladder.u);
    const least = Math.min(own.least, baseRange.least);
    const most = Math.max(own.most, baseRange.most);
    const pair: Pair = { free, l, baseline, robust: robust[l] ?? null, level, from: least - SEARCH, to: most + SEARCH };
    const at = (u: number): MultiplierPoint => {
      const needed = inverse(free.theta, baseline * WIDTH, predict(free.theta, l * WIDTH, u));
      const defined = needed <= pair.to;
      const { lower, upper } = untold(pair, (v) => [u, v], defined ? Math.max(pair.from, needed) : pair.to);
      return {
        budget: Math.exp(u + free.origin),
        multiplier: defined ? Math.exp(needed - u) : null,
        lower: lower === null ? null : Math.exp(lower - u),
        upper: upper === null ? null : Math.exp(upper - u),
        extrapolated: !defined || u < own.least || u > own.most || needed < baseRange.least || needed > baseRange.most,
      };
    };
    // One decade beyond the data: far enough to see where a band opens.
    const step = (most + Math.LN10 - least) / (CURVE_POINTS - 1);
    return [
      {
        scheme: ladder.name,
        baseline: free.ladders[baseline]?.name ?? "",
        level,
        curve: Array.from({ length: CURVE_POINTS }, (_, i) => at(least + i * step)),
        last: at(own.most),
        crossover: crossover(pair, least, most, replicates),
      },
    ];
  });
}

/** A scheme and the baseline, and the range of u within which their laws are held against each other. */
interface Pair {
  readonly free: FreeFits;
  readonly l: number;
  readonly baseline: number;
  readonly robust: Robust | null;
  readonly level: number;
  readonly from: number;
  readonly to: number;
}

interface Untold {
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * The values v round `start` for which the scheme's loss at place(v)[0] and the baseline's at place(v)[1] cannot be told
 * apart. Null on a side without an end in the pair's range, and on both where nothing is known of the errors. Where they
 * are told apart at the end of the range already, that end bounds the side that is left.
 */
function untold(
  { free, l, baseline, robust, level, from, to }: Pair,
  place: (v: number) => readonly [scheme: number, baseline: number],
  start: number,
): Untold {
  const offsets = [l * WIDTH, baseline * WIDTH] as const;
  const least = Math.abs(normalQuantile((1 - level) / 2));
  /** −1 where the scheme's loss is lower, 1 where it is higher, 0 where that cannot be told. */
  const told = (v: number): number => {
    const [mine, other] = place(v);
    const difference = predict(free.theta, offsets[0], mine) - predict(free.theta, offsets[1], other);
    const error = robust?.(lossGradient(free.theta, offsets, [mine, other])) ?? null;
    // No t quantile lies below the normal one.
    if (error === null || Math.abs(difference) <= least * error.value) return 0;
    return Math.abs(difference) > studentTwoSided(level, error.df) * error.value ? Math.sign(difference) : 0;
  };
  const atStart = told(start);
  if (atStart !== 0) return atStart < 0 ? { lower: start, upper: null } : { lower: null, upper: start };
  return { lower: firstTold(told, start, from), upper: firstTold(told, start, to) };
}

/** Where `told` begins on the way from `start` to `end`: growing steps, then halves; null where it does not. */
function firstTold(told: (v: number) => number, start: number, end: number): number | null {
  let inside = start;
  let outside = start;
  for (let step = 0.02; outside !== end; step *= 1.6) {
    outside = end > start ? Math.min(end, start + step) : Math.max(end, start - step);
    if (told(outside) !== 0) break;
    inside = outside;
  }
  if (inside === end) return null;
  while (Math.abs(outside - inside) > 1e-6) {
    const half = (inside + outside) / 2;
    if (told(half) !== 0) outside = half;
    else inside = half;
  }
  return outside;
}

function crossover(pair: Pair, least: number, most: number, replicates: Replicates | null): Crossover {
  const { free, l, baseline, level } = pair;
  const meet = (theta: Float64Array) => crossing(theta, l * WIDTH, baseline * WIDTH, least, most);
  const draws = replicates?.thetas ?? [];
  const found = draws.length === 0 ? null : draws.filter((theta) => meet(theta) !== null).length / draws.length;
  const u = meet(free.theta);
  if (u === null) return { budget: null, interval: null, position: "none", found };
  const { lower, upper } = untold(pair, (v) => [v, v], u);
  const budget = (v: number | null) => (v === null ? null : Math.exp(v + free.origin));
  return {
    budget: Math.exp(u + free.origin),
    interval: pair.robust === null ? null : { level, lower: budget(lower), upper: budget(upper), method: "delta" },
    position: u < least ? "below" : u > most ? "above" : "inside",
    found,
  };
}

/**
 * The u nearest to the middle of the data at which two ladders' laws meet, within the search range; null for none.
 * The gap's slope changes sign once, where a₁ + ln c₁ − c₁u = a₂ + ln c₂ − c₂u, so there is at most one crossing on
 * either side of that place.
 */
function crossing(theta: Float64Array, a: number, b: number, least: number, most: number): number | null {
  const gap = (u: number) => predict(theta, a, u) - predict(theta, b, u);
  const [ca, cb] = [theta[a + 2] ?? 0, theta[b + 2] ?? 0];
  const turn = ((theta[a + 1] ?? 0) - (theta[b + 1] ?? 0) + Math.log(ca / cb)) / (ca - cb);
  const [from, to] = [least - SEARCH, most + SEARCH];
  const ends = turn > from && turn < to ? [from, turn, to] : [from, to];
  let nearest: number | null = null;
  for (let i = 0; i + 1 < ends.length; i++) {
    let [low, high] = [ends[i] ?? from, ends[i + 1] ?? to];
    const sign = Math.sign(gap(low));
    // Also where they are equal all the way.
    if (sign * gap(high) >= 0) continue;
    for (let k = 0; k < 45; k++) {
      const half = (low + high) / 2;
      if (sign * gap(half) > 0) low = half;
      else high = half;
    }
    const middle = (least + most) / 2;
    if (nearest === null || Math.abs(low - middle) < Math.abs(nearest - middle)) nearest = low;
  }
  return nearest;
}

function range(values: Float64Array): { readonly least: number; readonly most: number } {
  return { least: Math.min(...values), most: Math.max(...values) };
}
