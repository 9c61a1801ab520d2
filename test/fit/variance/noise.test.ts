// The model of the noise: likelihoods from whole matrices, and the cases that theory knows: equal noise, two groups of
// unlike noise (Welch), runs with an offset each (one-way analysis of variance), pairs.
import { determinant, inverse, Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import type { Linearization } from "../../../src/fit/variance/linearization.js";
import { noise } from "../../../src/fit/variance/noise.js";
import { noiseTrend } from "../../../src/fit/variance/noise-trend.js";
import { restrictedLikelihood } from "../../../src/fit/variance/restricted-likelihood.js";
import { standardErrors } from "../../../src/fit/variance/standard-errors.js";
import { logVarianceDegrees, logVarianceMean, logVarianceSpread } from "../../../src/fit/variance/variance-of-log.js";
import { basisOf, stacked } from "./by-hand.js";

test("mean and spread of a log variance: ψ(½) = −γ − 2 ln 2, ψ(1) = −γ, ψ′(½) = π²/2, ψ′(1) = π²/6", () => {
  const gamma = 0.5772156649015329;
  expect(logVarianceMean(1)).toBeCloseTo(Math.log(0.5) + gamma + 2 * Math.LN2, 12);
  expect(logVarianceMean(2)).toBeCloseTo(gamma, 12);
  expect(logVarianceSpread(1)).toBeCloseTo(Math.PI ** 2 / 2, 12);
  expect(logVarianceSpread(2)).toBeCloseTo(Math.PI ** 2 / 6, 12);
  for (const df of [0.5, 3, 40.25]) expect(logVarianceDegrees(logVarianceSpread(df)) / df).toBeCloseTo(1, 8);
});

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const squares = (values: readonly number[]) => values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0);

/** Groups of values, one mean each; `cluster` and `along` by group and place. */
function means(
  groups: readonly (readonly number[])[],
  cluster: ((g: number, i: number) => number) | null,
  along: ((g: number, i: number) => number) | null,
): Linearization {
  const points = groups.flatMap((values, g) => values.map((value, i) => ({ g, i, score: value - mean(values) })));
  return {
    ...stacked(points.map(({ g }) => groups.map((_, k) => (k === g ? 1 : 0)))),
    score: Float64Array.from(points, ({ score }) => score),
    slope: new Float64Array(points.length).fill(1),
    cluster: cluster && Int32Array.from(points, ({ g, i }) => cluster(g, i)),
    along: along && Float64Array.from(points, ({ g, i }) => along(g, i)),
  };
}

const normals = (seed: number, count: number, size: number) => {
  const stream = random(seed);
  return Array.from({ length: count }, () => size * stream.normal());
};

test("noise that has nowhere to change: s/√n with n − 1 degrees of freedom", () => {
  const values = [1, 3, 5, 7, 9];
  const error = noise(basisOf(means([values], null, null)))?.standardError([1]);
  expect(error?.value).toBeCloseTo(Math.sqrt(10 / 5), 10);
  expect(error?.degreesOfFreedom).toBeCloseTo(4, 6);
});

/** Points of `runs` runs along x: noise that grows, and an offset of each run that does not. */
function alongRuns(runs: number, each: number, growth: number, offset: number, skewed: boolean) {
  const places = Array.from({ length: each }, (_, i) => (i / (each - 1)) ** (skewed ? 4 : 1));
  const [own, shared] = [normals(runs * each, runs * each, 1), normals(runs, runs, offset)];
  const values = own.map((value, k) => {
    const u = places[k % each] ?? Number.NaN;
    return value * growth ** (u - 0.5) + (shared[Math.floor(k / each)] ?? Number.NaN);
  });
  const cluster = runs === 1 || each === 1 ? null : (_: number, k: number) => Math.floor(k / each);
  return basisOf(means([values], cluster, (_, k) => places[k % each] ?? Number.NaN));
}

