// The robust standard error and its degrees of freedom where theory gives both: differences of two means.
import { expect, test } from "vitest";
import type { FreeFits } from "../../src/compare/ladders.js";
import { robustDifference } from "../../src/compare/robust.js";
import type { Spread } from "../../src/compare/spread.js";

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
  const robust = robustDifference(free, samples.map(meanOf), [0, 1], unit);
  const gradient = [1, 0, 0, -1, 0, 0];
  return { error: robust?.standardError(gradient), df: robust?.degreesOfFreedom(gradient) };
}

test("independent samples: Welch's standard error and the degrees of freedom that Imbens & Kolesár (2016) give", () => {
  const [m, n] = [5, 4];
  const { error, df } = difference([FIRST, SECOND.slice(0, n)], "point");
  expect(error).toBeCloseTo(Math.sqrt(10 / m + 4 / 3 / n), 12);
  expect(df).toBeCloseTo((1 / m + 1 / n) ** 2 / (1 / (m ** 2 * (m - 1)) + 1 / (n ** 2 * (n - 1))), 12);
});

test("pairs: the paired t test, n − 1 degrees of freedom", () => {
  const { error, df } = difference([FIRST, SECOND], "pair");
  // Differences −1, −1, 1, 5, 1: mean 1, squares about it 4 + 4 + 0 + 16 + 0 = 24.
  expect(error).toBeCloseTo(Math.sqrt(24 / (5 * 4)), 12);
  expect(df).toBeCloseTo(4, 12);
});
