// What a comparison of schemes is: the record that `compare` returns, that reports draw and that sentences quote.
// Every number a sentence needs is here; a number that cannot be had is null.
import type { Warning } from "../base/errors.js";
import type { ResampleMethod, ResampleUnit } from "../fit/bootstrap.js";
import type { Fit, Interval } from "../fit/record.js";
import type { Clusters } from "../fit/variance/clusters.js";

/**
 * What the schemes differ in. "neither" says that limit and exponent agree within the stated margins, not merely
 * that no difference was found; "cannot tell" is the answer wherever a rival explanation was not rejected.
 */
export type Verdict = "exponent" | "limit" | "both" | "neither" | "cannot tell";

/** A law for all schemes at once; what is not shared is free in every scheme. */
export type NestedModel = "free" | "shared-limit" | "shared-exponent" | "shared-both";

/** Test of a nested model against the model that leaves every parameter free. Rejected: what it shares does differ. */
export interface NestedTest {
  readonly model: Exclude<NestedModel, "free">;
  readonly sumOfSquares: number;
  readonly parameters: number;
  /** ((SSE − SSE_free)/numeratorDf)/(SSE_free/denominatorDf). */
  readonly fStatistic: number;
  readonly numeratorDf: number;
  readonly denominatorDf: number;
  /** Upper tail of F(numeratorDf, denominatorDf): assumes independent, equally spread residuals. */
  readonly pValue: number;
  /** The same with F calibrated to the noise as it is, unequal or shared (calibrated-test.ts); null where nothing is known of it. */
  readonly calibratedPValue: number | null;
  /** The calibrated p-value; where there is none the plain one, or 1 where points share errors; Holm-adjusted over the pairs of schemes (over all schemes at once: not adjusted). */
  readonly adjustedPValue: number;
  /** adjustedPValue < alpha. */
  readonly rejected: boolean;
}

/** The four nested models fitted to a set of schemes, and what follows. */
export interface NestedTests {
  readonly verdict: Verdict;
  /** Shared limit, shared exponent, both shared: in this order, without those that the law has nothing for. */
  readonly tests: readonly NestedTest[];
  readonly free: { readonly sumOfSquares: number; readonly parameters: number; readonly points: number };
  /** Schemes in the tests, as `Comparison.schemes` names them. */
  readonly schemes: readonly string[];
}

/** All values (limit, exponent) that a scheme's points allow jointly, the coefficient free: a profile F region. */
export interface JointRegion {
  readonly scheme: string;
  readonly level: number;
  readonly estimate: { readonly limit: number; readonly exponent: number };
  /** Corners [limit, exponent] in order round the region. Empty without degrees of freedom. */
  readonly polygon: readonly (readonly [number, number])[];
  /** False where the region runs on to the bound of a parameter: the data do not close it. */
  readonly closed: boolean;
}

/** A scheme whose free fit is not to be read, and so forbids a verdict on limits and exponents. */
export interface Obstacle {
  readonly scheme: string;
  /** A fit status other than converged ("at-bound": the limit ended at 0), "residuals-structured", or "one-run". */
  readonly code: string;
}

export interface Attribution extends NestedTests {
  /**
   * The tests take the law for true. Where a scheme's fit ended at a bound, or its residuals keep a shape that is not small
   * (1% of the losses' range, or enough to undo a difference that the verdict rests on), a rejection may be the law's
   * failure instead of a difference between schemes, and the verdict is "cannot tell". The same where all points are of one
   * run: its limit is that of its schedule.
   */
  readonly obstacles: readonly Obstacle[];
  /** Significance level of the tests: .05. */
  readonly alpha: number;
  /** Margins within which schemes count as equal, for the verdict "neither". */
  readonly margins: { readonly limit: number; readonly exponent: number };
  /** The same tests on two schemes at a time, Holm over the pairs. */
  readonly pairs: readonly NestedTests[];
  /** Mean correlation of residuals between schemes at equal pair keys; null without keys. The plain F test takes it for 0. */
  readonly residualCorrelation: number | null;
  /** Empty in a comparison of the least detail. */
  readonly regions: readonly JointRegion[];
}

/** A parameter of the law ("limit", "exponent"), or "loss". */
export type Quantity = string;

/** scheme − baseline. */
export interface Difference {
  readonly quantity: Quantity;
  readonly scheme: string;
  readonly baseline: string;
  /** For "loss": the budget (value of x) at which both laws are read; null otherwise. */
  readonly budget: number | null;
  readonly difference: number;
  /** Of the two fits side by side (pairing.ts), so that what schemes share cancels; null when not defined. */
  readonly standardError: number | null;
  readonly interval: Interval | null;
  /** All of these hold together over the schemes of one quantity, at the same level; null where `interval` is. */
  readonly simultaneous: Interval | null;
  /** The difference that 80 of 100 such studies would tell from 0 over the schemes; null without a standard error. */
  readonly detectable: number | null;
  /** Share of bootstrap replicates in which the scheme is better (lower limit, higher exponent, lower loss); null without bootstrap. */
  readonly probabilityBetter: number | null;
  /** Two-sided, of no difference: the smallest 1 − level whose interval leaves 0 out; null when not defined. */
  readonly pValue: number | null;
  /** Over the schemes, within the quantity: of the family that `simultaneous` holds for. */
  readonly adjustedPValue: number | null;
  /**
   * What the difference would change by, to first order, if the laws whose shape these data reject were allowed to bend in
   * log x (bend.ts); null where neither is rejected, and for parameters beside a bound.
   */
  readonly bend: number | null;
  /** adjustedPValue < alpha, and still so for a difference that is smaller by as much as the laws would bend it. */
  readonly told: boolean;
}

