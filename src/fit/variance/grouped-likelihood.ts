// The restricted likelihood of restricted-likelihood.ts for many groups fitted side by side: the same numbers, from a matrix
// of which only what can differ from 0 is held. What clusters share stands in rows of its own (G − S·F·Sᵀ is what is left
// of [[G, S], [Sᵀ, F⁻¹]] once F⁻¹ is eliminated), so that groups stay apart however their points share their errors.
import type { Orthogonal } from "./linearization.js";
import type { Likely } from "./restricted-likelihood.js";

/** Lower triangle by rows, each from its first cell that can differ from 0 up to the diagonal. */
interface Skyline {
  readonly first: Int32Array;
  readonly rows: readonly Float64Array[];
}

/** The restricted log likelihood at one slope and each of the shares, and σ² there. */
export function groupedLikelihood(
  { rows, score, slope: psi, clusters, parts }: Orthogonal,
  along: Float64Array,
  degrees: number,
) {
  const width = rows[0]?.length ?? 0;
  const shared = clusters.length === rows.length ? [] : clusters;
  // A part's columns, then the clusters within it; after all parts the clusters across parts; the score last.
  const partOf = new Int32Array(rows.length);
  for (const [part, { points }] of parts.entries()) for (const i of points) partOf[i] = part;
  const homeOf = shared.map((members) => {
    const [part = -1, ...others] = new Set(members.map((i) => partOf[i] ?? -1));
    return others.length === 0 ? part : parts.length;
  });
  const within = (part: number) => homeOf.flatMap((home, k) => (home === part ? k : []));
  const first: number[] = [];
  const columnPlace = new Int32Array(width);
  const clusterPlace = new Int32Array(shared.length);
  for (const [part, { columns }] of parts.entries()) {
    const start = first.length;
    for (const k of columns) columnPlace[k] = first.push(start) - 1;
    for (const k of within(part)) clusterPlace[k] = first.push(start) - 1;
  }
  for (const k of within(parts.length)) clusterPlace[k] = first.push(0) - 1;
  const last = first.push(0) - 1;
  const empty = (): Skyline => ({
    first: Int32Array.from(first),
    rows: first.map((from, a) => new Float64Array(a - from + 1)),
  });
  const [sums, matrix] = [empty(), empty()];
  const clusterOf = new Int32Array(rows.length).fill(-1);
  for (const [k, members] of shared.entries()) for (const i of members) clusterOf[i] = clusterPlace[k] ?? -1;

  return (slope: number, shares: readonly number[]): Likely[] => {
    for (const row of sums.rows) row.fill(0);
    rows.forEach((row, i) => {
      const [weight, y] = [psi[i] ?? Number.NaN, score[i] ?? Number.NaN];
      const root = Math.exp((-slope * (along[i] ?? Number.NaN)) / 2);
      const cluster = clusterOf[i] ?? -1;
      const columns = parts[partOf[i] ?? -1]?.columns ?? [];
      for (const a of columns) {
        const [at, value] = [columnPlace[a] ?? -1, (row[a] ?? Number.NaN) * weight * root];
        for (const b of columns)
          if (b <= a) add(sums, at, columnPlace[b] ?? -1, value * (row[b] ?? Number.NaN) * weight * root);
        if (cluster >= 0) add(sums, cluster, at, value);
        add(sums, last, at, value * y * root);
      }
      if (cluster >= 0) add(sums, last, cluster, y * root);
      add(sums, last, last, (y * root) ** 2);
    });
    return shares.map((share) => {
      for (const [a, row] of sums.rows.entries()) matrix.rows[a]?.set(row);
      // The sizes along x leave |Ω| as it is: their logarithms sum to 0.
      let [log, inner] = [0, -width * Math.log(1 - share)];
      for (const [k, members] of shared.entries()) {
        const [place, size] = [clusterPlace[k] ?? -1, members.length];
        if (share === 0) {
          forget(matrix, place);
          continue;
        }
        const inverse = (1 - share + share * size) / share;
        add(matrix, place, place, inverse);
        inner -= Math.log(Math.abs(inverse));
        // (1 − share)·I + share·11ᵀ, its determinant taken.
        log -= 0.5 * (size * Math.log(1 - share) + Math.log1p((share * size) / (1 - share)));
      }
      const { logDeterminant, corner } = eliminate(matrix);
      const squares = corner / (1 - share);
      log -= 0.5 * (inner + logDeterminant + degrees * Math.log(squares));
      return {
        slope,
        share,
        variance: squares / degrees,
        log: squares > 0 && !Number.isNaN(log) ? log : Number.NEGATIVE_INFINITY,
      };
    });
  };
}

function add({ first, rows }: Skyline, a: number, b: number, value: number): void {
  const row = rows[a];
  const cell = b - (first[a] ?? 0);
  if (row !== undefined) row[cell] = (row[cell] ?? Number.NaN) + value;
}

/** The row and column of the unit matrix in place of one. */
function forget({ first, rows }: Skyline, place: number): void {
  for (const [a, row] of rows.entries()) {
    if (a === place) row.fill(0);
    else if (a > place && (first[a] ?? 0) <= place) row[place - (first[a] ?? 0)] = 0;
  }
  add({ first, rows }, place, place, 1);
}

/**
 * L·D·Lᵀ in place, which a matrix that is positive on some rows and negative on the others has in any order (Vanderbei 1995).
 * The last pivot is the squares of the score about the rest.
 */
function eliminate({ first, rows }: Skyline): { readonly logDeterminant: number; readonly corner: number } {
  const pivots = new Float64Array(rows.length);
  let logDeterminant = 0;
  for (const [a, row] of rows.entries()) {
    const from = first[a] ?? 0;
    let pivot = row[a - from] ?? Number.NaN;
    for (let b = from; b < a; b++) {
      const [other, start] = [rows[b], first[b] ?? 0];
      let value = row[b - from] ?? Number.NaN;
      // What stands here is still L·D of the columns before.
      for (let k = Math.max(from, start); k < b; k++)
        value -= (row[k - from] ?? Number.NaN) * (other?.[k - start] ?? Number.NaN);
      row[b - from] = value;
    }
    for (let b = from; b < a; b++) {
      const value = row[b - from] ?? Number.NaN;
      row[b - from] = value / (pivots[b] ?? Number.NaN);
      pivot -= value * (row[b - from] ?? Number.NaN);
    }
    pivots[a] = pivot;
    if (a < rows.length - 1) logDeterminant += Math.log(Math.abs(pivot));
  }
  return { logDeterminant, corner: pivots.at(-1) ?? Number.NaN };
}
