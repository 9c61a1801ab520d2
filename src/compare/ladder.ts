// One scheme's points and what is asked of several schemes at once: the records that joint fits take and give.

/** One scheme's points, ready for fitting. */
export interface Ladder {
  readonly name: string;
  /** ln x − origin, the origin being common to all ladders. */
  readonly u: Float64Array;
  readonly loss: Float64Array;
  /** Weight of each squared residual. */
  readonly weight: Float64Array;
  /** Matches points between ladders; null when nothing does. */
  readonly pair: readonly string[] | null;
  readonly run: readonly string[] | null;
}

export interface JointModel {
  readonly space: "log" | "linear";
  readonly limit: "free" | "shared" | "fixed";
  readonly exponent: "free" | "shared";
  /** Huber's δ; null for squared residuals. */
  readonly huber: number | null;
}

export interface JointFit {
  /** E, a, c of each ladder in turn; a shared value stands in every ladder. */
  readonly theta: Float64Array;
  /** Weighted sum of squared residuals (of Huber losses where asked for). */
  readonly sum: number;
  readonly converged: boolean;
}

export const WIDTH = 3;
