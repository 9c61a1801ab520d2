// The comparison of schemes in one call: observations → free fits → nested tests, differences, multipliers, doubts.
import type { Warning } from "../base/errors.js";
import type { Observations } from "../curve/observations.js";
import type { ResampleMethod, ResampleUnit } from "../fit/bootstrap.js";
import { fit as fitLaw } from "../fit/fit.js";
import { DEFAULT_FIT_OPTIONS, type FitOptions } from "../fit/record.js";
import { powerLawWithLimit } from "../law/power-law.js";
import { adjustPairs, type Equivalence, nestedTests, verdict } from "./attribution.js";
import { baselineIndex } from "./baseline.js";
import { borrowedLimit } from "./borrowed.js";
import type { Comparison, Difference } from "./comparison.js";
import { type DifferenceInterval, differences } from "./differences.js";
import { jackknife } from "./jackknife.js";
import { type FreeFits, fitFree, ladders, residualCorrelation, subset } from "./ladders.js";
import { multipliers } from "./multipliers.js";
import { obstacles, withheld } from "./obstacles.js";
import { jointRegions } from "./regions.js";
import { type BootstrapOptions, replicate } from "./replicates.js";
import { robustDifference } from "./robust.js";
import { robustness } from "./robustness.js";
import { spreads } from "./spread.js";

export interface CompareOptions {
  /** Loss, space, weights, interval, level and seed of the fits; the seed also drives the replicates. */
  readonly fit: Partial<FitOptions>;
  /**
   * Name of the scheme the others are held against, or a beginning that only one has. Null for one named or beginning
   * with baseline, plain or vanilla, else the first.
   */
  readonly baseline: string | null;
  /** Bootstrap replicates of the fits; 0 for none. */
  readonly replicates: number;
  /** Data sets redrawn under each nested model; 0 for F tests alone. */
  readonly testReplicates: number;
  readonly method: ResampleMethod;
  /** Null for the widest that the data have keys for: pair, then run, then point. */
  readonly unit: ResampleUnit | null;
  /**
   * Intervals of differences of limit and exponent. Null for percentiles of the replicates, or t intervals ("delta") where
   * there are none; differences of loss and multipliers have t intervals always. npm run validate holds their coverage.
   */
  readonly interval: DifferenceInterval | null;
  /** Value of x at which losses are compared; null for the largest that every scheme reaches. */
  readonly budget: number | null;
  /** Significance level of the tests. */
  readonly alpha: number;
  /** Differences of limit (nats) and exponent that count as none, for the verdict "neither". */
  readonly margins: { readonly limit: number; readonly exponent: number };
  readonly robustness: boolean;
}

export const DEFAULT_COMPARE_OPTIONS: CompareOptions = {
  fit: {},
  baseline: null,
  replicates: 2000,
  testReplicates: 499,
  method: "wild",
  unit: null,
  interval: null,
  budget: null,
  alpha: 0.05,
  // Our choice: the smallest gain reported for recursion is .01 nats, and a change of exponent by .005 at an excess loss
  // of about one nat is worth about as much over one decade.
  margins: { limit: 0.01, exponent: 0.005 },
  robustness: false,
};

/**
 * Compares schemes under L(x) = limit + coefficient·x^−exponent, one group of observations a scheme.
 *
 * The verdict rests on least squares in the space of the fit (log by default) whatever loss the fits use, because the F
 * test is about sums of squares. Throws InputError for fewer than two schemes, repeated names, an unknown baseline, or
 * fewer than three different x; FitError where a scheme has no estimate. Pure: the same input and seed, the same record.
 *
 * @example
 * import { compare, observe, readTable } from "rinsight";
 *
 * const { table } = await readTable(["curves.csv"]);
 * const { groups } = observe(table, ["tokens"]);
 * const { attribution, differences } = compare(groups, { baseline: "baseline", replicates: 200 });
 * console.log(attribution.verdict, differences.length);
 */
