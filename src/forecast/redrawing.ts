// How points are redrawn for a bootstrap: a record alone, no machinery.
import type { BootstrapRecord } from "../fit/record.js";

/** How points are redrawn; "wild" multiplies residuals by normal numbers, which holds where noise changes along the budget. */
export interface Redrawing {
  readonly method: BootstrapRecord["method"];
  readonly replicates: number;
  readonly seed: number;
}
