// The restricted likelihood of a noise whose size changes along x and of which clusters have a share in common. Groups that
// are fitted side by side stay apart: each is a block of its own, bordered by the clusters that reach across blocks and by
// the score, and what its elimination leaves of the border is all that the blocks have in common.
import type { Basis, Part } from "./linearization.js";

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
export type RestrictedLikelihood = (slope: number, shares: readonly number[]) => readonly Likely[];

/** More groups than this side by side are cheaper apart. */
const FEW_PARTS = 2;

/**
 * ½·[−log|Ω| − log|XᵀΩ⁻¹X| − (n−p)·log Q] of `basis`, X = slope·row, Q the weighted squares about X (Patterson & Thompson
 * 1971). Of a cluster's points Ω⁻¹ is (I − f·11ᵀ)/(1 − share), f = share/(1 − share + share·size).
 */
export function restrictedLikelihood(basis: Basis, along: Float64Array): RestrictedLikelihood {
  const whole = { columns: Array.from({ length: basis.width }, (_, k) => k), points: Array.from(along.keys()) };
  const parts = basis.parts.length > FEW_PARTS ? basis.parts : [whole];
  const [partOf, place] = [new Int32Array(basis.points), new Int32Array(basis.points)];
  for (const [b, { points }] of parts.entries()) {
    for (const [r, i] of points.entries()) [partOf[i], place[i]] = [b, r];
  }
  const clusters = basis.clusters ?? [];
  const within = clusters.filter((members) => members.every((i) => partOf[i] === partOf[members[0] ?? -1]));
  const across = clusters.filter((members) => !within.includes(members));
  const blocks = parts.map((part, b) => {
    const local = (members: readonly number[]) => members.filter((i) => partOf[i] === b).map((i) => place[i] ?? -1);
    return blockOf(basis, along, part, within.map(local), across.map(local));
  });
  const border = across.length + 1;
  const rest = new Float64Array(border * border);
  return (slope, shares) => {
    for (const block of blocks) block.load(slope);
    return shares.map((share) => {
      let inner = -basis.width * Math.log(1 - share);
      let outer = 0;
      for (const { length } of clusters) {
        outer += length * Math.log(1 - share) + Math.log1p((share * length) / (1 - share));
      }
      rest.fill(0);
      for (const block of blocks) inner += block.eliminate(share, rest);
      // With F⁻¹ in the corner, G − S·F·Sᵀ is what is left of [[G, S], [Sᵀ, F⁻¹]]; nothing is common at a share of 0.
      for (const [k, { length }] of across.entries()) {
        const inverse = share === 0 ? 1 : (1 - share + share * length) / share;
        rest[k * border + k] = (rest[k * border + k] ?? Number.NaN) + inverse;
        inner -= Math.log(Math.abs(inverse));
      }
      inner += eliminate(rest, border, across.length);
      const squares = (rest.at(-1) ?? Number.NaN) / (1 - share);
      // The sizes along x leave |Ω| as it is: their logarithms sum to 0.
      const log = -0.5 * (outer + inner + basis.degreesOfFreedom * Math.log(squares));
      return {
        slope,
        share,
        variance: squares / basis.degreesOfFreedom,
        log: squares > 0 && !Number.isNaN(log) ? log : Number.NEGATIVE_INFINITY,
      };
    });
  };
}

/**
 * One part's block of (1 − share)·XᵀΩ⁻¹X with the score as a last column.
 * @param within points of the clusters inside the part, by their place in it
 * @param across of the clusters of the border
 */
