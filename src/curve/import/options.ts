// What a caller may say about a source: which columns, in which unit, and what to keep.
import type { Unit } from "../names.js";
import type { TokenOptions } from "./tokens.js";

export interface ImportOptions extends TokenOptions {
  /** Columns, when the guess is wrong. */
  readonly loss?: string;
  readonly step?: string;
  /** Columns that tell the runs of a table apart; run, Name, run_id and the like when not given. */
  readonly run?: readonly string[];
  /** Regular expression with named groups, for plain logs. */
  readonly pattern?: string;
  /** Column of the scheme, or where there is none of that name its value; the run's name when not given. */
  readonly scheme?: string;
  /** Value of the scheme column, whatever columns there are. */
  readonly schemeName?: string;
  /** Unit of the loss; what its name says when not given. */
  readonly unit?: Unit;
  /** Mean bytes a token, > 0, by which bits per byte become nats per token. */
  readonly bytesPerToken?: number;
  /** Keeps what a resumed run logged again or left behind. */
  readonly keepSuperseded?: boolean;
  /** Every column that is no counter is a curve of its own. */
  readonly wide?: boolean;
}
