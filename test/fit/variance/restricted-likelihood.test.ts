// Many groups side by side: the likelihood that keeps them apart is that of the whole matrix, however clusters lie.
import { determinant, inverse, Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { restrictedLikelihood } from "../../../src/fit/variance/restricted-likelihood.js";
import { basisOf, stacked } from "./by-hand.js";

const GROUPS = 5;
const POINTS = 7;
const N = GROUPS * POINTS;

describe.each([
  ["across the groups", (_: number, i: number) => i],
  ["within them", (g: number, i: number) => 10 * g + (i % 3)],
  ["both", (g: number, i: number) => (i < 3 ? i : 10 * g + 10 + (i % 2))],
  ["none", null],
])("clusters %s", (kind, clusterOf) => {
  const stream = random(11);
  const points = Array.from({ length: N }, (_, n) => ({ g: Math.floor(n / POINTS), i: n % POINTS }));
  // Two parameters a group.
  const rows = points.map(({ g, i }) =>
    Array.from({ length: 2 * GROUPS }, (_, k) => (k === 2 * g ? 1 : k === 2 * g + 1 ? i + stream.normal() : 0)),
  );
  const slope = Float64Array.from(points, ({ i }) => 1 - 0.1 * (i % 3));
  const score = Float64Array.from(points, () => stream.normal());
  const cluster = clusterOf && Int32Array.from(points, ({ g, i }) => clusterOf(g, i));
  const basis = basisOf({ ...stacked(rows), score, slope, cluster, along: null });
  const along = Float64Array.from(points, ({ i }) => (i - 3) / POINTS);

  /** ½·[−log|Ω| − log|XᵀΩ⁻¹X| − (n−p)·log Q] and Q/(n − p), from whole matrices. */
  function dense(steepness: number, share: number) {
    const size = (i: number) => Math.exp((steepness * (along[i] ?? 0)) / 2);
    const omega = new Matrix(
      points.map((_, i) =>
        points.map((__, j) => {
          const common = i === j ? 1 : cluster !== null && cluster[i] === cluster[j] ? share : 0;
          return common * size(i) * size(j);
        }),
      ),
    );
    const X = Matrix.diag([...slope]).mmul(new Matrix(rows));
    const precision = inverse(omega);
    const information = X.transpose().mmul(precision).mmul(X);
    const e = Matrix.columnVector([...score]);
    const left = Matrix.sub(e, X.mmul(inverse(information)).mmul(X.transpose()).mmul(precision).mmul(e));
    const q = left.transpose().mmul(precision).mmul(left).get(0, 0);
    const df = N - 2 * GROUPS;
    const log = -0.5 * (Math.log(determinant(omega)) + Math.log(determinant(information)) + df * Math.log(q));
    return { log, variance: q / df };
  }

  test("the same numbers as over the whole matrix", () => {
    expect(basis.parts).toHaveLength(GROUPS);
    const likelihood = restrictedLikelihood(basis, along);
    const shares = kind === "none" ? [0] : [-0.1, 0, 0.3, 0.95];
    // The coordinates of the basis add a constant to the log likelihood.
    const constant = (likelihood(0, [0])[0]?.log ?? Number.NaN) - dense(0, 0).log;
    for (const steepness of [-3, 0, 2.5]) {
      likelihood(steepness, shares).forEach(({ share, variance, log }) => {
        const wanted = dense(steepness, share);
        expect(variance / wanted.variance).toBeCloseTo(1, 9);
        expect(log - constant).toBeCloseTo(wanted.log, 8);
      });
    }
  });
});
