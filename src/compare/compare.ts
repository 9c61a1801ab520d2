// The comparison of schemes in one call: observations → free fits → nested tests, differences, multipliers, doubts.
import { item } from "../base/item.js";
import type { Observations } from "../curve/observations.js";
import type { ResampleMethod, ResampleUnit } from "../fit/bootstrap.js";
import { fit as fitLaw } from "../fit/fit.js";
import { weighedByNoise } from "../fit/fitted.js";
import { groupName } from "../fit/problem/columns.js";
import { DEFAULT_FIT_OPTIONS, type FitOptions } from "../fit/record.js";
import { replicate } from "../fit/replicates.js";
import { at, type Law, mainVariable } from "../law/law.js";
import { powerLawWithLimit } from "../law/power-law.js";
import { adjustPairs, type Equivalence, nestedTests, verdict } from "./attribution.js";
import { baselineIndex } from "./baseline.js";
import { borrowedLimit } from "./borrowed.js";
import type { Comparison, Difference } from "./comparison.js";
import { differences } from "./differences.js";
import { doubts } from "./doubts.js";
import { measuredDifferences } from "./measured.js";
import { multipliers } from "./multipliers.js";
import { bentVerdicts, isUndone, obstacles, withheld } from "./obstacles.js";
import { pairings } from "./pairing.js";
import { jointRegions } from "./regions.js";
import { robustness } from "./robustness.js";
import { fitSchemes, meetingPoint, residualCorrelation } from "./schemes.js";
import { trends } from "./trends.js";

export interface CompareOptions {
  readonly law: Law;
  /** Loss, space, weights, interval, level and seed of the fits; the seed also drives the replicates. */
  readonly fit: Partial<FitOptions>;
  /**
   * Name of the scheme the others are held against, or a beginning that only one has. Null for one named or beginning
   * with baseline, plain or vanilla, else the first.
   */
  readonly baseline: string | null;
  /** Bootstrap replicates of the fits, for the share in which a scheme is better or laws cross; 0 for none. */
  readonly replicates: number;
  readonly method: ResampleMethod;
  /** Null for the clusters that are read off the data: all points that share a run or a pair key. */
  readonly unit: ResampleUnit | null;
  /** Value of the law's main variable at which losses are compared; null for the largest that every scheme reaches. */
  readonly budget: number | null;
  /** Significance level of the tests. */
  readonly alpha: number;
  /** Differences of limit (nats) and exponent that count as none, for the verdict "neither". */
  readonly margins: { readonly limit: number; readonly exponent: number };
  readonly robustness: boolean;
  /** "least", for hundreds of schemes: without curves of multipliers and joint regions, which nobody reads of so many. */
  readonly detail: "all" | "least";
  /** A formula of the groups' values that parameters are also fitted as straight lines in ("rounds"); null for none. */
  readonly covariate: string | null;
}

export const DEFAULT_COMPARE_OPTIONS: CompareOptions = {
  law: powerLawWithLimit,
  fit: {},
  baseline: null,
  replicates: 2000,
  method: "wild",
  unit: null,
  budget: null,
  alpha: 0.05,
  // Our choice: the smallest gain reported for recursion is .01 nats, and a change of exponent by .005 at an excess loss
  // of about one nat is worth about as much over one decade.
  margins: { limit: 0.01, exponent: 0.005 },
  robustness: false,
  detail: "all",
  covariate: null,
};

/**
 * Compares schemes under one law, one group of observations a scheme: L(x) = limit + coefficient·x^−exponent unless the
 * options name another. Asked are the law's limits and exponents (its coefficients where it has neither) and the loss.
 *
 * The verdict rests on least squares in the space of the fit (log by default) whatever loss the fits use, because the F
 * test is about sums of squares. Throws InputError for fewer than two schemes, repeated names, an unknown baseline, or
 * fewer different x than parameters; FitError where a scheme has no estimate. Pure: the same input and seed, the same
 * record.
 *
 * @example
 * import { compare, observe, readTable } from "rinsight";
 *
 * const { table } = await readTable(["curves.csv"]);
 * const { groups } = observe(table, ["tokens"]);
 * const { attribution, differences } = compare(groups, { baseline: "baseline", replicates: 200 });
 * console.log(attribution.verdict, differences.length);
 */
