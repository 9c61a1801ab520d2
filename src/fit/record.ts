// What a fit is: estimates that never travel without their status, intervals and doubts; and the options it was made with.
import type { Warning } from "../base/errors.js";
import type { Exclusion } from "../curve/observations.js";

/** How a solver ended; the message holds the remedy. A fit with no estimate at all is a FitError instead. */
export type FitStatus = "converged" | "iteration-limit" | "at-bound" | "ill-conditioned";

export type IntervalMethod =
  | "profile"
  /** Ends at the size of rise that the noise as it is makes likely, unequal or shared; "profile": noise of one size. */
  | "calibrated-profile"
  | "delta"
  | "bootstrap-percentile"
  | "fieller"
  | "forms"
  | "inverted";

export interface Interval {
  readonly level: number;
  /** Null where the interval is open on that side: the data do not bound it. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly method: IntervalMethod;
}

export interface Estimate {
  readonly estimate: number;
  /**
   * The other parameters' uncertainty included; null when not defined. Of the kind of the interval: from the noise as it is,
   * from the curvature at the optimum under noise of one size, or the replicates' standard deviation.
   */
  readonly standardError: number | null;
  readonly interval: Interval | null;
  /** True where the value was given by the user and not fitted. */
  readonly fixed: boolean;
}

export type Loss =
  | { readonly kind: "squared" }
  | { readonly kind: "huber"; readonly delta: number }
  | { readonly kind: "absolute" };

export interface FitOptions {
  readonly loss: Loss;
  /** Residuals are log(observed) − log(predicted) ("log") or observed − predicted ("linear"). */
  readonly space: "log" | "linear";
  /** Weight each residual by 1/standardError where standard errors are given, or ("auto") by the noise as it is estimated. */
  readonly weighted: boolean | "auto";
  readonly fixed: Readonly<Record<string, number>>;
  /** Pairs [name, name] that share one value. */
  readonly tied: readonly (readonly [string, string])[];
  /** [lower, upper] by parameter name, in place of the law's own bounds. */
  readonly bounds: Readonly<Record<string, readonly [number, number]>>;
  /** A value for every parameter to descend from, in place of the law's own starts; null for these. */
  readonly start: Readonly<Record<string, number>> | null;
  /**
   * "auto": where the profiled objective has risen by as much as the noise as it is allows, unequal or shared; for losses
   * other than squares on 30 points or more percentiles of redrawn points, which hold better there. "profile" and "delta"
   * take the noise for one of one size, each point's own: the exact F region, and estimate ± t·s. "bootstrap": redrawn data.
   */
  readonly interval: "auto" | "profile" | "delta" | "bootstrap";
  /** What the bootstrap redraws: points, residuals, or residuals times normal numbers; null for these ("wild"). */
  readonly resample: "pairs" | "residual" | "wild" | null;
  /** What it redraws together; null for runs where these hold several points each, else points. */
  readonly unit: "point" | "run" | "pair" | null;
  readonly level: number;
  /** Bootstrap replicates; 0 for none. */
  readonly bootstrap: number;
  readonly seed: number;
  /** Largest-x points kept out of the fit and used to score it. */
  readonly heldOut: number;
}

/** What groups that are fitted together have in common; every other parameter is each group's own. */
export interface Sharing {
  /** Parameters with one value in all groups. */
  readonly share: readonly string[];
  /** Parameters that are linear in a formula of the groups' values, by name: { exponent: "rounds" }, { limit: "log(rounds)" }. */
  readonly by: Readonly<Record<string, string>>;
}

export interface HeldOut {
  readonly points: number;
  /** Mean |predicted/observed − 1| over the points kept out. */
  readonly meanRelativeError: number;
  /** log10 of the largest x kept out over the largest x fitted. */
  readonly decades: number;
  /** By the law's main variable. */
  readonly each: readonly HeldOutLoss[];
}

/** A point kept out of a fit, beside what the fit had said of it. */
export interface HeldOutLoss {
  /** One value per variable of the law. */
  readonly x: readonly number[];
  readonly observed: number;
  readonly predicted: number;
  /** predicted/observed − 1: above 0 where the run did better than announced. */
  readonly error: number;
  /** Of one new run there; null where the fit has none. */
  readonly newRun: Interval | null;
}

/** How bootstrap intervals came about. */
export interface BootstrapRecord {
  readonly method: "pairs" | "residual" | "wild";
  readonly unit: "point" | "run" | "pair";
  readonly replicates: number;
  /** Replicates without an estimate, left out. */
  readonly failed: number;
  readonly seed: number;
}

/** What a fitted law says of one x. */
export interface Prediction {
  /** One value per variable of the law. */
  readonly x: readonly number[];
  /** The fitted curve: the mean loss of runs at x; their median where the fit was in log space. */
  readonly loss: number;
  /** Of the curve, in the unit of the loss; null where not defined. */
  readonly standardError: number | null;
  /** Of the curve. */
  readonly curve: Interval | null;
  /** Of the loss of one new run at x: the curve's error and the run's own noise. */
  readonly newRun: Interval | null;
}

