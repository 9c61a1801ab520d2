// Differences of loss as the points have them, without a law: what a comparison by laws is to be held beside.
import { fTail, studentTwoSided } from "../base/distributions.js";
import { item } from "../base/item.js";
import { mean, standardErrorOfMean } from "../base/mean.js";
import type { Observations } from "../curve/observations.js";
import { groupName } from "../fit/problem/columns.js";
import { family } from "../fit/variance/simultaneous.js";
import { at } from "../law/law.js";
import type { MeasuredDifference } from "./comparison.js";

/** Points within this share of every variable's value are there: steps are whole, so that equal compute is equal to a step. */
const NEAR = 0.01;

interface MeasuredOptions {
  readonly baseline: number;
  /** Where losses are compared: one value per variable of the law. */
  readonly point: readonly number[];
  /** The same, as the record has it: the value of the main variable. */
  readonly budget: number;
  readonly level: number;
  readonly seed: number;
}

/**
 * Mean of (scheme − baseline) over the points there that a key matches, with the t interval of so many pairs; over
 * the schemes max-t, as differences of laws (simultaneous.ts). A scheme with fewer than two pairs, with differences that are
 * all alike, or with a key that stands twice there, has none.
 */
export function measuredDifferences(
  groups: readonly Observations[],
  options: MeasuredOptions,
): readonly MeasuredDifference[] {
  const { baseline, level } = options;
  const base = lossesAt(item(groups, baseline), options);
  const order = [...(base?.keys() ?? [])];
  const rows = groups.flatMap((group, l) => {
    const own = lossesAt(group, options);
    const keys = l === baseline || own === null || base === null ? [] : [...own.keys()].filter((key) => base.has(key));
    if (keys.length < 2) return [];
    const values = Float64Array.from(keys, (key) => (own?.get(key) ?? Number.NaN) - (base?.get(key) ?? Number.NaN));
    const paired = pairedMean(values);
    if (!(paired.standardError > 0)) return [];
    // Every point has a noise of its own, and all have one size.
    const draws = [l, baseline].flatMap((g) => keys.map((key) => order.indexOf(key) + order.length * g));
    const pulls = draws.map((_, d) => (d < keys.length ? 1 : -1));
    return [{ scheme: groupName(group), member: { draws, pulls }, ...paired }];
  });
  const together = family(
    rows.map(({ member }) => member),
    level,
    options.seed,
  );
  return rows.map(({ scheme, pairs, difference, standardError, pValue }): MeasuredDifference => {
    const interval = (wide: number) => {
      const half = standardError * studentTwoSided(wide, pairs - 1);
      return { level, lower: difference - half, upper: difference + half, method: "delta" } as const;
    };
    return {
      scheme,
      baseline: groupName(item(groups, baseline)),
      budget: options.budget,
      pairs,
      difference,
      standardError,
      interval: interval(level),
      simultaneous: interval(together.level),
      pValue,
      adjustedPValue: together.adjusted(pValue),
    };
  });
}

/** By key; null without keys or with one that stands twice. */
function lossesAt({ x, loss, pair }: Observations, { point }: MeasuredOptions): ReadonlyMap<string, number> | null {
  const there = Array.from(loss.keys()).filter((i) =>
    point.every((value, v) => Math.abs(at(item(x, v), i) / value - 1) < NEAR),
  );
  const losses = new Map(there.flatMap((i) => (pair === null ? [] : [[item(pair, i), at(loss, i)] as const])));
  return losses.size > 0 && losses.size === there.length ? losses : null;
}

function pairedMean(values: Float64Array) {
  const [pairs, difference, standardError] = [values.length, mean(values), standardErrorOfMean(values)];
  return {
    pairs,
    difference,
    standardError,
    pValue: fTail((difference / standardError) ** 2, 1, pairs - 1),
  };
}
