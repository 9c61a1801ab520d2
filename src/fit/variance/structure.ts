// Do the residuals keep a shape that the law misses, and is it of a size that matters?
import { fTail } from "../../base/distributions.js";
import { addTo, dot, type Linearization, orthogonalise } from "./linearization.js";
import { standardErrors } from "./standard-errors.js";

export interface Structure {
  /** Of no smooth departure, with the standard error that the noise as it is allows. */
  readonly pValue: number;
  /** Root mean square of the departure over the range of the fitted values: the share of the excess loss that it makes. */
  readonly share: number;
}

/**
 * The law with a parabola in log x added to it (Ramsey 1969's test with x in place of the fitted values), as far as the
 * parameters cannot mimic it: one step from the fit, its t from standard-errors.ts, or that of noise of one size (`equal`). `predicted` in the space of the fit,
 * `weights` the factors of its residuals. Null where there is no axis, where the law bends freely enough already, or without two degrees of freedom.
 */
export function structure(
  fit: Linearization,
  predicted: Float64Array,
  weights: Float64Array,
  equal: boolean,
): Structure | null {
  const basis = orthogonalise(fit);
  const { along } = fit;
  const n = fit.rows.length;
  if (along === null || basis === null || n - (fit.rows[0]?.length ?? 0) < 2) return null;
  const mean = along.reduce((a, b) => a + b, 0) / n;
  const parabola = along.map((value, i) => (weights[i] ?? Number.NaN) * (value - mean) ** 2);
  const left = residualOf(parabola, basis.rows, fit.slope);
  const size = Math.sqrt(left.reduce((sum, value, i) => sum + (value / (weights[i] ?? Number.NaN)) ** 2, 0) / n);
  if (!(dot(left, left) > 1e-12 * dot(parabola, parabola))) return null;
  // On a column with Σ slope·row·column = 0 the step is Σ column·score / Σ slope·column².
  const curvature = left.reduce((sum, value, i) => sum + (fit.slope[i] ?? Number.NaN) * value * value, 0);
  const step = dot(left, fit.score) / curvature;
  const score = fit.score.map((v, i) => v - step * (fit.slope[i] ?? Number.NaN) * (left[i] ?? Number.NaN));
  const p = basis.rows[0]?.length ?? 0;
  const degreesOfFreedom = n - p - 1;
  const error = equal
    ? { value: Math.sqrt((dot(score, score) / degreesOfFreedom) * dot(left, left)) / curvature, degreesOfFreedom }
    : (standardErrors({
        ...fit,
        rows: basis.rows.map((row, i) => Float64Array.of(...row, left[i] ?? Number.NaN)),
        score,
      })?.of([...new Float64Array(p), 1]) ?? null);
  const range =
    predicted.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY) -
    predicted.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  if (!(error !== null && error.value > 0 && range > 0)) return null;
  return {
    pValue: fTail((step / error.value) ** 2, 1, error.degreesOfFreedom),
    share: (Math.abs(step) * size) / range,
  };
}

/** What is left of a column beside the rows, which are orthonormal with weights `slope`. */
function residualOf(column: Float64Array, rows: readonly Float64Array[], slope: Float64Array): Float64Array {
  const taken = new Float64Array(rows[0]?.length ?? 0);
  for (const [i, row] of rows.entries()) addTo(taken, row, (slope[i] ?? Number.NaN) * (column[i] ?? Number.NaN));
  return Float64Array.from(rows, (row, i) => (column[i] ?? Number.NaN) - dot(row, taken));
}
