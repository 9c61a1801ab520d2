// What a scheme saves: the budget the baseline needs for the same loss, over the scheme's own, along budgets; and where
// the two laws cross.
import { expandedLevel, quantile } from "../fit/bootstrap-interval.js";
import type { Crossover, Multiplier, MultiplierPoint } from "./comparison.js";
import { predict, WIDTH } from "./joint.js";
import type { FreeFits } from "./ladders.js";
import type { Replicates } from "./replicates.js";

const CURVE_POINTS = 25;
/** How far outside the data a crossing is looked for. */
const SEARCH = Math.log(1e6);

/** u at which the ladder at `offset` reaches a loss; NaN at or below its limit. */
function inverse(theta: Float64Array, offset: number, loss: number): number {
  return ((theta[offset + 1] ?? 0) - Math.log(loss - (theta[offset] ?? 0))) / (theta[offset + 2] ?? 0);
}

/** Multiplier of every scheme over the baseline, with bands from the replicates at the level widened for few points. */
export function multipliers(
  free: FreeFits,
  baseline: number,
  replicates: Replicates | null,
  level: number,
): readonly Multiplier[] {
  const base = baseline * WIDTH;
  const draws = replicates?.thetas ?? [];
  const baseRange = range(free.ladders[baseline]?.u ?? new Float64Array());
  return free.ladders.flatMap((ladder, l): Multiplier[] => {
    if (l === baseline) return [];
    const own = range(ladder.u);
    const df = Math.min(ladder.u.length, free.ladders[baseline]?.u.length ?? 0) - WIDTH;
    const wider = expandedLevel(level, df);
    // Both laws are read in each replicate: an observed loss taken for exact would leave its own noise out of the band.
    const at = (u: number): MultiplierPoint => {
      const logMultiplier = (theta: Float64Array) => inverse(theta, base, predict(theta, l * WIDTH, u)) - u;
      const value = logMultiplier(free.theta);
      const needed = value + u;
      return {
        budget: Math.exp(u + free.origin),
        multiplier: Number.isFinite(value) ? Math.exp(value) : null,
        ...band(draws.map(logMultiplier), wider),
        extrapolated: u < own.least || u > own.most || needed < baseRange.least || needed > baseRange.most,
      };
    };
    const from = Math.min(own.least, baseRange.least);
    // One decade beyond the data: far enough to see where a band opens.
    const to = Math.max(own.most, baseRange.most) + Math.LN10;
    return [
      {
        scheme: ladder.name,
        baseline: free.ladders[baseline]?.name ?? "",
        level,
        curve: Array.from({ length: CURVE_POINTS }, (_, i) => at(from + ((to - from) * i) / (CURVE_POINTS - 1))),
        last: at(own.most),
        crossover: crossover(free, l, baseline, draws, level, wider),
      },
    ];
  });
}

/** Percentiles of the multipliers; a replicate whose baseline never gets there counts as infinitely large. */
function band(logs: readonly number[], level: number): { lower: number | null; upper: number | null } {
  if (logs.length < 20) return { lower: null, upper: null };
  const sorted = Float64Array.from(logs, (value) => (Number.isFinite(value) ? value : Number.POSITIVE_INFINITY)).sort();
  const bound = (p: number) => {
    const value = Math.exp(quantile(sorted, p));
    return Number.isFinite(value) ? value : null;
  };
  return { lower: bound((1 - level) / 2), upper: bound((1 + level) / 2) };
}

function crossover(
  free: FreeFits,
  l: number,
  baseline: number,
  draws: readonly Float64Array[],
  level: number,
  wider: number,
): Crossover {
  const mine = range(free.ladders[l]?.u ?? new Float64Array());
  const other = range(free.ladders[baseline]?.u ?? new Float64Array());
  const least = Math.min(mine.least, other.least);
  const most = Math.max(mine.most, other.most);
  const meet = (theta: Float64Array) => crossing(theta, l * WIDTH, baseline * WIDTH, least, most);
  const u = meet(free.theta);
  const met = draws.flatMap((theta) => {
    const found = meet(theta);
    return found === null ? [] : [found];
  });
  const sorted = Float64Array.from(met).sort();
  const budgetAt = (p: number) => Math.exp(quantile(sorted, p) + free.origin);
  return {
    budget: u === null ? null : Math.exp(u + free.origin),
    interval:
      u === null || sorted.length < 20
        ? null
        : {
            level,
            lower: budgetAt((1 - wider) / 2),
            upper: budgetAt((1 + wider) / 2),
            method: "bootstrap-percentile",
          },
    position: u === null ? "none" : u < least ? "below" : u > most ? "above" : "inside",
    found: draws.length === 0 ? null : met.length / draws.length,
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
    if (sign * gap(high) > 0) continue;
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
