// The records a report is made from: what was read (ReportSource) and what was concluded from it (Analysis).
// Analysis is written to fits.json as it stands, and tables, charts and sentences read nothing else but the points.
import type { Comparison } from "../compare/comparison.js";
import type { Fit } from "../fit/record.js";
import type { Forecasts } from "../forecast/forecasting.js";
import type { HeldOutForecast } from "../forecast/held-out.js";

/** Bootstrap replicates of a report at most: whoever checks one has as much to compute as its author. */
export const MOST_REPLICATES = 20_000;
/** What a page beside a report may be called: a link to it leads nowhere else. */
export const PAGE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.html$/;

/** A file the report was made from: its name without folders, and its content hash. */
export interface InputFile {
  readonly name: string;
  readonly sha256: string;
}

/** What is known of a scheme before anything is fitted; null where the source does not say. */
export interface SchemeFacts {
  readonly name: string;
  /** As in legends: control and direction characters made visible, cut to a readable length, unique. */
  readonly label: string;
  readonly signature: string | null;
  readonly parameters: number | null;
  readonly flopsPerToken: number | null;
  readonly costFactor: number | null;
}

/** One point of a loss curve. */
export interface ReportPoint {
  readonly scheme: string;
  readonly run: string | null;
  readonly seed: number | null;
  readonly tokens: number | null;
  readonly flops: number | null;
  /** Nats per token. */
  readonly loss: number;
  readonly standardError: number | null;
  readonly learningRate: number | null;
  readonly decayed: boolean | null;
  readonly horizonTokens: number | null;
  /** Key that matches it with points of other schemes, as chosen; null where seed and budget are to match it. */
  readonly pair: string | null;
  /** Why the point is kept out of the fit; null where it is in. */
  readonly excluded: string | null;
}

/** A checkpoint scored at another number of rounds than it was trained with. */
export interface RoundsPoint {
  readonly scheme: string;
  readonly run: string;
  readonly seed: number;
  readonly tokens: number;
  readonly rounds: number;
  readonly loss: number;
  readonly inferenceFlopsPerToken: number;
}

/** Everything read from the inputs, in a fixed order: schemes baseline first, points by scheme, run and tokens. */
export interface ReportSource {
  readonly inputs: readonly InputFile[];
  readonly schemes: readonly SchemeFacts[];
  readonly points: readonly ReportPoint[];
  readonly rounds: readonly RoundsPoint[];
  /** Runs kept out as a whole, with the reason: "unfinished", "diverged". */
  readonly excludedRuns: readonly { readonly run: string; readonly scheme: string; readonly reason: string }[];
  /** Why points of tables were left out when they were read, a code for each point: "undecayed", "missing", "where" … */
  readonly leftOut: readonly string[];
  /** Distinct values that the runs agree or differ on: corpus and tokenizer hashes, versions, backends. */
  readonly provenance: Readonly<Record<string, readonly string[]>>;
}

/** What the law is fitted against. */
export type Variable = "tokens" | "flops";

export interface SchemeSummary extends SchemeFacts {
  readonly runs: number;
  readonly seeds: number;
  /** Points in the fit. */
  readonly points: number;
  readonly largest: {
    readonly tokens: number | null;
    readonly flops: number | null;
    /** Mean over the seeds at the largest budget, and how many there are. */
    readonly loss: number;
    readonly seeds: number;
  } | null;
}

/** Error of an extrapolation: fitted to the smallest budgets, scored on the next ones. */
export interface HeldOutPoint {
  readonly scheme: string;
  readonly law: string;
  readonly fittedPoints: number;
  /** log10 of the scored budget over the largest fitted one. */
  readonly decades: number;
  /** Mean |predicted/observed − 1| over the points at that budget. */
  readonly relativeError: number;
}

/** Profile over the limit: the best fit with the limit held at a value. */
export interface ProfilePoint {
  readonly scheme: string;
  readonly limit: number;
  /** (objective − minimum) over the residual variance: t² of this value of the limit. */
  readonly statistic: number;
}

/** Mean losses at one budget, the lowest first. */
export interface Ranking {
  /** In units of `comparisonVariable`. */
  readonly budget: number;
  readonly schemes: readonly {
    readonly label: string;
    /** Mean over the points there, with the lowest and the highest of them. */
    readonly loss: number;
    readonly lowest: number;
    readonly highest: number;
    readonly points: number;
  }[];
}

/** What the curves will reach, in units of `variable`. */
export interface AnalysisForecast extends Forecasts {
  /** How many of the largest budgets were kept out to be forecast, and what came of it. */
  readonly heldOutBudgets: number;
  readonly heldOut: readonly HeldOutForecast[];
}

export interface Analysis {
  readonly title: string;
  /** x of `fits`; the comparison is always on training FLOPs where they are known. */
  readonly variable: Variable;
  readonly comparisonVariable: Variable;
  readonly level: number;
  readonly schemes: readonly SchemeSummary[];
  /** One a scheme, in the order of `schemes`; null where the data gave no estimate, and then `failures` says why. */
  readonly fits: readonly (Fit | null)[];
  readonly failures: readonly { readonly scheme: string; readonly message: string }[];
  /** Null with fewer than two fitted schemes. */
  readonly comparison: Comparison | null;
  /** At the largest budget that all schemes reached; null where they share none. */
  readonly ranking: Ranking | null;
  readonly profiles: readonly ProfilePoint[];
  /** The value of `statistic` that bounds the interval, one a scheme; null without degrees of freedom. */
  readonly profileCutoffs: readonly (number | null)[];
  readonly heldOut: readonly HeldOutPoint[];
  /** Left out where some scheme has too few budgets for forms of law to be judged by. */
  readonly forecast?: AnalysisForecast;
  readonly points: {
    readonly read: number;
    readonly fitted: number;
    readonly excluded: readonly { readonly reason: string; readonly points: number }[];
    readonly distinctBudgets: number;
    /** log10(largest/smallest) of the fitted x. */
    readonly decades: number | null;
  };
  readonly excludedRuns: ReportSource["excludedRuns"];
  readonly provenance: ReportSource["provenance"];
}
