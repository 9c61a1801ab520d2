// The mean, its standard error and the jackknife, against Student's own example.
import { expect, test } from "vitest";
import { studentTwoSided } from "../../src/base/distributions.js";
import { mean, standardErrorOfMean } from "../../src/base/mean.js";
import { jackknife } from "../../src/fractal/jackknife.js";

/** Student (1908), hours of sleep gained by ten patients; R: t.test(extra ~ group, sleep, paired). */
const SLEEP = [1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4];
const [LOWER, UPPER] = [0.7001142, 2.4598858];

test("mean and standard error give the t and the interval of Student's paired example", () => {
  expect(mean(SLEEP)).toBeCloseTo(1.58, 12);
  expect(mean(SLEEP) / standardErrorOfMean(SLEEP)).toBeCloseTo(4.0621, 4);
  const half = studentTwoSided(0.95, 9) * standardErrorOfMean(Float64Array.from(SLEEP));
  expect(mean(SLEEP) - half).toBeCloseTo(LOWER, 6);
  expect(mean(SLEEP) + half).toBeCloseTo(UPPER, 6);
});

test("the jackknife of a mean is its t interval", () => {
  const without = SLEEP.map((_, i) => mean(SLEEP.filter((_, j) => j !== i)));
  const { lower, upper } = jackknife(mean(SLEEP), without, 0.95);
  expect(lower).toBeCloseTo(LOWER, 6);
  expect(upper).toBeCloseTo(UPPER, 6);
});

test("nothing has no mean, one value no standard error", () => {
  expect(mean([])).toBeNaN();
  expect(standardErrorOfMean([1])).toBeNaN();
});
