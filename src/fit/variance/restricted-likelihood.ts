// The restricted likelihood of a noise whose size changes along x and of which clusters have a share in common.
import type { Orthogonal } from "./linearization.js";

/** Noise of variance σ²·e^(slope·u), u being the place along x over its range; `share` of it is common to a cluster. */
export interface NoiseShape {
  readonly slope: number;
  readonly share: number;
  /** σ², from the residuals that it would have made. */
  readonly variance: number;
}

export interface Likely extends NoiseShape {
  /** Restricted log likelihood, up to a constant. */
  readonly log: number;
}

/** The restricted log likelihood at one slope and each of the shares, and σ² there. */
export function restrictedLikelihood(
  { rows, score, slope: psi, clusters }: Orthogonal,
  along: Float64Array,
  degrees: number,
) {
  // Rows of X with the score as a last column: one factorisation gives log|XᵀΩ⁻¹X| and Q.
  const width = (rows[0]?.length ?? 0) + 1;
  const extended = rows.map((row, i) =>
    Float64Array.of(...row.map((value) => value * (psi[i] ?? Number.NaN)), score[i] ?? Number.NaN),
  );
  const gram = new Float64Array(width * width);
  const matrix = new Float64Array(width * width);
  const sums = clusters.map(() => new Float64Array(width));
  return (slope: number, shares: readonly number[]): Likely[] => {
    gram.fill(0);
    for (const [k, members] of clusters.entries()) {
      const sum = sums[k] ?? new Float64Array(width);
      sum.fill(0);
      for (const i of members) {
        const root = Math.exp((-slope * (along[i] ?? Number.NaN)) / 2);
        const row = extended[i] ?? sum;
        for (let a = 0; a < width; a++) sum[a] = (sum[a] ?? Number.NaN) + root * (row[a] ?? Number.NaN);
        addOuter(gram, row, root * root, width);
      }
    }
    return shares.map((share) => {
      matrix.set(gram);
      // The sizes along x leave |Ω| as it is: their logarithms sum to 0.
      let log = 0;
      if (share !== 0) {
        for (const [k, members] of clusters.entries()) {
          const size = members.length;
          // (1 − share)·I + share·11ᵀ, inverted and its determinant taken.
          addOuter(matrix, sums[k] ?? matrix, -share / (1 - share + share * size), width);
          log -= 0.5 * (size * Math.log(1 - share) + Math.log1p((share * size) / (1 - share)));
        }
        for (let cell = 0; cell < matrix.length; cell++) matrix[cell] = (matrix[cell] ?? Number.NaN) / (1 - share);
      }
      const { logDeterminant: inner, squares } = eliminate(matrix, width);
      log -= 0.5 * (inner + degrees * Math.log(squares));
      return {
        slope,
        share,
        variance: squares / degrees,
        log: squares > 0 && !Number.isNaN(log) ? log : Number.NEGATIVE_INFINITY,
      };
    });
  };
}

const ROUNDING = 1e-13;

/** Lower triangle of matrix += factor·row·rowᵀ. */
function addOuter(matrix: Float64Array, row: Float64Array, factor: number, width: number): void {
  for (let a = 0; a < width; a++) {
    const scaled = factor * (row[a] ?? Number.NaN);
    // Parameters of other groups than the point's own, but for rounding.
    if (Math.abs(row[a] ?? Number.NaN) < ROUNDING) continue;
    for (let b = 0; b <= a; b++) matrix[a * width + b] = (matrix[a * width + b] ?? 0) + scaled * (row[b] ?? Number.NaN);
  }
}

/** Cholesky's factor in place of the lower triangle; what is left in the last corner is the squares about the others. */
function eliminate(matrix: Float64Array, width: number): { readonly logDeterminant: number; readonly squares: number } {
  let logDeterminant = 0;
  for (let a = 0; a < width; a++) {
    for (let b = 0; b <= a; b++) {
      let value = matrix[a * width + b] ?? Number.NaN;
      for (let k = 0; k < b; k++) {
        value -= (matrix[a * width + k] ?? Number.NaN) * (matrix[b * width + k] ?? Number.NaN);
      }
      if (a > b) matrix[a * width + b] = value / (matrix[b * width + b] ?? Number.NaN);
      else if (a === width - 1) return { logDeterminant, squares: value };
      else {
        logDeterminant += Math.log(value);
        matrix[a * width + a] = Math.sqrt(value);
      }
    }
  }
  return { logDeterminant, squares: Number.NaN };
}