export function compare(given: readonly Observations[], options: Partial<CompareOptions> = {}): Comparison {
  const chosen = { ...DEFAULT_COMPARE_OPTIONS, ...options };
  const { law, alpha, margins, method } = chosen;
  const asked: FitOptions = { ...DEFAULT_FIT_OPTIONS, ...chosen.fit };
  const { level, seed } = asked;
  // Once for all: nested laws are held against each other under the same weights.
  const auto = asked.weighted === "auto";
  const observations = auto ? given.map((group) => weighedByNoise(law, group, asked).group) : given;
  const fitOptions: FitOptions = auto ? { ...asked, weighted: true } : asked;
  const baseline = baselineIndex(observations.map(groupName), chosen.baseline);
  const schemes = fitSchemes(law, observations, fitOptions);
  const { all, clusters } = schemes;
  const names = all.map(({ name }) => name);
  const squared =
    fitOptions.loss.kind === "squared"
      ? schemes
      : fitSchemes(law, observations, { ...fitOptions, loss: { kind: "squared" } });
  const whole = chosen.detail === "all";
  const unit = chosen.unit ?? clusters.by;
  const replicates = replicate(
    all.map(({ fit }) => fit),
    observations,
    { method, unit, replicates: chosen.replicates, seed },
  );
  const pairs = pairings(schemes, baseline, replicates.frees);
  const point = meetingPoint(schemes, chosen.budget);
  const budget = at(point, mainVariable(law));
  const fits = given.map((group) => fitLaw(law, group, asked));
  // Each by itself: of many schemes none may go on as if its law held.
  const rejected = names.filter((_, i) => (fits[i]?.structure?.pValue ?? 1) < alpha);
  const rows = differences(schemes, pairs, { level, point, budget, alpha, rejected });
  const measured = measuredDifferences(observations, { baseline, point, budget, level, seed });
  const undone = rows.filter((row) => isUndone(row, alpha));
  const nested = nestedTests(squared, alpha);
  const others = squared.all.filter((_, l) => l !== baseline);
  const nestedPairs = others.map((scheme) =>
    all.length === 2 ? nested : nestedTests({ ...squared, all: [item(squared.all, baseline), scheme] }, alpha),
  );
  const equivalences = others.map(({ name }) =>
    equivalence(
      law,
      rows.filter(({ scheme }) => scheme === name),
      margins,
    ),
  );
  const hindering = obstacles(names, fits, observations, bentVerdicts(law, nested, { names, fits, undone, alpha }));
  const correlation = residualCorrelation(schemes);
  return {
    law: law.name,
    schemes: names,
    baseline: item(names, baseline),
    fits,
    attribution: {
      ...withheld({ ...nested, verdict: verdict(nested.tests, equivalence(law, rows, margins)) }, hindering),
      obstacles: hindering,
      alpha,
      margins,
      pairs: adjustPairs(nestedPairs, equivalences, alpha).map((pair) => withheld(pair, hindering)),
      residualCorrelation: correlation,
      regions: whole ? jointRegions(squared, level) : [],
    },
    point: Object.fromEntries(law.variables.map((variable, v) => [variable, at(point, v)])),
    differences: rows,
    measured,
    multipliers: multipliers(law, pairs, point, level, whole),
    trends: chosen.covariate === null ? [] : trends(squared, chosen.covariate, level),
    borrowed: law === powerLawWithLimit ? borrowedLimit(observations, baseline) : [],
    clusters: { by: clusters.by, count: clusters.count },
    bootstrap: {
      method,
      unit,
      replicates: chosen.replicates,
      failed: replicates.failed,
      seed,
    },
    robustness: chosen.robustness ? robustness(law, observations, baseline) : null,
    warnings: doubts(schemes, nested, { correlation, budget, undone, measured: measured.length > 0 }),
  };
}

/** Shown to be equal: every interval of a difference of a limit or an exponent lies within its margin. */
function equivalence(law: Law, rows: readonly Difference[], margins: CompareOptions["margins"]): Equivalence {
  const within = rows.every(({ quantity, interval }) => {
    const role = law.parameters.find(({ name }) => name === quantity)?.role;
    if (role !== "limit" && role !== "exponent") return true;
    if (interval === null || interval.lower === null || interval.upper === null) return false;
    return interval.lower > -margins[role] && interval.upper < margins[role];
  });
  return within ? "equal" : "not shown";
}
