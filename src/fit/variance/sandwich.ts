// The variance of an estimate that asks little of the noise: each cluster's own pull on the estimate, squared and summed,
// with the leverage correction that so few points need and the degrees of freedom that they leave.
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { addTo, dot, form, type Linearization, orthogonalise, outerSum, type StandardError } from "./linearization.js";

/**
 * How residuals are grown for what the fit took off them. CR2 makes the variance unbiased where the noise is equal (Bell &
 * McCaffrey 2002), CR3 is the jackknife's. With one point a cluster they are HC2 and HC3 (MacKinnon & White 1985).
 */
export type Correction = "CR2" | "CR3";

export interface Sandwich {
  readonly clusters: number;
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
 *
 * Null where the points do not determine the parameters.
 */
export function sandwich(fit: Linearization, correction: Correction): Sandwich | null {
  const basis = orthogonalise(fit);
  if (basis === null) return null;
  const { rows, score, slope, clusters } = basis;
  const width = rows[0]?.length ?? 0;
  const rowOf = (i: number) => rows[i] ?? new Float64Array(width).fill(Number.NaN);
  const power = correction === "CR2" ? -0.5 : -1;
  const corrections = clusters.map((members) =>
    corrector(
      members.map(rowOf),
      members.map((i) => slope[i] ?? 0),
      power,
    ),
  );
  const sums = clusters.map((members) => {
    const sum = new Float64Array(width);
    for (const i of members) addTo(sum, rowOf(i), score[i] ?? Number.NaN);
    return sum;
  });
  const gram = outerSum(rows, null, width);

  const influenceOf = (y: Float64Array) =>
    Float64Array.from(clusters, (_, k) => dot(corrections[k]?.(y) ?? y, sums[k] ?? y));

  // The corrections are symmetric.
  const meat = outerSum(
    sums.map((sum, k) => corrections[k]?.(sum) ?? sum),
    null,
    width,
  );
  const varianceOf = (y: Float64Array) => form(meat, y, y);

  return {
    clusters: clusters.length,
    variance: (gradient) => varianceOf(basis.combination(gradient)),
    influence: (gradient) => influenceOf(basis.combination(gradient)),
    standardError(gradient) {
      const y = basis.combination(gradient);
      const variance = varianceOf(y);
      // S = diag(d) − U·Vᵀ − V·Uᵀ + U·gram·Uᵀ, one row of U and V a cluster.
      let trace = 0;
      let squares = 0;
      let whole = 0;
      const left: Float64Array[] = [];
      clusters.forEach((members, k) => {
        const grown = corrections[k]?.(y) ?? y;
        const [u, v] = [new Float64Array(width), new Float64Array(width)];
        let d = 0;
        for (const i of members) {
          const pull = dot(grown, rowOf(i));
          whole += dot(y, rowOf(i)) ** 2;
          d += pull * pull;
          addTo(v, rowOf(i), pull);
          addTo(u, rowOf(i), pull * (slope[i] ?? Number.NaN));
        }
        const taken = Float64Array.from(gram, (line, j) => dot(line, u) - 2 * (v[j] ?? Number.NaN));
        const low = dot(u, taken);
        trace += d + low;
        squares += d * (d + 2 * low);
        left.push(Float64Array.of(...u, ...v));
      });
      if (!(variance > 0 && trace > LEAST_FREEDOM * whole)) return null;
      return {
        value: Math.sqrt(variance),
        degreesOfFreedom: Math.max(1, trace ** 2 / (squares + squaredTrace(left, gram))),
      };
    },
  };
}

/** Tr (C·WᵀW)², W having a row (u, v) a cluster and C = [gram, −I; −I, 0]: the part of tr S² that is of low rank. */
function squaredTrace(left: readonly Float64Array[], gram: readonly Float64Array[]): number {
  const width = gram.length;
  const cross = outerSum(left, null, 2 * width);
  const product = cross.map((_, j) => {
    const line = new Float64Array(2 * width);
    if (j >= width) addTo(line, cross[j - width] ?? line, -1);
    else {
      for (const [k, value] of gram[j]?.entries() ?? []) addTo(line, cross[k] ?? line, value);
      addTo(line, cross[j + width] ?? line, -1);
    }
    return line;
  });
  return product.reduce(
    (sum, line, j) => sum + line.reduce((s, value, k) => s + value * (product[k]?.[j] ?? Number.NaN), 0),
    0,
  );
}

/** y ↦ (I − Σ slope·row·rowᵀ)^power·y over the rows of one cluster, by the pseudo-inverse where that is singular. */
function corrector(
  rows: readonly Float64Array[],
  slopes: ArrayLike<number>,
  power: number,
): (y: Float64Array) => Float64Array {
  const grown = (freedom: number) => (freedom > LEAST_FREEDOM ? freedom ** power : 0);
  const [only] = rows;
  if (rows.length === 1 && only !== undefined) {
    const leverage = (slopes[0] ?? Number.NaN) * dot(only, only);
    const factor = leverage > 0 ? (grown(1 - leverage) - 1) / dot(only, only) : 0;
    return (y) => {
      const out = Float64Array.from(y);
      addTo(out, only, factor * dot(only, y));
      return out;
    };
  }
  const width = only?.length ?? 0;
  const share = outerSum(rows, slopes, width);
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(
    new Matrix(share.map((line) => [...line])),
    {
      assumeSymmetric: true,
    },
  );
  const factors = realEigenvalues.map((value) => grown(1 - value));
  const vectors = factors.map((_, k) => Float64Array.from(eigenvectorMatrix.getColumn(k)));
  return (y) => {
    const out = new Float64Array(width);
    for (const [k, vector] of vectors.entries()) addTo(out, vector, (factors[k] ?? Number.NaN) * dot(vector, y));
    return out;
  };
}
