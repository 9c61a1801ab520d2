// Differences of loss as the points have them, without a law: what a comparison by laws is to be held beside.
import { fTail, studentTwoSided } from "../base/distributions.js";
import { item } from "../base/item.js";
import { mean, standardErrorOfMean } from "../base/mean.js";
import { random } from "../base/random.js";
import type { Observations } from "../curve/observations.js";
import { groupName } from "../fit/problem/columns.js";
import { alone, FAMILY_REPLICATES, type Family, familyOf } from "../fit/variance/simultaneous.js";
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
 * the schemes max-t (simultaneous.ts). A scheme with fewer than two pairs, with differences that are
 * all alike, or with a key that stands twice there, has none.
 */
export function measuredDifferences(
  groups: readonly Observations[],
  options: MeasuredOptions,
): readonly MeasuredDifference[] {
  const { baseline, level } = options;
  const base = lossesAt(item(groups, baseline), options);
  const rows = groups.flatMap((group, l) => {
    const own = lossesAt(group, options);
    const keys = l === baseline || own === null || base === null ? [] : [...own.keys()].filter((key) => base.has(key));
    if (keys.length < 2) return [];
    const values = Float64Array.from(keys, (key) => (own?.get(key) ?? Number.NaN) - (base?.get(key) ?? Number.NaN));
    const paired = pairedMean(values);
    if (!(paired.standardError > 0)) return [];
    return [{ scheme: groupName(group), keys, ...paired }];
  });
  const together = joint(rows, options);
  return rows.map(({ scheme, pairs, difference, standardError }): MeasuredDifference => {
    const pValue = pOf(difference / standardError, pairs);
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

/** The family of paired t tests under noise of one size, each point's own: exact there, whatever schemes share at a key. */
function joint(rows: readonly { readonly keys: readonly string[] }[], { level, seed }: MeasuredOptions): Family {
  if (rows.length < 2) return alone(level);
  const stream = random(seed).split("family");
  const all = [...new Set(rows.flatMap(({ keys }) => keys))];
  const places = rows.map(({ keys }) => keys.map((key) => all.indexOf(key)));
  const losses = [null, ...rows].map(() => new Float64Array(all.length));
  const [base, ...own] = losses;
  const least = Float64Array.from({ length: FAMILY_REPLICATES }, () => {
    for (const column of losses) for (let k = 0; k < all.length; k++) column[k] = stream.normal();
    // Tests of as many pairs are in the order of their t.
    const most = new Map<number, number>();
    for (const [r, keys] of places.entries()) {
      const differences = Float64Array.from(keys, (k) => (own[r]?.[k] ?? Number.NaN) - (base?.[k] ?? Number.NaN));
      const { pairs, difference, standardError } = pairedMean(differences);
      most.set(pairs, Math.max(most.get(pairs) ?? 0, Math.abs(difference / standardError)));
    }
    return Math.min(...[...most].map(([pairs, t]) => pOf(t, pairs)));
  });
  return familyOf(least, level);
}

const pOf = (t: number, pairs: number): number => fTail(t * t, 1, pairs - 1);

/** By key; null without keys or with one that stands twice. */
function lossesAt({ x, loss, pair }: Observations, { point }: MeasuredOptions): ReadonlyMap<string, number> | null {
  const there = Array.from(loss.keys()).filter((i) =>
    point.every((value, v) => Math.abs(at(item(x, v), i) / value - 1) < NEAR),
  );
  const losses = new Map(there.flatMap((i) => (pair === null ? [] : [[item(pair, i), at(loss, i)] as const])));
  return losses.size > 0 && losses.size === there.length ? losses : null;
}

function pairedMean(values: Float64Array) {
  return { pairs: values.length, difference: mean(values), standardError: standardErrorOfMean(values) };
}
