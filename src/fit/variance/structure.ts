// Do the residuals keep a shape that the law misses, and is it of a size that matters?
import { fTail } from "../../base/distributions.js";
import { extent } from "../../base/extent.js";
import { mean } from "../../base/mean.js";
import { type Basis, dot } from "./linearization.js";
import { standardErrors } from "./standard-errors.js";

export interface Structure {
  /** Of no smooth departure, with the standard error that the noise as it is allows. */
  readonly pValue: number;
  /** Root mean square of the departure over the range of the fitted values: the share of the excess loss that it makes. */
  readonly share: number;
}

/** The law with step·(log x − centre)² added to it, one step from the fit. */
export interface Bend {
  readonly step: number;
  readonly centre: number;
  /** What the parameters mimic of the parabola, in the coordinates of the basis: they change by −step·taken. */
  readonly taken: Float64Array;
  /** Weighted, one a point: what they do not. */
  readonly left: Float64Array;
  /** Σ slope·left². */
  readonly curvature: number;
}

/** `weights` are the factors of the residuals. Null where there is no axis, or where the law bends freely enough already. */
export function bend(basis: Basis, weights: Float64Array): Bend | null {
  const { along, slope } = basis;
  if (along === null) return null;
  const centre = mean(along);
  const parabola = along.map((value, i) => (weights[i] ?? Number.NaN) * (value - centre) ** 2);
  const taken = explained(parabola, basis);
  const left = parabola.map((value, i) => value - rowTimes(basis, taken, i));
  if (!(dot(left, left) > 1e-12 * dot(parabola, parabola))) return null;
  // On a column with Σ slope·row·column = 0 the step is Σ column·score / Σ slope·column².
  const curvature = left.reduce((sum, value, i) => sum + (slope[i] ?? Number.NaN) * value * value, 0);
  return { step: dot(left, basis.score) / curvature, centre, taken, left, curvature };
}

/**
 * Whether the bend is there (Ramsey 1969's test with x in place of the fitted values): its t from standard-errors.ts, or that
 * of noise of one size (`equal`). `predicted` in the space of the fit. Null without a bend or two degrees of freedom.
 */
export function structure(
  basis: Basis,
  predicted: Float64Array,
  weights: Float64Array,
  equal: boolean,
): Structure | null {
  const found = basis.degreesOfFreedom < 2 ? null : bend(basis, weights);
  if (found === null) return null;
  const { step, left, curvature } = found;
  const { slope, points: n } = basis;
  const size = Math.sqrt(left.reduce((sum, value, i) => sum + (value / (weights[i] ?? Number.NaN)) ** 2, 0) / n);
  const score = basis.score.map((v, i) => v - step * (slope[i] ?? Number.NaN) * (left[i] ?? Number.NaN));
  const degreesOfFreedom = basis.degreesOfFreedom - 1;
  const error = equal
    ? { value: Math.sqrt((dot(score, score) / degreesOfFreedom) * dot(left, left)) / curvature, degreesOfFreedom }
    : (standardErrors(extended(basis, left, curvature, score))?.of([...new Float64Array(basis.width), 1]) ?? null);
  const [least, most] = extent(predicted);
  const range = most - least;
  if (!(error !== null && error.value > 0 && range > 0)) return null;
  return {
    pValue: fTail((step / error.value) ** 2, 1, error.degreesOfFreedom),
    share: (Math.abs(step) * size) / range,
  };
}

/** Coordinates of a column in the rows of the basis, which are orthonormal with weights `slope`. */
function explained(column: Float64Array, { rows, width, slope }: Basis): Float64Array {
  const taken = new Float64Array(width);
  column.forEach((value, i) => {
    const weighted = (slope[i] ?? Number.NaN) * value;
    for (let k = 0; k < width; k++)
      taken[k] = (taken[k] ?? Number.NaN) + weighted * (rows[i * width + k] ?? Number.NaN);
  });
  return taken;
}

/** Of point i, the combination of its row. */
function rowTimes({ rows, width }: Basis, coordinates: Float64Array, i: number): number {
  let sum = 0;
  for (let k = 0; k < width; k++) sum += (rows[i * width + k] ?? Number.NaN) * (coordinates[k] ?? Number.NaN);
  return sum;
}

/** The basis with one more column, orthogonal to the others: gradients are over its own coordinates and the step. */
function extended(basis: Basis, column: Float64Array, curvature: number, score: Float64Array): Basis {
  const { rows, points } = basis;
  const width = basis.width + 1;
  const root = Math.sqrt(curvature);
  const wider = new Float64Array(points * width);
  for (let i = 0; i < points; i++) {
    for (let k = 0; k < basis.width; k++) wider[i * width + k] = rows[i * basis.width + k] ?? Number.NaN;
    wider[(i + 1) * width - 1] = (column[i] ?? Number.NaN) / root;
  }
  return {
    ...basis,
    rows: wider,
    width,
    score,
    degreesOfFreedom: points - width,
    parts: [{ columns: Array.from({ length: width }, (_, k) => k), points: Array.from(column.keys()) }],
    combination: (gradient) => Float64Array.from(gradient, (value, k) => (k === basis.width ? value / root : value)),
  };
}
