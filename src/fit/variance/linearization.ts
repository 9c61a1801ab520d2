// A fit at its optimum, to first order: all that variances, degrees of freedom, tests of the noise and joint replicates
// need to know of it, for any law, loss and number of groups. A record and its change of basis; no fit machinery.
//
//   solve → Linearization → Basis → standard-errors.ts (of any combination of parameters, by noise.ts or by sandwich.ts)
import { factorQr, solveLower } from "../../base/linear-algebra.js";

/**
 * The estimate moves with the scores as θ̂ − θ ≈ H⁻¹·Σᵢ rowᵢ·scoreᵢ, H = Σᵢ slopeᵢ·rowᵢ·rowᵢᵀ. Parameters held by the user
 * or by a bound have no column; groups that are fitted together stand in one linearization, with 0 where a point does
 * not depend on a parameter.
 */
export interface Linearization {
  /** Of a row. */
  readonly width: number;
  /** One after the other: ∂(predicted value)/∂(free parameter) in the space of the fit, times the point's weight. */
  readonly rows: Float64Array;
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

/** Columns and points that have nothing to do with those of other parts. */
export interface Part {
  readonly columns: readonly number[];
  readonly points: readonly number[];
}

/** The same in coordinates of the parameters in which H is the identity: rows are R⁻ᵀ·row, H = RᵀR. */
export interface Basis extends Linearization {
  readonly points: number;
  /** Points less parameters. */
  readonly degreesOfFreedom: number;
  /** Points of each cluster; null where none share an error. */
  readonly clusters: readonly (readonly number[])[] | null;
  /** R, too, falls into these blocks. */
  readonly parts: readonly Part[];
  /** R⁻ᵀ·gradient: the combination gradientᵀθ in these coordinates. */
  combination(gradient: ArrayLike<number>): Float64Array;
  /** Root of the largest diagonal of H⁻¹ if every column were of unit length: how badly the parameters are told apart. */
  inflation(): number;
}

/** Columns that the others explain to this share are taken for the same. */
const RANK = 1e-11;

/** Null where the points do not determine the parameters: H singular to rounding, or fewer points than parameters. */
export function orthogonalise(fit: Linearization): Basis | null {
  const { width, slope } = fit;
  const n = slope.length;
  if (width === 0 || n < width) return null;
  const root = slope.map(Math.sqrt);
  const norm = new Float64Array(width);
  const parts = partsOf(fit.rows, width);
  const factors: Float64Array[] = [];
  for (const { columns, points } of parts) {
    const height = points.length;
    if (height < columns.length) return null;
    const matrix = new Float64Array(height * columns.length);
    for (const [c, k] of columns.entries()) {
      const column = matrix.subarray(c * height, (c + 1) * height);
      for (let r = 0; r < height; r++) {
        const i = points[r] ?? -1;
        column[r] = (fit.rows[i * width + k] ?? Number.NaN) * (root[i] ?? Number.NaN);
      }
      const length = lengthOf(column);
      if (!(length > 0 && Number.isFinite(length))) return null;
      for (let r = 0; r < height; r++) column[r] = (column[r] ?? Number.NaN) / length;
      norm[k] = length;
    }
    factorQr(matrix, height, columns.length, new Float64Array(height));
    for (let c = 0; c < columns.length; c++) if (!(Math.abs(matrix[c * height + c] ?? Number.NaN) > RANK)) return null;
    factors.push(matrix);
  }
  const scratch = new Float64Array(width);
  /** R⁻ᵀ·vector over the columns of one part. */
  const turn = (b: number, { columns, points }: Part, vector: ArrayLike<number>, from: number, out: Float64Array) => {
    for (let c = 0; c < columns.length; c++) {
      const k = columns[c] ?? -1;
      scratch[c] = (vector[from + k] ?? Number.NaN) / (norm[k] ?? Number.NaN);
    }
    solveLower(factors[b] ?? scratch, points.length, columns.length, scratch);
    for (let c = 0; c < columns.length; c++) out[from + (columns[c] ?? -1)] = scratch[c] ?? Number.NaN;
  };
  const rows = new Float64Array(fit.rows.length);
  for (const [b, part] of parts.entries()) for (const i of part.points) turn(b, part, fit.rows, i * width, rows);
  return {
    ...fit,
    rows,
    points: n,
    degreesOfFreedom: n - width,
    clusters: membersOf(fit.cluster),
    parts,
    combination(gradient) {
      const out = new Float64Array(width);
      for (const [b, part] of parts.entries()) turn(b, part, gradient, 0, out);
      return out;
    },
    inflation() {
      let most = 0;
      const unit = new Float64Array(width);
      for (const [b, part] of parts.entries()) {
        for (const k of part.columns) {
          const out = new Float64Array(width);
          unit[k] = norm[k] ?? Number.NaN;
          turn(b, part, unit, 0, out);
          unit[k] = 0;
          most = Math.max(most, Math.sqrt(dot(out, out)));
        }
      }
      return most;
    },
  };
}

/** √Σ value², safe from overflow. */
function lengthOf(values: Float64Array): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  if (!(largest > 0 && largest < Number.POSITIVE_INFINITY)) return largest;
  let sum = 0;
  for (const value of values) sum += (value / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/** Columns that points bind together, in their order: those of groups fitted side by side are parts of their own. */
function partsOf(rows: Float64Array, width: number): readonly Part[] {
  const leader = Int32Array.from({ length: width }, (_, k) => k);
  const lead = (column: number): number => {
    let k = column;
    while (leader[k] !== k) k = leader[k] ?? k;
    return k;
  };
  const points = rows.length / width;
  const first = new Int32Array(points).fill(-1);
  for (let i = 0; i < points; i++) {
    for (let k = 0; k < width; k++) {
      if (rows[i * width + k] === 0) continue;
      if (first[i] === -1) first[i] = k;
      const [a, b] = [lead(k), lead(first[i] ?? k)];
      leader[Math.max(a, b)] = Math.min(a, b);
    }
  }
  const parts = new Map<number, { columns: number[]; points: number[] }>();
  for (let k = 0; k < width; k++) {
    const part = parts.get(lead(k)) ?? { columns: [], points: [] };
    part.columns.push(k);
    parts.set(lead(k), part);
  }
  first.forEach((k, i) => {
    if (k >= 0) parts.get(lead(k))?.points.push(i);
  });
  return [...parts.values()];
}

/** Points of each cluster; null where none share one. */
export function membersOf(cluster: Int32Array | null): Basis["clusters"] {
  if (cluster === null) return null;
  const members = new Map<number, number[]>();
  for (const [i, key] of cluster.entries()) {
    const known = members.get(key);
    if (known === undefined) members.set(key, [i]);
    else known.push(i);
  }
  return members.size === cluster.length ? null : [...members.values()];
}

/** By how much each point's score moves each combination: a row a point. */
export function pullsOf(basis: Basis, gradients: readonly ArrayLike<number>[]): Float64Array {
  const { rows, width, points, parts } = basis;
  const count = gradients.length;
  const pulls = new Float64Array(points * count);
  for (const [j, gradient] of gradients.entries()) {
    const y = basis.combination(gradient);
    for (const part of parts) {
      const columns = part.columns.filter((k) => y[k] !== 0);
      if (columns.length === 0) continue;
      for (const i of part.points) {
        let sum = 0;
        for (const k of columns) sum += (rows[i * width + k] ?? Number.NaN) * (y[k] ?? Number.NaN);
        pulls[i * count + j] = sum;
      }
    }
  }
  return pulls;
}

/** Covariance of combinations of parameters if every point had noise of one size and its own, row by row. */
export function equalCovariance(basis: Basis, gradients: readonly ArrayLike<number>[]): Float64Array {
  const variance = dot(basis.score, basis.score) / basis.degreesOfFreedom;
  return gram(pullsOf(basis, gradients), gradients.length).map((value) => value * variance);
}

/** What point i adds to its own predicted value, 0 to 1. */
export function leverage({ rows, width, slope }: Basis, i: number): number {
  let sum = 0;
  for (let k = i * width; k < (i + 1) * width; k++) sum += (rows[k] ?? Number.NaN) ** 2;
  return (slope[i] ?? Number.NaN) * sum;
}

/**
 * Σ factor·row·rowᵀ, row by row, of rows that stand one after the other.
 * @param factors of 1 where there are none
 * @param members which rows; null for all
 */
export function gram(
  rows: Float64Array,
  width: number,
  factors: Float64Array | null = null,
  members: readonly number[] | null = null,
): Float64Array {
  const sum = new Float64Array(width * width);
  const count = members?.length ?? rows.length / width;
  for (let m = 0; m < count; m++) {
    const i = members === null ? m : (members[m] ?? -1);
    const factor = factors === null ? 1 : (factors[i] ?? Number.NaN);
    for (let a = 0; a < width; a++) {
      const value = factor * (rows[i * width + a] ?? Number.NaN);
      // Of many groups side by side a row is 0 nearly everywhere.
      if (value === 0) continue;
      for (let b = 0; b < width; b++) {
        sum[a * width + b] = (sum[a * width + b] ?? Number.NaN) + value * (rows[i * width + b] ?? Number.NaN);
      }
    }
  }
  return sum;
}

/** xᵀ·y. */
export function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum += (x[k] ?? Number.NaN) * (y[k] ?? Number.NaN);
  return sum;
}
