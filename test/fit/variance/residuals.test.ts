// What residuals say beside their size: whether it changes along x (scipy 1.17: stats.linregress on |r|/√(1 − h)) and
// whether they keep a shape (numpy 2.4: least squares with the parabola in the law), and how often by chance.
import { expect, test } from "vitest";
import { fTail } from "../../../src/base/distributions.js";
import { random } from "../../../src/base/random.js";
import type { Linearization } from "../../../src/fit/variance/linearization.js";
import { noiseTrend } from "../../../src/fit/variance/noise-trend.js";
import { structure } from "../../../src/fit/variance/structure.js";
import { basisOf, stacked } from "./by-hand.js";

/** Least squares of a straight line through y at 0, 1, 2 … */
function line(y: readonly number[]): { fit: Linearization; predicted: Float64Array } {
  const middle = (y.length - 1) / 2;
  const mean = y.reduce((a, b) => a + b, 0) / y.length;
  const slope =
    y.reduce((sum, value, i) => sum + (i - middle) * value, 0) / y.reduce((sum, _, i) => sum + (i - middle) ** 2, 0);
  const predicted = Float64Array.from(y, (_, i) => mean + slope * (i - middle));
  return {
    predicted,
    fit: {
      ...stacked(y.map((_, i) => [1, i])),
      score: Float64Array.from(y, (value, i) => value - (predicted[i] ?? 0)),
      slope: new Float64Array(y.length).fill(1),
      cluster: null,
      along: Float64Array.from(y, (_, i) => i),
    },
  };
}

const ones = (n: number) => new Float64Array(n).fill(1);
const Y = [1.0, 1.2, 2.9, 2.5, 5.6, 3.8, 8.9, 4.1, 9.5, 12.2];

test("growing residuals: scipy's p-value, a ratio above 1, and weights that undo it", () => {
  const trend = noiseTrend(basisOf(line(Y).fit));
  expect(trend?.pValue).toBeCloseTo(0.07235479325433376, 8);
  expect(trend?.ratio).toBeGreaterThan(1);
  expect((trend?.weights[0] ?? 0) / (trend?.weights[9] ?? 0)).toBeCloseTo(trend?.ratio ?? 0, 10);
});

test("a known ratio lies within its bounds in 19 of 20 data sets, and equal noise is called unequal in 1 of 20", () => {
  const stream = random(1);
  let [inside, rejected] = [0, 0];
  for (let i = 0; i < 300; i++) {
    const grown = noiseTrend(basisOf(line(Array.from({ length: 24 }, (_, k) => 8 ** (k / 23) * stream.normal())).fit));
    if (grown !== null && grown.lower <= 8 && 8 <= grown.upper) inside++;
    const equal = noiseTrend(basisOf(line(Array.from({ length: 24 }, () => stream.normal())).fit));
    if (equal !== null && equal.pValue < 0.05) rejected++;
  }
  // Four standard deviations of Binomial(300, p) about 285 and 15.
  expect(Math.abs(inside - 285)).toBeLessThan(15.1);
  expect(Math.abs(rejected - 15)).toBeLessThan(15.1);
});

test("a parabola that the line lacks: its share of the range as numpy has it", () => {
  const { fit, predicted } = line(Y);
  expect(structure(basisOf(fit), predicted, ones(10), false)?.share).toBeCloseTo(0.06034263825134874, 10);
  // Under noise of one size: F of the orthogonal polynomial, (i − 4.5)² − 8.25, in a regression on it and the line.
  const polynomial = Y.map((_, i) => (i - 4.5) ** 2 - 8.25);
  const sum = (of: (i: number) => number) => Y.reduce((total, _, i) => total + of(i), 0);
  const explained = sum((i) => (polynomial[i] ?? 0) * (Y[i] ?? 0)) ** 2 / sum((i) => (polynomial[i] ?? 0) ** 2);
  const left = sum((i) => (fit.score[i] ?? 0) ** 2) - explained;
  expect(structure(basisOf(fit), predicted, ones(10), true)?.pValue).toBeCloseTo(
    fTail(explained / (left / 7), 1, 7),
    10,
  );
});

test("no shape is seen in 19 of 20 data sets without one, grown noise or not; a shape is", () => {
  const stream = random(2);
  let [equal, grown, seen] = [0, 0, 0];
  const found = (y: readonly number[]) => {
    const { fit, predicted } = line(y);
    return Number((structure(basisOf(fit), predicted, ones(y.length), false)?.pValue ?? 1) < 0.05);
  };
  for (let i = 0; i < 300; i++) {
    equal += found(Array.from({ length: 24 }, (_, k) => k + stream.normal()));
    grown += found(Array.from({ length: 24 }, (_, k) => k + 8 ** (k / 23) * stream.normal()));
    seen += found(Array.from({ length: 24 }, (_, k) => k + 0.03 * (k - 11.5) ** 2 + stream.normal()));
  }
  expect(Math.abs(equal - 15)).toBeLessThan(15.1);
  expect(Math.abs(grown - 15)).toBeLessThan(15.1);
  expect(seen).toBeGreaterThan(250);
});
