// What a scheme saves: the budget the baseline needs for the same loss, over the scheme's own, along budgets; and where
// the two laws cross. Budgets are of the law's main variable; the others stand where the schemes meet.
import { normalQuantile, studentTwoSided } from "../base/distributions.js";
import { zero } from "../base/zero.js";
import { at } from "../law/law.js";
import type { Crossover, Multiplier, MultiplierPoint } from "./comparison.js";
import type { DifferenceErrors } from "./errors-of-differences.js";
import { rangeOf, type Schemes, type Thetas, thetaOf, withBudget } from "./schemes.js";

const CURVE_POINTS = 25;
/** Of log budgets at which two losses are equal. */
const CLOSE = 1e-12;
/** How far outside the data the laws are held against each other: six decades. */
const SEARCH = Math.log(1e6);

/**
 * Multiplier of every scheme over the baseline. Its band is the set of budgets of the baseline whose loss the t test of the
 * difference of the two laws does not tell from the scheme's (Fieller's inversion), with the robust standard error: open
 * above where the baseline's limit cannot be told from the scheme's loss. Percentiles of replicates left 1 out in 11%
 * of simulated data sets where it was true.
 *
 * @param point where the schemes meet, for the variables that are no budget
 * @param errors of each scheme's differences from the baseline, in the order of the schemes
 * @param redrawn the schemes' parameters in each replicate
 * @param curves whether to follow them along the budgets too, which takes most of the time
 */
export function multipliers(
  schemes: Schemes,
  baseline: number,
  point: readonly number[],
  errors: readonly (DifferenceErrors | null)[],
  redrawn: Thetas,
  level: number,
  curves = true,
): readonly Multiplier[] {
  const logs = schemes.names.map((_, l) => {
    const { least, most } = rangeOf(schemes, l);
    return { least: Math.log(least), most: Math.log(most) };
  });
  const base = logs[baseline];
  return schemes.names.flatMap((name, l): Multiplier[] => {
    const own = logs[l];
    if (l === baseline || own === undefined || base === undefined) return [];
    const least = Math.min(own.least, base.least);
    const most = Math.max(own.most, base.most);
    const pair: Pair = {
      schemes,
      mine: thetaOf(schemes, l),
      other: thetaOf(schemes, baseline),
      point,
      error: errors[l] ?? null,
      level,
      from: least - SEARCH,
      to: most + SEARCH,
    };
    const pointAt = (u: number): MultiplierPoint => {
      const needed = inverse(pair, lossAt(pair, pair.mine, u));
      const start = needed ?? (lossAt(pair, pair.mine, u) > lossAt(pair, pair.other, pair.from) ? pair.from : pair.to);
      const { lower, upper } = untold(pair, (v) => [u, v], start);
      return {
        budget: Math.exp(u),
        multiplier: needed === null ? null : Math.exp(needed - u),
        lower: lower === null ? null : Math.exp(lower - u),
        upper: upper === null ? null : Math.exp(upper - u),
        extrapolated: needed === null || u < own.least || u > own.most || needed < base.least || needed > base.most,
      };
    };
    // One decade beyond the data: far enough to see where a band opens.
    const step = (most + Math.LN10 - least) / (CURVE_POINTS - 1);
    return [
      {
        scheme: name,
        baseline: schemes.names[baseline] ?? "",
        level,
        curve: Array.from({ length: curves ? CURVE_POINTS : 0 }, (_, i) => pointAt(least + i * step)),
        last: pointAt(own.most),
        crossover: crossover(pair, least, most, foundIn(pair, redrawn, l, baseline)),
      },
    ];
  });
}

/** A scheme and the baseline, and the range of log budgets within which their laws are held against each other. */
interface Pair {
  readonly schemes: Schemes;
  readonly mine: Float64Array;
  readonly other: Float64Array;
  readonly point: readonly number[];
  readonly error: DifferenceErrors | null;
  readonly level: number;
  readonly from: number;
  readonly to: number;
}

/** Loss by a law at a log budget. */
function lossAt({ schemes: { law }, point }: Pair, theta: Float64Array, u: number): number {
  return law.value(theta, withBudget(law, point, Math.exp(u)));
}

function lossGradient({ schemes: { law }, point }: Pair, theta: Float64Array, u: number): Float64Array {
  const gradient = new Float64Array(law.parameters.length);
  law.gradient(theta, withBudget(law, point, Math.exp(u)), gradient);
  return gradient;
}

