// The sandwich variance and its degrees of freedom: where theory gives both (two means, pairs), against estimates with
// each cluster left out in turn, and against whole matrices.
import { EigenvalueDecomposition, inverse, Matrix, solve } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { type Linearization, orthogonalise } from "../../../src/fit/variance/linearization.js";
import { type Correction, sandwich } from "../../../src/fit/variance/sandwich.js";
import { basisOf, stacked } from "./by-hand.js";

// Two samples; mean 5 and variance 10 of the first, mean 3 and variance 4/3 of the second (its first four).
const FIRST = [1, 3, 5, 7, 9];
const SECOND = [2, 4, 4, 2, 8];

/** Samples whose law is their mean, one parameter a sample; residuals as scores. */
function means(samples: readonly (readonly number[])[], paired: boolean): Linearization {
  const points = samples.flatMap((values, s) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return values.map((value, i) => ({ s, i, residual: value - mean }));
  });
  return {
    ...stacked(points.map(({ s }) => samples.map((_, k) => (k === s ? 1 : 0)))),
    score: Float64Array.from(points, ({ residual }) => residual),
    slope: new Float64Array(points.length).fill(1),
    cluster: paired ? Int32Array.from(points, ({ i }) => i) : null,
    along: null,
  };
}

test("independent samples: Welch's standard error and the degrees of freedom that Imbens & Kolesár (2016) give", () => {
  const [m, n] = [5, 4];
  const error = sandwich(basisOf(means([FIRST, SECOND.slice(0, n)], false)), "CR2").standardError([1, -1]);
  expect(error?.value).toBeCloseTo(Math.sqrt(10 / m + 4 / 3 / n), 12);
  expect(error?.degreesOfFreedom).toBeCloseTo(
    (1 / m + 1 / n) ** 2 / (1 / (m ** 2 * (m - 1)) + 1 / (n ** 2 * (n - 1))),
    12,
  );
});

test("pairs: the paired t test, n − 1 degrees of freedom; the jackknife's error is √(n/(n−1)) times it", () => {
  const both = basisOf(means([FIRST, SECOND], true));
  // Differences −1, −1, 1, 5, 1: mean 1, squares about it 4 + 4 + 0 + 16 + 0 = 24.
  const error = sandwich(both, "CR2").standardError([1, -1]);
  expect(error?.value).toBeCloseTo(Math.sqrt(24 / (5 * 4)), 12);
  expect(error?.degreesOfFreedom).toBeCloseTo(4, 12);
  const jackknife = sandwich(both, "CR3").standardError([1, -1]);
  expect(jackknife?.value).toBeCloseTo(Math.sqrt((24 / (5 * 4)) * (5 / 4)), 12);
  expect(jackknife?.degreesOfFreedom).toBeCloseTo(4, 12);
});

/** A straight line and a parabola's worth of points in seven clusters of 1 to 4, with noise. */
function uneven(loss: "squared" | "huber") {
  const stream = random(7);
  const sizes = [4, 3, 3, 2, 2, 1, 1];
  const cluster = Int32Array.from(sizes.flatMap((size, k) => new Array<number>(size).fill(k)));
  const rows = Array.from(cluster, (_, i) => Float64Array.of(1, i / 4, stream.normal()));
  const y = Float64Array.from(rows, (row, i) => 1 + (row[1] ?? 0) + (1 + i / 8) * stream.normal());
  const theta = leastSquares(rows, y);
  const residual = y.map((value, i) => value - product(rows[i] ?? theta, theta));
  const cut = loss === "huber" ? 2 : Number.POSITIVE_INFINITY;
  return {
    y,
    rows,
    fit: {
      ...stacked(rows),
      score: residual.map((r) => Math.max(-cut, Math.min(cut, r))),
      slope: residual.map((r) => (Math.abs(r) <= cut ? 1 : 0)),
      cluster,
      along: null,
    },
  };
}

const product = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, k) => sum + value * (y[k] ?? 0), 0);

function leastSquares(rows: readonly Float64Array[], y: Float64Array): Float64Array {
  return Float64Array.from(solve(new Matrix(rows.map((row) => [...row])), Matrix.columnVector([...y])).to1DArray());
}

