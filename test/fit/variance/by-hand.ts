// Linearizations written down by hand.
import { type Basis, type Linearization, orthogonalise } from "../../../src/fit/variance/linearization.js";

/** Rows, one a point, as a linearization has them. */
export function stacked(rows: readonly ArrayLike<number>[]): Pick<Linearization, "rows" | "width"> {
  return { width: rows[0]?.length ?? 0, rows: Float64Array.from(rows.flatMap((row) => Array.from(row))) };
}

/** Of points that determine the parameters. */
export function basisOf(fit: Linearization): Basis {
  const basis = orthogonalise(fit);
  if (basis === null) throw new Error("the points do not determine the parameters");
  return basis;
}