/** Log budget at which the baseline comes down to a loss; null outside the pair's range. */
function inverse(pair: Pair, loss: number): number | null {
  const { from, to, other } = pair;
  const below = (u: number) => loss - lossAt(pair, other, u);
  const [start, end] = [below(from), below(to)];
  return start <= 0 && end >= 0 ? zero(below, [from, start], [to, end], CLOSE) : null;
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
function untold(pair: Pair, place: (v: number) => readonly [scheme: number, baseline: number], start: number): Untold {
  const { mine, other, error, level, from, to } = pair;
  const least = Math.abs(normalQuantile((1 - level) / 2));
  /** How far the losses' difference lies beyond what its error allows; below 0 where it cannot be told. */
  const excess = (v: number): number => {
    const [u, w] = place(v);
    const difference = Math.abs(lossAt(pair, mine, u) - lossAt(pair, other, w));
    const found = error?.of(lossGradient(pair, mine, u), lossGradient(pair, other, w)) ?? null;
    if (found === null) return Number.NEGATIVE_INFINITY;
    // No t quantile lies below the normal one.
    const sure = difference - least * found.value;
    return sure <= 0 ? sure : difference - studentTwoSided(level, found.degreesOfFreedom) * found.value;
  };
  const atStart = excess(start);
  if (atStart > 0) {
    const [u, w] = place(start);
    const lower = lossAt(pair, mine, u) < lossAt(pair, other, w);
    return lower ? { lower: start, upper: null } : { lower: null, upper: start };
  }
  return { lower: firstTold(excess, start, atStart, from), upper: firstTold(excess, start, atStart, to) };
}

/** Where `excess` first passes 0 on the way from `start` to `end`: by growing steps; null where not. */
function firstTold(excess: (v: number) => number, start: number, atStart: number, end: number): number | null {
  let [inside, below] = [start, atStart];
  let [outside, above] = [start, atStart];
  for (let step = 0.02; outside !== end && above <= 0; step *= 1.6) {
    [inside, below] = [outside, above];
    outside = end > start ? Math.min(end, start + step) : Math.max(end, start - step);
    above = excess(outside);
  }
  return above <= 0 ? null : zero(excess, [inside, below], [outside, above], 1e-7);
}

/** @param found share of replicates in which the two laws meet */
function crossover(pair: Pair, least: number, most: number, found: number | null): Crossover {
  const u = crossing(pair, least, most);
  if (u === null) return { budget: null, interval: null, position: "none", found };
  const { lower, upper } = untold(pair, (v) => [v, v], u);
  const { error, level } = pair;
  const budget = (v: number | null) => (v === null ? null : Math.exp(v));
  return {
    budget: Math.exp(u),
    interval: error === null ? null : { level, lower: budget(lower), upper: budget(upper), method: "delta" },
    position: u < least ? "below" : u > most ? "above" : "inside",
    found,
  };
}

/** Log budgets of a search, evenly over its range. */
const CROSSING_STEPS = 64;
const gridOf = ({ from, to }: Pair): readonly number[] =>
  Array.from({ length: CROSSING_STEPS + 1 }, (_, i) => from + ((to - from) / CROSSING_STEPS) * i);

/** The log budget nearest to the middle of the data at which two laws meet, within the search range; null for none. */
function crossing(pair: Pair, least: number, most: number): number | null {
  const gap = (u: number) => lossAt(pair, pair.mine, u) - lossAt(pair, pair.other, u);
  const middle = (least + most) / 2;
  const grid = gridOf(pair);
  const gaps = grid.map(gap);
  return grid.reduce((nearest: number | null, from, i) => {
    const [before, after] = [at(gaps, i), at(gaps, i + 1)];
    // Nor where they are equal all the way.
    if (!(Math.sign(before) * Math.sign(after) < 0)) return nearest;
    const u = zero(gap, [from, before], [at(grid, i + 1), after], CLOSE);
    return nearest === null || Math.abs(u - middle) < Math.abs(nearest - middle) ? u : nearest;
  }, null);
}

/** Share of redrawn laws that meet within the search range; null without any. */
function foundIn(pair: Pair, redrawn: Thetas, l: number, baseline: number): number | null {
  if (redrawn.length === 0) return null;
  const { law } = pair.schemes;
  const points = gridOf(pair).map((u) => withBudget(law, pair.point, Math.exp(u)));
  // The ends first, where most that meet are told already.
  const ordered = [...points.slice(-1), ...points];
  const met = redrawn.filter(({ [l]: mine, [baseline]: other }) => {
    if (mine === undefined || other === undefined) return false;
    let first = 0;
    return ordered.some((x) => {
      const sign = Math.sign(law.value(mine, x) - law.value(other, x));
      if (first === 0) first = sign;
      return sign * first < 0;
    });
  });
  return met.length / redrawn.length;
}