/** scheme − baseline as the points have it, without a law: losses of points that a key matches, at one budget. */
export interface MeasuredDifference {
  readonly scheme: string;
  readonly baseline: string;
  /** Where losses are compared: x of the law's main variable. */
  readonly budget: number;
  /** Matched points there. */
  readonly pairs: number;
  /** Mean of their differences, nats per token. */
  readonly difference: number;
  readonly standardError: number;
  /** t with pairs − 1 degrees of freedom. */
  readonly interval: Interval;
  /** All schemes' hold together. */
  readonly simultaneous: Interval;
  readonly pValue: number;
  readonly adjustedPValue: number;
}

export interface MultiplierPoint {
  /** Budget of the scheme (value of x). */
  readonly budget: number;
  /** Budget that the baseline needs for the same loss, over `budget`; null where its law does not get there within 6 decades. */
  readonly multiplier: number | null;
  /**
   * Budgets of the baseline whose loss cannot be told from the scheme's, over `budget`. Null on a side where they have no end
   * within 6 decades of the data; where even the last of these is told apart, it stands as the bound.
   */
  readonly lower: number | null;
  readonly upper: number | null;
  /** True where the scheme's or the baseline's budget lies outside its own data. */
  readonly extrapolated: boolean;
}

export interface Crossover {
  /** Budget at which the two laws give one loss; null where they do not meet within 6 decades of the data. */
  readonly budget: number | null;
  /** Budgets round it at which the two losses cannot be told apart. */
  readonly interval: Interval | null;
  readonly position: "inside" | "below" | "above" | "none";
  /** Share of replicates in which the two laws meet; null without bootstrap. */
  readonly found: number | null;
}

/** How much more of x (compute, tokens) the baseline needs to do as well. */
export interface Multiplier {
  readonly scheme: string;
  readonly baseline: string;
  readonly level: number;
  /** Along budgets; empty in a comparison of the least detail. */
  readonly curve: readonly MultiplierPoint[];
  /** At the scheme's largest budget, its law against the baseline's. */
  readonly last: MultiplierPoint;
  readonly crossover: Crossover;
}

/** A parameter as a straight line in a covariate of the schemes. */
export interface Trend {
  readonly parameter: string;
  /** Formula of the groups' values: "rounds", "log(rounds)". */
  readonly covariate: string;
  /** The parameter where the covariate is 0. */
  readonly intercept: number;
  readonly slope: number;
  readonly standardError: number | null;
  readonly interval: Interval | null;
  /** Two-sided, of no slope. */
  readonly pValue: number | null;
  /** Of the line being enough, against the parameter free in every scheme; null for two schemes. */
  readonly linePValue: number | null;
}

/** How the limit was chosen: fitted in every scheme, one for all, or the baseline's taken over by the others. */
export type LimitRule = "free" | "shared" | "borrowed";

export interface RobustnessRow {
  readonly loss: string;
  readonly space: "log" | "linear";
  /** "all", "without the smallest", "without the largest". */
  readonly window: string;
  readonly limitRule: LimitRule;
  readonly outliers: "kept" | "dropped";
  /** One a scheme, in the order of `Comparison.schemes`; null where the fit found no value. */
  readonly limits: readonly (number | null)[];
  readonly exponents: readonly (number | null)[];
  /** Schemes from the largest exponent down, and from the lowest limit up; empty where a value is missing. */
  readonly byExponent: readonly string[];
  readonly byLimit: readonly string[];
}

export interface Robustness {
  readonly rows: readonly RobustnessRow[];
  /** Share of rows whose best scheme, and whose whole order, is that of the first row. Rows with one limit do not rank limits. */
  readonly sameBestExponent: number | null;
  readonly sameOrderExponent: number | null;
  readonly sameBestLimit: number | null;
  readonly sameOrderLimit: number | null;
}

/**
 * A scheme under the procedure of arXiv 2609.19107: the baseline's limit, fitted by least squares of the loss itself,
 * is fixed in every scheme, and the exponent is the slope of log(loss − limit) on log x. Errors of the limit are left
 * out, so no interval is given. Null where a loss does not exceed the borrowed limit.
 */
export interface Borrowed {
  readonly scheme: string;
  readonly limit: number | null;
  readonly exponent: number | null;
  /** The baseline's largest budget over the one at which the scheme's points, interpolated, have the same loss. */
  readonly lastMultiplier: number | null;
}

export interface Comparison {
  readonly law: string;
  /** Names of the schemes (values of the group joined by ", "), in the order of `fits`. */
  readonly schemes: readonly string[];
  readonly baseline: string;
  /** Every parameter free in every scheme. */
  readonly fits: readonly Fit[];
  readonly attribution: Attribution;
  /** Where losses are compared, by variable of the law. */
  readonly point: Readonly<Record<string, number>>;
  readonly differences: readonly Difference[];
  /** One a scheme with two matched points or more at `point`, in the order of `schemes`. */
  readonly measured: readonly MeasuredDifference[];
  readonly multipliers: readonly Multiplier[];
  /** Empty unless a covariate was asked for. */
  readonly trends: readonly Trend[];
  /** What the procedure with a borrowed limit says, in the order of `schemes`: published tables were made with it. */
  readonly borrowed: readonly Borrowed[];
  /** What makes points share an error, and how many clusters that leaves: what standard errors of differences rest on. */
  readonly clusters: { readonly by: Clusters["by"]; readonly count: number };
  readonly bootstrap: {
    readonly method: ResampleMethod;
    readonly unit: ResampleUnit;
    readonly replicates: number;
    /** Replicates that gave no estimate. */
    readonly failed: number;
    readonly seed: number;
  };
  readonly robustness: Robustness | null;
  readonly warnings: readonly Warning[];
}