function blockOf(
  basis: Basis,
  along: Float64Array,
  { columns, points }: Part,
  within: readonly (readonly number[])[],
  across: readonly (readonly number[])[],
) {
  const n = points.length;
  const width = columns.length + 1;
  const own = within.filter(({ length }) => length > 0);
  const shared = across.flatMap((members, k) => (members.length > 0 ? [{ k, members }] : []));
  const u = Float64Array.from(points, (i) => along[i] ?? Number.NaN);
  // Column-major, the score last.
  const x = new Float64Array(n * width);
  for (const [r, i] of points.entries()) {
    for (const [c, k] of columns.entries()) {
      x[c * n + r] = (basis.rows[i * basis.width + k] ?? Number.NaN) * (basis.slope[i] ?? Number.NaN);
    }
    x[columns.length * n + r] = basis.score[i] ?? Number.NaN;
  }
  const scaled = new Float64Array(n * width);
  const gram = new Float64Array(width * width);
  const sums = own.map(() => new Float64Array(width));
  const sharedSums = shared.map(() => new Float64Array(width));
  const size = width + shared.length;
  const matrix = new Float64Array(size * size);
  const addUp = (members: readonly number[], sum: Float64Array) => {
    sum.fill(0);
    for (const r of members) {
      for (let a = 0; a < width; a++) sum[a] = (sum[a] ?? Number.NaN) + (scaled[a * n + r] ?? Number.NaN);
    }
  };
  /** Where the local row or column stands in the border that is common to all parts. */
  const borderPlace = [...shared.map(({ k }) => k), across.length];
  return {
    load(slope: number): void {
      for (let r = 0; r < n; r++) {
        const root = Math.exp((-slope * (u[r] ?? Number.NaN)) / 2);
        for (let a = 0; a < width; a++) scaled[a * n + r] = root * (x[a * n + r] ?? Number.NaN);
      }
      for (let a = 0; a < width; a++) {
        for (let b = 0; b <= a; b++) {
          let sum = 0;
          for (let r = 0; r < n; r++) sum += (scaled[a * n + r] ?? Number.NaN) * (scaled[b * n + r] ?? Number.NaN);
          gram[a * width + b] = sum;
        }
      }
      for (const [k, members] of own.entries()) addUp(members, sums[k] ?? scaled);
      for (const [k, { members }] of shared.entries()) addUp(members, sharedSums[k] ?? scaled);
    },
    /** Adds what elimination leaves of the border to `rest`; returns log|block|. */
    eliminate(share: number, rest: Float64Array): number {
      const p = columns.length;
      matrix.fill(0);
      // Rows of the matrix: the part's columns, clusters of the border, the score.
      const row = (a: number) => (a < p ? a : size - 1);
      for (let a = 0; a < width; a++) {
        for (let b = 0; b <= a; b++) matrix[row(a) * size + row(b)] = gram[a * width + b] ?? Number.NaN;
      }
      if (share !== 0) {
        for (const [k, sum] of sums.entries()) {
          const factor = share / (1 - share + share * (own[k]?.length ?? Number.NaN));
          for (let a = 0; a < width; a++) {
            const taken = factor * (sum[a] ?? Number.NaN);
            for (let b = 0; b <= a; b++) {
              const cell = row(a) * size + row(b);
              matrix[cell] = (matrix[cell] ?? Number.NaN) - taken * (sum[b] ?? Number.NaN);
            }
          }
        }
        for (const [k, sum] of sharedSums.entries()) {
          for (let b = 0; b < p; b++) matrix[(p + k) * size + b] = sum[b] ?? Number.NaN;
          matrix[(size - 1) * size + p + k] = sum[p] ?? Number.NaN;
        }
      }
      const log = eliminate(matrix, size, p);
      const border = Math.sqrt(rest.length);
      for (const [a, to] of borderPlace.entries()) {
        for (let b = 0; b <= a; b++) {
          const cell = to * border + (borderPlace[b] ?? -1);
          rest[cell] = (rest[cell] ?? Number.NaN) + (matrix[(p + a) * size + p + b] ?? Number.NaN);
        }
      }
      return log;
    },
  };
}

/** L·D·Lᵀ of the first `pivots` rows of a lower triangle, in place; what is left of the others stands below. Returns log|det D|. */
function eliminate(matrix: Float64Array, width: number, pivots: number): number {
  let logDeterminant = 0;
  for (let a = 0; a < pivots; a++) {
    const pivot = matrix[a * width + a] ?? Number.NaN;
    logDeterminant += Math.log(Math.abs(pivot));
    for (let b = a + 1; b < width; b++) {
      const factor = (matrix[b * width + a] ?? Number.NaN) / pivot;
      if (factor === 0) continue;
      for (let c = a + 1; c <= b; c++) {
        matrix[b * width + c] = (matrix[b * width + c] ?? Number.NaN) - factor * (matrix[c * width + a] ?? Number.NaN);
      }
    }
  }
  return logDeterminant;
}