test.each([
  { runs: 1, each: 8, growth: 1, offset: 0, skewed: false },
  { runs: 1, each: 8, growth: 60, offset: 0, skewed: true },
  { runs: 1, each: 16, growth: 8, offset: 0, skewed: false },
  { runs: 1, each: 24, growth: 8, offset: 0, skewed: true },
  { runs: 1, each: 400, growth: 3, offset: 0, skewed: false },
  { runs: 1, each: 400, growth: Math.exp(5.5), offset: 0, skewed: false },
  { runs: 1, each: 400, growth: Math.exp(9), offset: 0, skewed: false },
  { runs: 1, each: 3000, growth: Math.exp(-6.5), offset: 0, skewed: false },
  { runs: 3, each: 5, growth: 1, offset: 10, skewed: false },
  { runs: 4, each: 30, growth: 2, offset: 3, skewed: false },
  { runs: 4, each: 30, growth: 1, offset: 20, skewed: true },
  { runs: 12, each: 10, growth: 1, offset: 30, skewed: false },
])("the few slopes stand for all: as sums over 2,400 have it, %o", ({ runs, each, growth, offset, skewed }) => {
  const n = runs * each;
  const basis = alongRuns(runs, each, growth, offset, skewed);
  const model = noise(basis);
  const x = basis.along ?? new Float64Array(n);
  const along = x.map((value) => value - mean(Array.from(x)));
  const likelihood = restrictedLikelihood(basis, along);
  const shares = [...new Set(model?.candidates.map(({ share }) => share))];
  const normal = (slope: number) => Math.exp(-0.5 * (slope / 6) ** 2) / 6 / Math.sqrt(2 * Math.PI);
  const sums = (slope: number) => {
    const sized = along.map((u) => Math.exp((slope * u) / 2) / n);
    const clusters = basis.clusters ?? [];
    const total = (members: readonly number[]) => members.reduce((sum, i) => sum + (sized[i] ?? Number.NaN), 0);
    const own = sized.reduce((sum, v) => sum + v * v, 0);
    return { own, common: clusters.length === 0 ? own : clusters.reduce((sum, c) => sum + total(c) ** 2, 0) };
  };
  const at = (slope: number, prior: number) => {
    const { own, common } = sums(slope);
    return likelihood(slope, shares).map(({ share, variance, log }) => ({
      slope,
      likely: log + Math.log(prior),
      log: Math.log(variance * ((1 - share) * own + share * common)),
    }));
  };
  const steps = 2400;
  const middles = Array.from({ length: steps }, (_, k) => -12 + (24 * (k + 0.5)) / steps);
  const changing = middles.flatMap((slope) => at(slope, (normal(slope) * 24) / steps));
  const equal = at(0, 0.5 * Math.min(1, (n / 20) ** 2));
  const most = [...equal, ...changing].reduce((top, { likely }) => Math.max(top, likely), Number.NEGATIVE_INFINITY);
  const over = (of: (c: (typeof equal)[number]) => number, list = [...equal, ...changing]) =>
    list.reduce((sum, c) => sum + Math.exp(c.likely - most) * of(c), 0) /
    list.reduce((sum, c) => sum + Math.exp(c.likely - most), 0);
  const centre = over(({ log }) => log);
  const spread = over(({ log }) => (log - centre) ** 2);
  const error = model?.standardError([1]);
  const df = logVarianceDegrees(logVarianceSpread(n - 1) + spread);
  const off = (found: number, wanted: number) => Math.abs(found - wanted);
  expect(off((error?.degreesOfFreedom ?? 0) / df, 1)).toBeLessThan(0.01);
  const value = Math.exp((centre + logVarianceMean(n - 1) - logVarianceMean(df)) / 2);
  expect(off((error?.value ?? 0) / value, 1)).toBeLessThan(0.002);
  expect(model?.candidates.reduce((total, { weight }) => total + weight, 0)).toBeCloseTo(1, 12);
  const trend = noiseTrend(basis, model);
  expect(
    off(
      Math.log(trend?.ratio ?? 0),
      over(({ slope }) => slope / 2, changing),
    ),
  ).toBeLessThan(0.01);
  // Noise that grows more than the prior looks at: all that is left lies within a step of its end.
  if (Math.abs(Math.log(growth)) > 6) {
    for (const end of [trend?.lower, trend?.upper])
      expect(off(Math.log(end ?? Number.NaN), Math.log(trend?.ratio ?? 0))).toBeLessThan(0.1);
    return;
  }
  const below = (ratio: number) => over(({ slope }) => Number(slope <= 2 * Math.log(ratio)), changing);
  expect(off(below(trend?.lower ?? 0), 0.025)).toBeLessThan(0.012);
  expect(off(below(trend?.upper ?? 0), 0.975)).toBeLessThan(0.012);
});

