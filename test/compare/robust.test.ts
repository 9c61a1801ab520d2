// The robust standard error and its degrees of freedom: where theory gives both (two means), and from whole matrices.
import { inverse, Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { compare } from "../../src/compare/compare.js";
import { type FreeFits, fitFree, ladders } from "../../src/compare/ladders.js";
import { DIFFERENCE_OF, lossGradient, robustDifference } from "../../src/compare/robust.js";
import { type Spread, spreads } from "../../src/compare/spread.js";
import type { Observations } from "../../src/curve/observations.js";

// Two samples; mean 5 and variance 10 of the first, mean 3 and variance 4/3 of the second (its first four).
const FIRST = [1, 3, 5, 7, 9];
const SECOND = [2, 4, 4, 2, 8];

/** A "law" that is its limit alone: the mean of the losses. */
function meanOf(values: readonly number[]): Spread {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  return {
    variance: 1,
    degreesOfFreedom: n - 1,
    inverse: [
      [1 / n, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ],
    jacobian: values.map(() => [1, 0, 0]),
    leverage: new Float64Array(n).fill(1 / n),
    residual: Float64Array.from(values, (value) => value - mean),
  };
}

function difference(samples: readonly [readonly number[], readonly number[]], unit: "pair" | "point") {
  const free: FreeFits = {
    ladders: samples.map((values, s) => ({
      name: `${s}`,
      u: new Float64Array(values.length),
      loss: Float64Array.from(values),
      weight: new Float64Array(values.length).fill(1),
      pair: values.map((_, i) => `${i}`),
      run: null,
    })),
    origin: 0,
    space: "linear",
    huber: null,
    theta: new Float64Array(6),
    fits: [],
  };
  return robustDifference(free, samples.map(meanOf), [0, 1], unit)?.(DIFFERENCE_OF.limit);
}

test("independent samples: Welch's standard error and the degrees of freedom that Imbens & Kolesár (2016) give", () => {
  const [m, n] = [5, 4];
  const error = difference([FIRST, SECOND.slice(0, n)], "point");
  expect(error?.value).toBeCloseTo(Math.sqrt(10 / m + 4 / 3 / n), 12);
  expect(error?.df).toBeCloseTo((1 / m + 1 / n) ** 2 / (1 / (m ** 2 * (m - 1)) + 1 / (n ** 2 * (n - 1))), 12);
});

test("pairs: the paired t test, n − 1 degrees of freedom", () => {
  const error = difference([FIRST, SECOND], "pair");
  // Differences −1, −1, 1, 5, 1: mean 1, squares about it 4 + 4 + 0 + 16 + 0 = 24.
  expect(error?.value).toBeCloseTo(Math.sqrt(24 / (5 * 4)), 12);
  expect(error?.df).toBeCloseTo(4, 12);
});

/** Two schemes at 4 horizons with 3, 3, 2 and 1 seeds; the second lacks the first point of the first. */
function uneven() {
  const stream = random(7);
  const cells = [3, 3, 2, 1].flatMap((seeds, h) =>
    Array.from({ length: seeds }, (_, seed) => ({ x: 1e6 * 5 ** h, seed })),
  );
  const schemeOf = (name: string, from: number): Observations => {
    const own = cells.slice(from);
    return {
      group: { scheme: name },
      x: [Float64Array.from(own, ({ x }) => x)],
      loss: Float64Array.from(own, ({ x }) => 2 + 60 * x ** -0.25 + 0.01 * stream.normal()),
      standardError: Float64Array.from(own, ({ seed }) => 0.01 * (1 + seed)),
      run: own.map(({ x, seed }) => `${name}/${x}/${seed}`),
      pair: own.map(({ x, seed }) => `${x}/${seed}`),
      decayed: null,
      excluded: [],
    };
  };
  return [schemeOf("a", 0), schemeOf("b", 1)];
}

/** The same two numbers from whole matrices: residuals M·e, units' sums B·M·e with B from pulls over √(1 − h). */
function dense(free: FreeFits, gradient: readonly number[], keyOf: (pair: string, l: number) => string) {
  const jacobians = spreads(free).map(({ jacobian }) => jacobian);
  const points = free.ladders.flatMap((ladder, l) =>
    Array.from(ladder.u, (_, i) => {
      const root = Math.sqrt(ladder.weight[i] ?? 0);
      const row = [0, 0, 0, 0, 0, 0];
      jacobians[l]?.[i]?.forEach((value, p) => {
        row[3 * l + p] = root * value;
      });
      return { row, key: keyOf(ladder.pair?.[i] ?? "", l), residual: root * (spreads(free)[l]?.residual[i] ?? 0) };
    }),
  );
  const J = new Matrix(points.map(({ row }) => row));
  const bread = inverse(J.transpose().mmul(J));
  const M = Matrix.sub(Matrix.eye(points.length), J.mmul(bread).mmul(J.transpose()));
  const a = J.mmul(bread).mmul(Matrix.columnVector([...gradient]));
  const keys = [...new Set(points.map(({ key }) => key))];
  const B = new Matrix(keys.length, points.length);
  points.forEach(({ key }, i) => {
    B.set(keys.indexOf(key), i, a.get(i, 0) / Math.sqrt(M.get(i, i)));
  });
  const S = B.mmul(M).mmul(B.transpose());
  const sums = B.mmul(Matrix.columnVector(points.map(({ residual }) => residual)));
  const variance = a.transpose().mmul(a).get(0, 0);
  return {
    value: Math.sqrt((sums.transpose().mmul(sums).get(0, 0) * variance) / S.trace()),
    df: S.trace() ** 2 / S.mmul(S).trace(),
  };
}

describe("uneven seeds, weights, a missing key: the same from whole matrices", () => {
  const prepared = ladders(uneven(), true);
  const free = fitFree(prepared.ladders, prepared.origin, "log");
  test.each([
    ["pair", (pair: string) => pair],
    ["point", (pair: string, l: number) => `${l}/${pair}`],
  ] as const)("%s", (unit, keyOf) => {
    const robust = robustDifference(free, spreads(free), [0, 1], unit);
    for (const gradient of [DIFFERENCE_OF.limit, DIFFERENCE_OF.exponent, lossGradient(free.theta, [0, 3], [1, 2])]) {
      const found = robust?.(gradient);
      const wanted = dense(free, gradient, keyOf);
      expect((found?.value ?? 0) / wanted.value).toBeCloseTo(1, 8);
      expect((found?.df ?? 0) / wanted.df).toBeCloseTo(1, 8);
    }
  });
  test("units of several points", () => {
    const horizons = prepared.ladders.map((ladder) => ({
      ...ladder,
      pair: ladder.pair?.map((key) => key.split("/")[0] ?? "") ?? null,
    }));
    const coarse = { ...free, ladders: horizons };
    const found = robustDifference(coarse, spreads(coarse), [0, 1], "pair")?.(DIFFERENCE_OF.limit);
    const wanted = dense(coarse, DIFFERENCE_OF.limit, (pair) => pair);
    expect((found?.value ?? 0) / wanted.value).toBeCloseTo(1, 8);
    expect((found?.df ?? 0) / wanted.df).toBeCloseTo(1, 8);
  });
});

test("a loss that hangs on one point alone has no error, and three points a scheme have none at all", () => {
  const schemes = uneven().map((group) => ({ ...group, standardError: null, run: null, pair: null }));
  const only = (keep: (x: number, i: number, all: Float64Array) => boolean) =>
    schemes.map((group): Observations => {
      const x = group.x[0] ?? new Float64Array();
      const kept = (values: Float64Array) => values.filter((_, i) => keep(x[i] ?? 0, i, x));
      return { ...group, x: [kept(x)], loss: kept(group.loss) };
    });
  const rowsOf = (groups: readonly Observations[]) =>
    compare(groups, { baseline: "b", replicates: 100, testReplicates: 0 }).differences;
  const none = { interval: null, pValue: null };
  // Of the upper three horizons, the last with one seed: the fit goes through its point.
  const hanging = rowsOf(only((x) => x > 2e6));
  expect(hanging.find(({ quantity }) => quantity === "loss")).toMatchObject({ ...none, standardError: null });
  expect(hanging.find(({ quantity }) => quantity === "limit")?.interval).not.toBeNull();
  for (const row of rowsOf(only((x, i, all) => x > 2e6 && x !== all[i - 1]))) {
    expect(row).toMatchObject({ ...none, probabilityBetter: null });
  }
});
