// What a fit sees of the data: one group's points, as plain arrays, and the points that were left out and why.

/** A point kept out of a fit. */
export interface Exclusion {
  /** Row of the source table, 0-based. */
  readonly row: number;
  /** "undecayed", "window", "warm-up", "outlier", "missing", "where", "diverged" … */
  readonly code: string;
  readonly reason: string;
}

export interface Observations {
  /** Values of the --by columns: {scheme: "rins-3"}; empty when ungrouped. */
  readonly group: Readonly<Record<string, string>>;
  /** One array per variable of the law, in the law's order, all of one length. For the default law: [tokens]. */
  readonly x: readonly Float64Array[];
  /** Validation loss, nats per token. */
  readonly loss: Float64Array;
  /** Standard error of each loss, or null when not known. */
  readonly standardError: Float64Array | null;
  /** Run of each point: the unit of the clustered bootstrap. Null when not known. */
  readonly run: readonly string[] | null;
  /** Key that matches points across groups (horizon and seed), for paired differences. Null when there is none. */
  readonly pair: readonly string[] | null;
  /** True where the learning rate was cooled down at the point; null when the source does not say. */
  readonly decayed: readonly boolean[] | null;
  readonly excluded: readonly Exclusion[];
}