test("two groups of unlike noise: Welch's error and degrees of freedom", () => {
  const [first, second] = [normals(1, 40, 1), normals(2, 40, 8)];
  const error = noise(basisOf(means([first, second], null, (g) => g)))?.standardError([1, -1]);
  const [v, w] = [squares(first) / 39 / 40, squares(second) / 39 / 40];
  expect((error?.value ?? 0) / Math.sqrt(v + w)).toBeCloseTo(1, 1.3);
  expect((error?.degreesOfFreedom ?? 0) / ((v + w) ** 2 / ((v * v + w * w) / 39))).toBeCloseTo(1, 0.8);
});

test("runs with an offset each: the error of a mean is that of the runs' means, with runs − 1 degrees of freedom", () => {
  const offsets = normals(3, 6, 5);
  const points = normals(4, 48, 1);
  const values = points.map((value, i) => value + (offsets[i % 6] ?? 0));
  const error = noise(basisOf(means([values], (_, i) => i % 6, null)))?.standardError([1]);
  const runs = offsets.map((_, k) => mean(values.filter((__, i) => i % 6 === k)));
  expect((error?.value ?? 0) / Math.sqrt(squares(runs) / 5 / 6)).toBeCloseTo(1, 1.3);
  expect(error?.degreesOfFreedom).toBeCloseTo(5, 0);
});

test("pairs that share their noise: the paired t test", () => {
  const [shared, own, other] = [normals(5, 30, 3), normals(6, 30, 1), normals(7, 30, 1)];
  const first = shared.map((value, i) => value + (own[i] ?? 0));
  const second = shared.map((value, i) => value + (other[i] ?? 0));
  const differences = first.map((value, i) => value - (second[i] ?? 0));
  const error = noise(basisOf(means([first, second], (_, i) => i, null)))?.standardError([1, -1]);
  expect((error?.value ?? 0) / Math.sqrt(squares(differences) / 29 / 30)).toBeCloseTo(1, 1.3);
  expect((error?.degreesOfFreedom ?? 0) / 29).toBeCloseTo(1, 0.8);
});