/** What the residuals say of the noise; what predictions rest on. */
export interface FittedNoise {
  /** Least and greatest value of the law's main variable, between which the noise was seen; null without such an axis. */
  readonly range: readonly [number, number] | null;
  /** Its standard deviation at the greatest x over that at the least, and p of equal noise; null where none can be told. */
  readonly trend: {
    readonly ratio: number;
    readonly lower: number;
    readonly upper: number;
    readonly pValue: number;
  } | null;
  /** Of each state. */
  readonly degreesOfFreedom: number;
  /** The noises that the residuals allow, a few that stand for all. */
  readonly states: readonly NoiseState[];
}

/** A noise that residuals were weighted by. */
export interface NoiseWeights {
  /** Losses that repeat an x, about their mean, or the residuals of a fit without weights. */
  readonly from: "repeats" | "residuals";
  /** Its standard deviation at the least and the greatest x, 1 in the middle of log x; a power of x between. */
  readonly ends: readonly [number, number];
}

export interface NoiseState {
  /** Its probability; those of all states sum to 1. */
  readonly weight: number;
  /** Of the law's parameters, in the law's order, under this noise; 0 for those held. */
  readonly covariance: readonly (readonly number[])[];
  /** Standard deviation of a run at the least and the greatest x, in the space of the fit; a power of x between. */
  readonly deviation: readonly [number, number];
}

export interface Fit {
  readonly group: Readonly<Record<string, string>>;
  readonly law: string;
  readonly formula: string;
  /** Space of the residuals, and whether they were weighted by standard errors: as the options said. */
  readonly space: "log" | "linear";
  readonly weighted: FitOptions["weighted"];
  /** Where they were weighted by an estimated noise: null where it shows no trend to weigh by. */
  readonly noiseWeights: NoiseWeights | null;
  readonly parameters: Readonly<Record<string, Estimate>>;
  /** Minimum of the objective: the sum over points of the loss of the (weighted) residuals. */
  readonly objective: number;
  readonly status: FitStatus;
  /** The remedy in words when not converged; what was checked when it is. */
  readonly statusMessage: string;
  /** (worst − best)/best objective over the multi-start's converged starts; null for a single start. */
  readonly startSpread: number | null;
  readonly points: number;
  readonly degreesOfFreedom: number;
  /** Residual standard deviation in the space of the fit; null without degrees of freedom. */
  readonly residualScale: number | null;
  /** Null where noise is taken for one size, the residual scale, each point's own. */
  readonly noise: FittedNoise | null;
  /** observed − predicted per point, in the space of the fit. */
  readonly residuals: readonly number[];
  /** Correlation of the estimates that were free and not on a bound, tied ones by each name; null when not defined. */
  readonly correlation: { readonly names: readonly string[]; readonly matrix: readonly (readonly number[])[] } | null;
  /** What makes points share an error, and how many clusters that leaves: what standard errors rest on. */
  readonly clusters: { readonly by: "point" | "run" | "pair"; readonly count: number };
  /** Standard errors over those of noise of one size and each point's own: the one farthest from 1; null without. */
  readonly errorRatio: number | null;
  /**
   * Of a smooth departure from the law along x: p of there being none, and its root mean square over the range of the
   * fitted values. Null where it cannot be told, and in a fit of several groups.
   */
  readonly structure: { readonly pValue: number; readonly share: number } | null;
  readonly aicc: number | null;
  readonly bic: number | null;
  readonly excluded: readonly Exclusion[];
  readonly warnings: readonly Warning[];
  readonly heldOut: HeldOut | null;
  /** Present with bootstrap intervals only. */
  readonly bootstrap?: BootstrapRecord;
}

/** Several groups fitted at once. */
export interface GroupedFit {
  readonly law: string;
  readonly formula: string;
  readonly sharing: Sharing;
  /** The unknowns that all groups have in common, by name; the slope of a function of a covariate is "exponent:rounds". */
  readonly shared: Readonly<Record<string, Estimate>>;
  /** One a group, in the order given: the law's parameters there, the group's own points, objective and doubts. */
  readonly groups: readonly Fit[];
  /** Of all points together, each as in Fit. */
  readonly objective: number;
  readonly status: FitStatus;
  readonly statusMessage: string;
  readonly points: number;
  readonly degreesOfFreedom: number;
  readonly residualScale: number | null;
  readonly aicc: number | null;
  readonly bic: number | null;
}

/** Squared log residuals, intervals at 95%, every point fitted. */
export const DEFAULT_FIT_OPTIONS: FitOptions = {
  loss: { kind: "squared" },
  space: "log",
  weighted: false,
  fixed: {},
  tied: [],
  bounds: {},
  start: null,
  interval: "auto",
  level: 0.95,
  resample: null,
  unit: null,
  bootstrap: 0,
  seed: 0,
  heldOut: 0,
};
