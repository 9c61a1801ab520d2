// The records of a report on sizes, L(N, D): what was read, and what was concluded from it, which goes into fits.json.
import type { Observations } from "../../curve/observations.js";
import type { Allocation } from "../../forecast/allocation.js";
import type { InputFile } from "../record.js";

export interface SurfaceSource {
  readonly inputs: readonly InputFile[];
  /** One a family of sizes; x = [parameters, tokens] or [parameters, tokens, training FLOPs]. */
  readonly groups: readonly Observations[];
  /** Run files hold the exact count of what was trained; a column of a table is held against 6·N·D. */
  readonly exactFlops: boolean;
}

/** One family of sizes. */
export interface Family {
  /** As in legends, unique. */
  readonly label: string;
  /** At the budgets asked for; null where no approach has an answer, and then `failure` says why. */
  readonly allocation: Allocation | null;
  readonly failure: string | null;
}

export interface SurfaceAnalysis {
  readonly title: string;
  readonly law: string;
  readonly level: number;
  readonly budgets: readonly number[];
  readonly families: readonly Family[];
  readonly points: {
    readonly read: number;
    readonly fitted: number;
    readonly excluded: readonly { readonly reason: string; readonly points: number }[];
  };
}