describe("a line in seven clusters whose noise grows", () => {
  const stream = random(8);
  const sizes = [4, 3, 3, 2, 2, 1, 1];
  const cluster = Int32Array.from(sizes.flatMap((size, k) => new Array<number>(size).fill(k)));
  const rows = Array.from(cluster, (_, i) => Float64Array.of(1, i));
  const J = new Matrix(rows.map((row) => [...row]));
  const raw = Matrix.columnVector(rows.map((_, i) => Math.exp(i / 8) * stream.normal()));
  const hat = J.mmul(inverse(J.transpose().mmul(J))).mmul(J.transpose());
  const score = Float64Array.from(Matrix.sub(raw, hat.mmul(raw)).to1DArray());
  const fit: Linearization = {
    ...stacked(rows),
    score,
    slope: new Float64Array(rows.length).fill(1),
    cluster,
    along: Float64Array.from(rows, (_, i) => i),
  };
  const n = rows.length;

  /** Restricted log likelihood and σ² from whole matrices (Patterson & Thompson 1971), and Var of the slope of the line. */
  function dense(slope: number, share: number) {
    const size = (i: number) => Math.exp((slope * (i / (n - 1) - 0.5)) / 2);
    const omega = new Matrix(
      rows.map((_, i) =>
        rows.map((__, j) => {
          const common = i === j ? 1 : cluster[i] === cluster[j] ? share : 0;
          return common * size(i) * size(j);
        }),
      ),
    );
    const precision = inverse(omega);
    const information = J.transpose().mmul(precision).mmul(J);
    const e = Matrix.columnVector([...score]);
    const fitted = J.mmul(inverse(information)).mmul(J.transpose()).mmul(precision).mmul(e);
    const left = Matrix.sub(e, fitted);
    const q = left.transpose().mmul(precision).mmul(left).get(0, 0);
    const a = Matrix.rowVector([0, 1])
      .mmul(inverse(J.transpose().mmul(J)))
      .mmul(J.transpose());
    return {
      log: -0.5 * (Math.log(determinant(omega)) + Math.log(determinant(information)) + (n - 2) * Math.log(q)),
      variance: q / (n - 2),
      error: (q / (n - 2)) * a.mmul(omega).mmul(a.transpose()).get(0, 0),
    };
  }

  test("candidates weigh as the likelihood from whole matrices says, times the normal prior of the slope", () => {
    const own = (noise(basisOf(fit))?.candidates ?? []).filter(({ slope }, k) => slope !== 0 && k % 7 === 0);
    expect(own.length).toBeGreaterThan(20);
    const prior = (slope: number) => -0.5 * (slope / 6) ** 2;
    const [first] = own;
    const reference = dense(first?.slope ?? 0, first?.share ?? 0).log + prior(first?.slope ?? 0);
    for (const { slope, share, weight, variance } of own) {
      const wanted = dense(slope, share);
      expect(variance / wanted.variance).toBeCloseTo(1, 8);
      expect(Math.log(weight / (first?.weight ?? 0))).toBeCloseTo(wanted.log + prior(slope) - reference, 7);
    }
  });

  test("the error's log mean over the posterior is that of the candidates' errors from whole matrices", () => {
    const model = noise(basisOf(fit));
    const error = model?.standardError([0, 1]);
    const logs = (model?.candidates ?? []).map(({ slope, share, weight }) => ({
      weight,
      log: Math.log(dense(slope, share).error),
    }));
    const centre = logs.reduce((sum, { weight, log }) => sum + weight * log, 0);
    const df = error?.degreesOfFreedom ?? Number.NaN;
    expect(2 * Math.log(error?.value ?? 0)).toBeCloseTo(centre + logVarianceMean(n - 2) - logVarianceMean(df), 6);
    const spread = logs.reduce((sum, { weight, log }) => sum + weight * (log - centre) ** 2, 0);
    expect(logVarianceSpread(df)).toBeCloseTo(logVarianceSpread(n - 2) + spread, 6);
  });
});

test("the sandwich takes over where the residuals contradict a noise that grows or falls along x, and only there", () => {
  const x = Array.from({ length: 200 }, (_, i) => i / 199);
  const stream = random(9);
  const sized = (size: (u: number) => number) => {
    const values = x.map((u) => size(u) * stream.normal());
    return standardErrors(basisOf(means([values], null, (_, i) => i)))?.of([1])?.source;
  };
  expect(sized((u) => 8 ** u)).toBe("noise model");
  expect(sized(() => 1)).toBe("noise model");
  // The mean leans on the middle as much as on the ends: a mean of 0/1 signals at places where noise is large.
  const values = x.map((u) => (Math.abs(u - 0.5) < 0.05 ? 20 : 1) * stream.normal());
  const middle = x.map((u) => (Math.abs(u - 0.5) < 0.05 ? 1 : 0));
  const both = means([values], null, (_, i) => i);
  const fit: Linearization = { ...both, ...stacked(middle.map((inside) => [inside, 1 - inside])) };
  const error = standardErrors(basisOf(fit))?.of([1, 0]);
  expect(error?.source).toBe("sandwich");
  const inside = values.filter((_, i) => middle[i] === 1);
  expect((error?.value ?? 0) / Math.sqrt(squares(inside) / inside.length / (inside.length - 1))).toBeCloseTo(1, 0.8);
});

test("one run, or one a group, says nothing of its own offset: no error", () => {
  const values = normals(10, 12, 1);
  expect(noise(basisOf(means([values], () => 0, null)))).toBeNull();
  expect(noise(basisOf(means([values, normals(11, 12, 1)], (g) => g, null)))).toBeNull();
  expect(noise(basisOf(means([values], (_, i) => i % 2, null)))?.standardError([1]).degreesOfFreedom).toBeLessThan(2);
});
