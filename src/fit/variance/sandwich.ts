// The variance of an estimate that asks little of the noise: each cluster's own pull on the estimate, squared and summed,
// with the leverage correction that so few points need and the degrees of freedom that they leave.
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { type Basis, dot, gram, leverage, type StandardError } from "./linearization.js";

/**
 * How residuals are grown for what the fit took off them. CR2 makes the variance unbiased where the noise is equal (Bell &
 * McCaffrey 2002), CR3 is the jackknife's. With one point a cluster they are HC2 and HC3 (MacKinnon & White 1985).
 */
export type Correction = "CR2" | "CR3";

export interface Sandwich {
  /** By how much each cluster moves gradientᵀθ̂: their squares sum to its variance. In the order of first appearance. */
  influence(gradient: ArrayLike<number>): Float64Array;
  /** Of gradientᵀθ̂. */
  variance(gradient: ArrayLike<number>): number;
  /** Its root and degrees of freedom; null where it hangs on points that the fit goes through, whose residuals say nothing of their noise. */
  standardError(gradient: ArrayLike<number>): StandardError | null;
}

/** 1 − leverage below this: the fit goes through the cluster. */
const LEAST_FREEDOM = 1e-6;

/**
 * Var gᵀθ̂ = Σ over clusters k of (gᵀL(I − Mₖ)^−δ Lᵀsₖ)², with LLᵀ = H⁻¹, sₖ the sum of row·score in the cluster, Mₖ =
 * Lᵀ(Σ slope·row·rowᵀ)L its share of H, δ = ½ (CR2) or 1 (CR3). Along directions that one cluster alone determines the
 * power is that of the pseudo-inverse, 0.
 *
 * Degrees of freedom (tr S)²/tr S² after Satterthwaite, S being the covariance of the clusters' pulls if scores were
 * independent with one variance (Bell & McCaffrey 2002; Imbens & Kolesár 2016): with scores as they stand in the fit, ψ −
 * slope·row·(θ̂ − θ), so that Huber's and the absolute loss have theirs too.
 */
export function sandwich(basis: Basis, correction: Correction): Sandwich {
  const { rows, width, score, slope, points } = basis;
  const clusters = basis.clusters ?? Array.from({ length: points }, (_, i) => [i]);
  const correct = corrections(basis, clusters, correction === "CR2" ? -0.5 : -1);
  // The corrections are symmetric: what they do to gᵀL they may as well do to the clusters' sums.
  const sums = new Float64Array(clusters.length * width);
  const vector = new Float64Array(width);
  for (let k = 0; k < clusters.length; k++) {
    vector.fill(0);
    for (const i of clusters[k] ?? []) addRow(vector, rows, i, score[i] ?? Number.NaN);
    correct(k, vector);
    sums.set(vector, k * width);
  }
  const influence = (gradient: ArrayLike<number>) => {
    const y = basis.combination(gradient);
    return Float64Array.from(clusters, (_, k) => timesRow(y, sums, k));
  };
  const variance = (gradient: ArrayLike<number>) => {
    const pulls = influence(gradient);
    return dot(pulls, pulls);
  };
  return {
    influence,
    variance,
    standardError(gradient) {
      const y = basis.combination(gradient);
      const metric = gram(rows, width);
      // S = diag(d) − U·Vᵀ − V·Uᵀ + U·metric·Uᵀ, one row (u, v) of U and V a cluster.
      const left = new Float64Array(2 * width * clusters.length);
      let [trace, squares, whole] = [0, 0, 0];
      clusters.forEach((members, k) => {
        vector.set(y);
        correct(k, vector);
        const [u, v] = [new Float64Array(width), new Float64Array(width)];
        let d = 0;
        for (const i of members) {
          const pull = timesRow(vector, rows, i);
          whole += timesRow(y, rows, i) ** 2;
          d += pull * pull;
          addRow(v, rows, i, pull);
          addRow(u, rows, i, pull * (slope[i] ?? Number.NaN));
        }
        const low = u.reduce((sum, value, j) => sum + value * (timesRow(u, metric, j) - 2 * (v[j] ?? Number.NaN)), 0);
        trace += d + low;
        squares += d * (d + 2 * low);
        left.set(u, 2 * width * k);
        left.set(v, 2 * width * k + width);
      });
      const own = variance(gradient);
      if (!(own > 0 && trace > LEAST_FREEDOM * whole)) return null;
      return {
        value: Math.sqrt(own),
        degreesOfFreedom: Math.max(1, trace ** 2 / (squares + squaredTrace(left, metric, width))),
      };
    },
  };
}

/** Tr (C·WᵀW)², W having a row (u, v) a cluster and C = [metric, −I; −I, 0]: the part of tr S² that is of low rank. */
function squaredTrace(left: Float64Array, metric: Float64Array, width: number): number {
  const cross = gram(left, 2 * width);
  const product = Array.from({ length: 2 * width }, (_, j) => {
    const line = new Float64Array(2 * width);
    if (j >= width) addRow(line, cross, j - width, -1);
    else {
      for (let k = 0; k < width; k++) addRow(line, cross, k, metric[j * width + k] ?? Number.NaN);
      addRow(line, cross, j + width, -1);
    }
    return line;
  });
  return product.reduce(
    (sum, line, j) => sum + line.reduce((s, value, k) => s + value * (product[k]?.[j] ?? Number.NaN), 0),
    0,
  );
}

/** In place, y ↦ (I − Σ slope·row·rowᵀ)^power·y over the rows of cluster k, by the pseudo-inverse where that is singular. */
function corrections(
  basis: Basis,
  clusters: readonly (readonly number[])[],
  power: number,
): (k: number, y: Float64Array) => void {
  const { rows, width, slope } = basis;
  const grown = (freedom: number) => (freedom > LEAST_FREEDOM ? freedom ** power : 0);
  const factors = new Float64Array(clusters.length);
  const bases = clusters.map((members, k) => {
    const [i = -1] = members;
    if (members.length === 1) {
      const share = leverage(basis, i);
      const square = share / (slope[i] ?? Number.NaN);
      factors[k] = share > 0 ? (grown(1 - share) - 1) / square : 0;
      return null;
    }
    const share = Matrix.from1DArray(width, width, gram(rows, width, slope, members));
    const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(share, { assumeSymmetric: true });
    const vectors = Float64Array.from(eigenvectorMatrix.transpose().to1DArray());
    return { vectors, factors: realEigenvalues.map((value) => grown(1 - value)) };
  });
  return (k, y) => {
    const own = bases[k] ?? null;
    if (own === null) {
      const i = clusters[k]?.[0] ?? -1;
      addRow(y, rows, i, (factors[k] ?? Number.NaN) * timesRow(y, rows, i));
      return;
    }
    const given = Float64Array.from(y);
    y.fill(0);
    for (const [j, factor] of own.factors.entries())
      addRow(y, own.vectors, j, factor * timesRow(given, own.vectors, j));
  };
}

/** y · row i, of rows of the length of y that stand one after the other. */
function timesRow(y: Float64Array, rows: Float64Array, i: number): number {
  const offset = i * y.length;
  let sum = 0;
  for (let k = 0; k < y.length; k++) sum += (rows[offset + k] ?? Number.NaN) * (y[k] ?? Number.NaN);
  return sum;
}

/** y += factor · row i. */
function addRow(y: Float64Array, rows: Float64Array, i: number, factor: number): void {
  const offset = i * y.length;
  for (let k = 0; k < y.length; k++) y[k] = (y[k] ?? Number.NaN) + factor * (rows[offset + k] ?? Number.NaN);
}