test("CR3 is the jackknife: estimates with each cluster left out, from least squares on what is left", () => {
  const { fit, rows, y } = uneven("squared");
  const whole = leastSquares(rows, y);
  const gradient = [0.3, -2, 1];
  const influence = sandwich(basisOf(fit), "CR3").influence(gradient);
  for (let k = 0; k < 7; k++) {
    const keep = [...y.keys()].filter((i) => fit.cluster?.[i] !== k);
    const left = leastSquares(
      keep.flatMap((i) => rows.slice(i, i + 1)),
      Float64Array.from(keep, (i) => y[i] ?? 0),
    );
    const moved = gradient.reduce((sum, g, j) => sum + g * ((whole[j] ?? 0) - (left[j] ?? 0)), 0);
    expect(influence[k]).toBeCloseTo(moved, 10);
  }
});

/** From whole matrices: scores M·e with M = I − D·J·H⁻¹·Jᵀ, corrected by cluster with (I − √D·J·H⁻¹·Jᵀ·√D)^power. */
function dense(
  rows: readonly Float64Array[],
  { score, slope, cluster }: Linearization,
  correction: Correction,
  gradient: readonly number[],
) {
  const J = new Matrix(rows.map((row) => [...row]));
  const n = rows.length;
  const D = Matrix.diag([...slope]);
  const bread = inverse(J.transpose().mmul(D).mmul(J));
  const hat = J.mmul(bread).mmul(J.transpose());
  const M = Matrix.sub(Matrix.eye(n), D.mmul(hat));
  const keys = [...new Set(cluster ?? rows.keys())];
  const B = Matrix.zeros(keys.length, n);
  const g = Matrix.rowVector([...gradient]);
  for (const [k, key] of keys.entries()) {
    const own = [...rows.keys()].filter((i) => (cluster?.[i] ?? i) === key);
    const part = J.selection(own, [0, 1, 2]);
    const E = Matrix.eye(3);
    // (I − M_k)^power through the symmetric square root of the bread.
    const { realEigenvalues, eigenvectorMatrix: V } = new EigenvalueDecomposition(bread);
    const root = V.mmul(Matrix.diag(realEigenvalues.map(Math.sqrt))).mmul(V.transpose());
    const share = root.mmul(part.transpose()).mmul(D.selection(own, own)).mmul(part).mmul(root);
    const own2 = new EigenvalueDecomposition(Matrix.sub(E, share), { assumeSymmetric: true });
    const power = correction === "CR2" ? -0.5 : -1;
    const grown = own2.eigenvectorMatrix
      .mmul(Matrix.diag(own2.realEigenvalues.map((value) => value ** power)))
      .mmul(own2.eigenvectorMatrix.transpose());
    const pulls = g.mmul(root).mmul(grown).mmul(root).mmul(part.transpose());
    own.forEach((i, j) => {
      B.set(k, i, pulls.get(0, j));
    });
  }
  const S = B.mmul(M).mmul(M.transpose()).mmul(B.transpose());
  const sums = B.mmul(Matrix.columnVector([...score]));
  return {
    value: Math.sqrt(sums.transpose().mmul(sums).get(0, 0)),
    degreesOfFreedom: S.trace() ** 2 / S.mmul(S).trace(),
  };
}

describe.each(["squared", "huber"] as const)("%s loss: the same from whole matrices", (loss) => {
  test.each(["CR2", "CR3"] as const)("%s", (correction) => {
    const { fit, rows } = uneven(loss);
    expect(fit.slope.includes(0)).toBe(loss === "huber");
    for (const own of [fit, { ...fit, cluster: null }]) {
      for (const gradient of [
        [1, 0, 0],
        [0.3, -2, 1],
      ]) {
        const found = sandwich(basisOf(own), correction).standardError(gradient);
        const wanted = dense(rows, own, correction, gradient);
        expect((found?.value ?? 0) / wanted.value).toBeCloseTo(1, 8);
        expect((found?.degreesOfFreedom ?? 0) / wanted.degreesOfFreedom).toBeCloseTo(1, 8);
      }
    }
  });
});

test("what hangs on a point that the fit goes through has no error; parameters that the points do not tell apart none", () => {
  const rows = [1, 1, 1].map((value) => Float64Array.of(value, 0)).concat([Float64Array.of(0, 1)]);
  const fit = {
    ...stacked(rows),
    score: Float64Array.of(1, -2, 1, 0),
    slope: new Float64Array(4).fill(1),
    cluster: null,
    along: null,
  };
  expect(sandwich(basisOf(fit), "CR2").standardError([0, 1])).toBeNull();
  expect(sandwich(basisOf(fit), "CR2").standardError([1, 0])?.degreesOfFreedom).toBeCloseTo(2, 12);
  const same = rows.map((row) => Float64Array.of(row[0] ?? 0, 2 * (row[0] ?? 0)));
  expect(orthogonalise({ ...fit, ...stacked(same) })).toBeNull();
});