export function compare(observations: readonly Observations[], options: Partial<CompareOptions> = {}): Comparison {
  const chosen = { ...DEFAULT_COMPARE_OPTIONS, ...options };
  const fitOptions = { ...DEFAULT_FIT_OPTIONS, ...chosen.fit };
  const prepared = ladders(observations, fitOptions.weighted);
  const names = prepared.ladders.map((ladder) => ladder.name);
  const baseline = baselineIndex(names, chosen.baseline);
  const huber = fitOptions.loss.kind === "huber" ? fitOptions.loss.delta : null;
  const free = fitFree(prepared.ladders, prepared.origin, fitOptions.space, huber);
  const squared = huber === null ? free : fitFree(prepared.ladders, prepared.origin, fitOptions.space);
  const unit = chosen.unit ?? widestUnit(free);
  const bootstrap = (replicates: number): BootstrapOptions | null =>
    replicates > 0 ? { method: chosen.method, unit, replicates, seed: fitOptions.seed } : null;
  const drawn = bootstrap(chosen.replicates);
  const replicates = drawn === null ? null : replicate(free, drawn);
  const redrawn = bootstrap(chosen.testReplicates);
  // Holm multiplies a pair's p-value by up to the number of pairs: enough replicates that one of them can still reject.
  const redrawnPairs =
    redrawn === null ? null : bootstrap(Math.max(chosen.testReplicates, Math.ceil((2 * names.length) / chosen.alpha)));
  const spread = spreads(free);
  const robust = names.map((_, l) => (l === baseline ? null : robustDifference(free, spread, [l, baseline], unit)));
  const correlation = residualCorrelation(free);
  const budget = chosen.budget ?? commonBudget(free);
  const level = fitOptions.level;
  const rows = differences(
    free,
    spread,
    baseline,
    robust,
    replicates,
    chosen.interval === "bootstrap-bca" ? jackknife(free, unit) : [],
    { interval: chosen.interval ?? (replicates === null ? "delta" : "bootstrap-percentile"), level, budget },
  );
  const whole = nestedTests(squared, chosen.alpha, redrawn);
  const others = names.map((_, l) => l).filter((l) => l !== baseline);
  const pairs = others.map((l) =>
    names.length === 2 ? whole : nestedTests(subset(squared, [baseline, l]), chosen.alpha, redrawnPairs, "rejected"),
  );
  const equivalences = others.map((l) => {
    const own = rows.filter((row) => row.scheme === names[l]);
    return equivalence(own, chosen.margins);
  });
  const fits = observations.map((group) => fitLaw(powerLawWithLimit, group, fitOptions));
  const hindering = obstacles(names, fits);
  return {
    schemes: names,
    baseline: names[baseline] ?? "",
    fits,
    attribution: {
      ...withheld({ ...whole, verdict: verdict(whole.tests, equivalence(rows, chosen.margins)) }, hindering),
      obstacles: hindering,
      alpha: chosen.alpha,
      margins: chosen.margins,
      pairs: adjustPairs(pairs, equivalences, chosen.alpha).map((pair) => withheld(pair, hindering)),
      residualCorrelation: correlation,
      regions: jointRegions(squared, level),
    },
    differences: rows,
    multipliers: multipliers(free, baseline, robust, replicates, level),
    borrowed: borrowedLimit(free.ladders, baseline),
    bootstrap: {
      method: chosen.method,
      unit,
      replicates: chosen.replicates,
      testReplicates: chosen.testReplicates,
      failed: replicates?.failed ?? 0,
      seed: fitOptions.seed,
      level,
    },
    robustness: chosen.robustness ? robustness(free.ladders, free.origin, baseline) : null,
    warnings: doubts(free, unit, correlation, budget),
  };
}

function widestUnit(free: FreeFits): ResampleUnit {
  if (free.ladders.every((ladder) => ladder.pair !== null)) return "pair";
  const clustered = free.ladders.every((ladder) => ladder.run !== null && new Set(ladder.run).size < ladder.u.length);
  return clustered && free.ladders.every((ladder) => new Set(ladder.run).size >= 5) ? "run" : "point";
}

/** The largest x that lies within every scheme's data. */
function commonBudget(free: FreeFits): number {
  return Math.exp(Math.min(...free.ladders.map((ladder) => Math.max(...ladder.u))) + free.origin);
}

/** Shown to be equal: every interval of a difference of limit and of exponent lies within its margin. */
function equivalence(rows: readonly Difference[], margins: { limit: number; exponent: number }): Equivalence {
  const within = rows.every(({ quantity, interval }) => {
    if (quantity === "loss") return true;
    const margin = margins[quantity];
    if (interval === null || interval.lower === null || interval.upper === null) return false;
    return interval.lower > -margin && interval.upper < margin;
  });
  return within ? "equal" : "not shown";
}

function doubts(free: FreeFits, unit: ResampleUnit, correlation: number | null, budget: number): readonly Warning[] {
  const warnings: Warning[] = [];
  if (free.ladders.some((ladder) => ladder.u.length < 6)) {
    warnings.push({
      code: "few-points",
      message:
        "a scheme has fewer than 6 points for 3 parameters: its intervals are wide and rest on the law; add horizons",
    });
  }
  if (unit === "point") {
    warnings.push({
      code: "unpaired",
      message:
        "points are redrawn scheme by scheme because no key matches them; give --pair-by (horizon and seed) to take shared errors out",
    });
  }
  if (correlation !== null && correlation > 0.3) {
    warnings.push({
      code: "correlated-residuals",
      message: `residuals correlate ${correlation.toFixed(2)} between schemes at equal keys: the F tests, which take them for independent, find too little; read the paired bootstrap beside them`,
    });
  }
  const beyond = free.ladders.filter((ladder) => Math.log(budget) - free.origin > Math.max(...ladder.u) + 1e-9);
  if (beyond.length > 0) {
    warnings.push({
      code: "extrapolates-far",
      message: `losses are compared at a budget outside the data of ${beyond.map((ladder) => ladder.name).join(", ")}; give --budget within the data for a comparison without extrapolation`,
    });
  }
  return warnings;
}
