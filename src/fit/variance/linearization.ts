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
  /** Columns and points that have nothing to do with those of the other parts: R, too, falls into these blocks. */
  readonly parts: readonly { readonly columns: readonly number[]; readonly points: readonly number[] }[];
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
  const norm = new Float64Array(p);
  const root = fit.slope.map(Math.sqrt);
  fit.rows.forEach((row, i) => {
    row.forEach((value, k) => {
      norm[k] = Math.hypot(norm[k] ?? 0, value * (root[i] ?? Number.NaN));
    });
  });
  if (norm.some((size) => !(size > 0 && Number.isFinite(size)))) return null;
  const parts = partsOf(fit.rows);
  const factors: Float64Array[] = [];
  for (const { columns, points } of parts) {
    const [height, width] = [points.length, columns.length];
    if (height < width) return null;
    const matrix = new Float64Array(height * width);
    columns.forEach((k, c) => {
      points.forEach((i, r) => {
        const value = (fit.rows[i]?.[k] ?? Number.NaN) * (root[i] ?? Number.NaN);
        matrix[c * height + r] = value / (norm[k] ?? Number.NaN);
      });
    });
    factorQr(matrix, height, width, new Float64Array(height));
    for (let k = 0; k < width; k++) if (!(Math.abs(matrix[k * height + k] ?? 0) > RANK)) return null;
    factors.push(matrix);
  }
  const combination = (gradient: ArrayLike<number>) => {
    const out = new Float64Array(p);
    for (const [b, { columns, points }] of parts.entries()) {
      const r = (j: number, k: number) => factors[b]?.[k * points.length + j] ?? Number.NaN;
      for (const [k, column] of columns.entries()) {
        let value = (gradient[column] ?? Number.NaN) / (norm[column] ?? Number.NaN);
        for (let j = 0; j < k; j++) value -= r(j, k) * (out[columns[j] ?? Number.NaN] ?? Number.NaN);
        out[column] = value / r(k, k);
      }
    }
    return out;
  };
  return {
    rows: fit.rows.map(combination),
    score: fit.score,
    slope: fit.slope,
    clusters: membersOf(fit.cluster, n),
    parts,
    combination,
  };
}

/** Columns that points bind together, in their order: those of groups fitted side by side are parts of their own. */
function partsOf(rows: readonly Float64Array[]): Orthogonal["parts"] {
  const leader = Array.from(rows[0] ?? [], (_, k) => k);
  const lead = (k: number): number => {
    const next = leader[k] ?? k;
    return next === k ? k : lead(next);
  };
  const first = rows.map((row) => row.findIndex((value) => value !== 0));
  rows.forEach((row, i) => {
    row.forEach((value, k) => {
      if (value === 0) return;
      const [a, b] = [lead(k), lead(first[i] ?? k)];
      leader[Math.max(a, b)] = Math.min(a, b);
    });
  });
  const parts = new Map<number, { columns: number[]; points: number[] }>();
  leader.forEach((_, k) => {
    const part = parts.get(lead(k)) ?? { columns: [], points: [] };
    part.columns.push(k);
    parts.set(lead(k), part);
  });
  first.forEach((k, i) => {
    if (k >= 0) parts.get(lead(k))?.points.push(i);
  });
  return [...parts.values()];
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

/** xᵢᵀ·M·xⱼ of every two of the vectors, M symmetric: each product M·xⱼ is made once. */
export function forms(matrix: readonly Float64Array[], vectors: readonly Float64Array[]): Float64Array[] {
  // Combinations of many groups are 0 nearly everywhere.
  const sparse = vectors.map((vector) => Array.from(vector.entries()).filter(([, value]) => value !== 0));
  return sparse.map((y) => {
    const product = new Float64Array(matrix.length);
    for (const [k, value] of y) addTo(product, matrix[k] ?? product, value);
    return Float64Array.from(sparse, (x) => x.reduce((sum, [k, value]) => sum + value * (product[k] ?? Number.NaN), 0));
  });
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
