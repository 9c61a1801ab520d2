// A fit at its optimum, to first order: all that variances, degrees of freedom, tests of the noise and joint replicates
// need to know of it, for any law, loss and number of groups. A record and its change of basis; no fit machinery.
//
//   solve → Linearization → standard-errors.ts (of any combination of parameters, by noise.ts or by sandwich.ts)
import { factorQr } from "../../base/linear-algebra.js";

/**
 * The estimate moves with the scores as θ̂ − θ ≈ H⁻¹·Σᵢ rowᵢ·scoreᵢ, H = Σᵢ slopeᵢ·rowᵢ·rowᵢᵀ. Parameters held by the user
 * or by a bound have no column; groups that are fitted together stand in one linearization, with 0 where a point does
 * not depend on a parameter.
 */
export interface Linearization {
  /** One a point: ∂(predicted value)/∂(free parameter) in the space of the fit, times the point's weight. */
  readonly rows: readonly Float64Array[];
  /** ψ of each weighted residual: r for squares, r cut off at ±δ for Huber's loss, the sign for the absolute one. */
  readonly score: Float64Array;
  /** ψ′ of each: 1 for squares, 1 inside ±δ and 0 outside for Huber's, a density estimate for the absolute one. */
  readonly slope: Float64Array;
  /** Points with the same number share an error (a run's points; schemes at one horizon and seed); null: none do. */
  readonly cluster: Int32Array | null;
  /** Where each point stands on the axis along which the noise may change: log of the law's main variable; null: none. */
  readonly along: Float64Array | null;
}

/** Of a combination of parameters. */
export interface StandardError {
  readonly value: number;
  /** Of the t distribution that estimate over standard error is held against; seldom whole. */
  readonly degreesOfFreedom: number;
}

/** The same in coordinates of the parameters in which H is the identity. */
export interface Orthogonal {
  /** One a point: R⁻ᵀ·row, H = RᵀR. */
  readonly rows: readonly Float64Array[];
  readonly score: Float64Array;
  readonly slope: Float64Array;
  /** Points of each cluster. */
  readonly clusters: readonly (readonly number[])[];
  /** R⁻ᵀ·gradient: the combination gradientᵀθ in these coordinates. */
  combination(gradient: ArrayLike<number>): Float64Array;
}

/** Columns that the others explain to this share are taken for the same. */
const RANK = 1e-11;

/** Null where the points do not determine the parameters: H singular to rounding, or fewer points than parameters. */
export function orthogonalise(fit: Linearization): Orthogonal | null {
  const n = fit.rows.length;
  const p = fit.rows[0]?.length ?? 0;
  if (p === 0 || n < p) return null;
  const matrix = new Float64Array(n * p);
  const norm = new Float64Array(p);
  fit.rows.forEach((row, i) => {
    const root = Math.sqrt(fit.slope[i] ?? Number.NaN);
    row.forEach((value, k) => {
      matrix[k * n + i] = value * root;
      norm[k] = Math.hypot(norm[k] ?? 0, value * root);
    });
  });
  if (norm.some((size) => !(size > 0 && Number.isFinite(size)))) return null;
  for (let cell = 0; cell < n * p; cell++) {
    matrix[cell] = (matrix[cell] ?? Number.NaN) / (norm[Math.floor(cell / n)] ?? Number.NaN);
  }
  factorQr(matrix, n, p, new Float64Array(n));
  const r = (j: number, k: number) => matrix[k * n + j] ?? Number.NaN;
  for (let k = 0; k < p; k++) if (!(Math.abs(r(k, k)) > RANK)) return null;
  const combination = (gradient: ArrayLike<number>) => {
    const out = new Float64Array(p);
    for (let k = 0; k < p; k++) {
      let value = (gradient[k] ?? Number.NaN) / (norm[k] ?? Number.NaN);
      for (let j = 0; j < k; j++) value -= r(j, k) * (out[j] ?? Number.NaN);
      out[k] = value / r(k, k);
    }
    return out;
  };
  return {
    rows: fit.rows.map(combination),
    score: fit.score,
    slope: fit.slope,
    clusters: membersOf(fit.cluster, n),
    combination,
  };
}

function membersOf(cluster: Int32Array | null, points: number): readonly (readonly number[])[] {
  if (cluster === null) return Array.from({ length: points }, (_, i) => [i]);
  const members = new Map<number, number[]>();
  cluster.forEach((key, i) => {
    const known = members.get(key);
    if (known === undefined) members.set(key, [i]);
    else known.push(i);
  });
  return [...members.values()];
}

/** xᵀ·y. */
export function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum += (x[k] ?? Number.NaN) * (y[k] ?? Number.NaN);
  return sum;
}

/** target += factor·x. */
export function addTo(target: Float64Array, x: Float64Array, factor: number): void {
  for (let k = 0; k < x.length; k++) target[k] = (target[k] ?? Number.NaN) + factor * (x[k] ?? Number.NaN);
}

/** xᵀ·M·y. */
export function form(matrix: readonly Float64Array[], x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum += (x[k] ?? Number.NaN) * dot(y, matrix[k] ?? y);
  return sum;
}

/** Σ factor·row·rowᵀ; factors of 1 where there are none. */
export function outerSum(
  rows: readonly Float64Array[],
  factors: ArrayLike<number> | null,
  width: number,
): Float64Array[] {
  const sum = Array.from({ length: width }, () => new Float64Array(width));
  for (const [i, row] of rows.entries()) {
    const factor = factors === null ? 1 : (factors[i] ?? Number.NaN);
    for (let k = 0; k < width; k++) {
      const value = factor * (row[k] ?? Number.NaN);
      // Parameters of other groups than the point's own.
      if (value !== 0) addTo(sum[k] ?? row, row, value);
    }
  }
  return sum;
}
