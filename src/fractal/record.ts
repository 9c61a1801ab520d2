// What the analysis of long-range structure gives: estimates of scaling exponents of a series of surprisals, by group
// of documents, with the points that they rest on. Records alone; estimate.ts and analyze.ts make them.
import type { Warning } from "../base/errors.js";

/** A document's surprisals −log p(w_t | prefix), in order. */
export interface Surprisals {
  readonly document: string;
  /** Domain, corpus or shuffling: documents of one group are analysed together. */
  readonly group: string;
  readonly values: readonly number[];
}

/**
 * The statistics whose power law in the scale n gives an exponent, by name:
 *   - fluctuation: F(n) ~ n^H, detrended fluctuation analysis. The headline H.
 *   - wavelet: variance of Haar details ~ n^(2H−2), a second estimate of H.
 *   - rescaledRange: R/S ~ n^H, the published H; rises too fast at small n.
 *   - correctedRange: R/S less its excess over √(πn/2) for independent noise (Anis & Lloyd 1976, Peters 1994).
 *   - selfSimilarity: P(|X_{t+n} − X_t| ≤ ε) ~ n^−S, the published S; the fractal dimension is D = 2 − S.
 *   - joseph: std(X_{t+n} − X_t) ~ n^J.
 */
export const STATISTICS = [
  "fluctuation",
  "wavelet",
  "rescaledRange",
  "correctedRange",
  "selfSimilarity",
  "joseph",
] as const;
export type StatisticName = (typeof STATISTICS)[number];

export const SYMBOLS: Readonly<Record<StatisticName, "H" | "S" | "J">> = {
  fluctuation: "H",
  wavelet: "H",
  rescaledRange: "H",
  correctedRange: "H",
  selfSimilarity: "S",
  joseph: "J",
};

export interface FractalOptions {
  /** Smallest scale n, tokens; 16 by default. */
  readonly from: number;
  /** Largest scale n; null for a quarter of the documents' length (that of the shortest of the longest 90%). */
  readonly to: number | null;
  /** ε of S, in standard deviations of the increments; .05 by default, .005 as published. */
  readonly epsilon: number;
  /** Tokens left out at the start of each document, whose prefix is short; 0 by default. */
  readonly skip: number;
  readonly level: number;
}

export const DEFAULT_FRACTAL_OPTIONS: FractalOptions = {
  from: 16,
  to: null,
  epsilon: 0.05,
  skip: 0,
  level: 0.95,
};

/** As in arXiv 2402.01825: R/S is its H, and ε is a tenth of ours. */
export const PUBLISHED_EPSILON = 0.005;

/** The statistic at one scale over all documents, and the slope of its logarithm between this scale and the next. */
export interface ScalePoint {
  readonly scale: number;
  readonly value: number;
  /** As an exponent (H, S or J); null at the last scale. */
  readonly localExponent: number | null;
}

export interface FractalEstimate {
  readonly statistic: StatisticName;
  readonly symbol: "H" | "S" | "J";
  /** Null where the statistic is zero at too many scales to hold a line. */
  readonly estimate: number | null;
  /** Leaving out each document in turn, Student's t with documents − 1 degrees of freedom; null for too few documents. */
  readonly interval: { readonly level: number; readonly lower: number; readonly upper: number } | null;
  /**
   * Smallest and largest estimate without the smallest or the largest octave of scales, without the first eighth of every
   * document, and for S with ε/4 and 4ε.
   */
  readonly sensitivity: { readonly lowest: number; readonly highest: number } | null;
  readonly points: readonly ScalePoint[];
}

export interface GroupAnalysis {
  readonly group: string;
  readonly documents: number;
  readonly tokens: number;
  readonly scales: { readonly from: number; readonly to: number };
  readonly estimates: readonly FractalEstimate[];
  /** D = 2 − S. */
  readonly dimension: number | null;
  readonly warnings: readonly Warning[];
}

export interface FractalAnalysis {
  readonly options: FractalOptions;
  readonly groups: readonly GroupAnalysis[];
  /** Documents that could not be analysed, with the reason and what to do. */
  readonly leftOut: readonly { readonly document: string; readonly group: string; readonly reason: string }[];
}

/** Loss of the baseline less that of the scheme at one budget; positive where the scheme is better. */
export interface Gain {
  readonly group: string;
  /** Training FLOPs of the baseline. */
  readonly budget: number;
  /** Pairs of runs (of one seed). */
  readonly pairs: number;
  /** Mean over pairs, nats per token. */
  readonly gain: number;
  /** Student's t over pairs; null for a single pair. */
  readonly interval: { readonly level: number; readonly lower: number; readonly upper: number } | null;
  /** The gain as a share of the baseline's mean loss. */
  readonly share: number;
}

/** Spearman's rank correlation with the distribution that it has when the orders have nothing to do with each other. */
export interface RankCorrelation {
  readonly rho: number;
  /** Share of orders whose ρ is at least as large. */
  readonly pValue: number;
  /** The middle 95% of ρ over orders. */
  readonly unrelated: readonly [lower: number, upper: number];
  readonly points: number;
}

/** Gains over texts, beside what was estimated of their surprisals. */
export interface GainStudy {
  /** The scheme held against the baseline, as in legends. */
  readonly scheme: string;
  /** Text by text, budgets from the smallest. */
  readonly gains: readonly Gain[];
  readonly ties: readonly {
    readonly statistic: StatisticName;
    /** Training FLOPs of the baseline of the first text. */
    readonly budget: number;
    readonly of: "gain" | "share";
    /** Null for fewer than four texts. */
    readonly correlation: RankCorrelation | null;
  }[];
}
