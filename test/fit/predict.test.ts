// Predictions against R's predict.lm, against the closed formula of a line, and against new runs drawn from the truth.
import { describe, expect, test } from "vitest";
import { studentTwoSided } from "../../src/base/distributions.js";
import { InputError } from "../../src/base/errors.js";
import { random } from "../../src/base/random.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import { predict } from "../../src/fit/predict.js";
import type { Interval } from "../../src/fit/record.js";
import { lawByName } from "../../src/law/catalogue.js";
import { powerLaw, powerLawWithLimit } from "../../src/law/power-law.js";
import { drawn, points, spread } from "./points.js";

// Stopping distances of cars (Ezekiel 1930), the data set `cars` of R.
const SPEED =
  "4 4 7 7 8 9 10 10 10 11 11 12 12 12 12 13 13 13 13 14 14 14 14 15 15 15 16 16 17 17 17 18 18 18 18 19 19 19 20 20 20 20 20 22 23 24 24 24 24 25";
const DISTANCE =
  "2 10 4 22 16 10 18 26 34 17 28 14 20 24 28 26 34 34 46 26 36 60 80 20 26 54 32 40 32 40 50 42 56 76 84 36 46 68 32 48 52 56 64 66 54 70 92 93 120 85";
const numbers = (text: string) => text.split(" ").map(Number);

describe("a straight line through `cars`", () => {
  const line = lawByName("a + b*speed", ["speed"]);
  const cars = points([numbers(SPEED)], numbers(DISTANCE));
  const fitted = fitLaw(line, cars, { space: "linear", interval: "profile" });
  const predictions = predict(line, fitted, [[12, 19, 24]]);
  const shown = (interval: Interval | null) => [interval?.lower, interval?.upper].map((v) => v?.toPrecision(3));

  test("as predict(lm(dist ~ speed, cars), …) of R prints it", () => {
    expect(predictions.map(({ loss }) => loss.toPrecision(3))).toEqual(["29.6", "57.1", "76.8"]);
    expect(predictions.map(({ curve }) => shown(curve))).toEqual([
      ["24.4", "34.8"],
      ["51.8", "62.4"],
      ["68.4", "85.2"],
    ]);
    expect(predictions.map(({ newRun }) => shown(newRun))).toEqual([
      ["-1.75", "61.0"],
      ["25.8", "88.5"],
      ["44.8", "109"],
    ]);
  });

  test("as the closed formula has it: s²(1/n + (x − x̄)²/Sxx), and s² more for a new one", () => {
    const x = numbers(SPEED);
    const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
    const sxx = x.reduce((sum, v) => sum + (v - mean) ** 2, 0);
    const s = fitted.residualScale ?? Number.NaN;
    for (const { x: at, loss, standardError, newRun } of predictions) {
      const share = 1 / x.length + ((at[0] ?? 0) - mean) ** 2 / sxx;
      expect(standardError).toBeCloseTo(s * Math.sqrt(share), 9);
      expect((newRun?.upper ?? 0) - loss).toBeCloseTo(studentTwoSided(0.95, 48) * s * Math.sqrt(1 + share), 9);
    }
  });
});

test("tied parameters move together", () => {
  const tied = lawByName("a*x + b*x", ["x"]);
  const slope = lawByName("a*x", ["x"]);
  const data = points([[1, 2, 3, 4, 5]], [1.1, 1.9, 3.2, 3.9, 5.1]);
  const [two] = predict(tied, fitLaw(tied, data, { space: "linear", tied: [["a", "b"]] }), [[7]]);
  const [one] = predict(slope, fitLaw(slope, data, { space: "linear" }), [[7]]);
  expect(two?.loss).toBeCloseTo(one?.loss ?? 0, 10);
  expect(two?.standardError).toBeCloseTo(one?.standardError ?? 0, 10);
});

test("curve and new run cover at 95% within the data and a decade beyond", () => {
  const stream = random(5).split("new run");
  const [within, beyond] = [1e8, 1e10].map(() => ({ curve: 0, newRun: 0 }));
  for (let seed = 0; seed < 500; seed++) {
    const data = drawn(powerLawWithLimit, [1.8, 300, 0.3], [spread(1e7, 1e9, 12)], 0.003, seed);
    const fitted = fitLaw(powerLawWithLimit, data, { interval: "delta" });
    predict(powerLawWithLimit, fitted, [[1e8, 1e10]]).forEach(({ x, curve, newRun }, i) => {
      const truth = powerLawWithLimit.value([1.8, 300, 0.3], x);
      const inside = (value: number, interval: Interval | null) =>
        Number(value >= (interval?.lower ?? Number.NaN) && value <= (interval?.upper ?? Number.NaN));
      const hits = i === 0 ? within : beyond;
      if (hits === undefined) return;
      hits.curve += inside(truth, curve);
      hits.newRun += inside(truth * Math.exp(0.003 * stream.normal()), newRun);
    });
  }
  // Three standard deviations of a count of 500 at 95%.
  for (const hits of [within, beyond].flatMap((counts) => Object.values(counts ?? { none: 0 }))) {
    expect(hits).toBeGreaterThan(460);
    expect(hits).toBeLessThan(490);
  }
});

test("the states of the noise in the record: weights sum to 1, and an error from them is that of the whole posterior", () => {
  for (const seed of [1, 2, 3, 4]) {
    const data = drawn(powerLawWithLimit, [1.8, 300, 0.3], [spread(1e7, 1e9, 18)], 0.003, seed);
    const grown = { ...data, loss: data.loss.map((loss, i) => loss * (1 + 0.002 * (i % 2 === 0 ? i : -i) * 0.1)) };
    const fitted = fitLaw(powerLawWithLimit, grown);
    const states = fitted.noise?.states ?? [];
    expect(states.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
    // At x so large that only the limit is left, the curve's error is the limit's: which the posterior gave itself.
    const [far] = predict(powerLawWithLimit, fitted, [[1e60]]);
    const { standardError } = fitted.parameters.limit ?? { standardError: null };
    expect((far?.standardError ?? 0) / (standardError ?? 1)).toBeGreaterThan(0.98);
    expect((far?.standardError ?? 0) / (standardError ?? 1)).toBeLessThan(1.02);
    expect(predict(powerLawWithLimit, JSON.parse(JSON.stringify(fitted)), [[1e60]])).toEqual([far]);
  }
});

test("what cannot be said is null, and what makes no sense is refused in one line", () => {
  const exact = fitLaw(powerLawWithLimit, points([[1e6, 1e7, 1e8]], [4, 3, 2.5]));
  expect(predict(powerLawWithLimit, exact, [[1e9]])[0]).toMatchObject({
    standardError: null,
    curve: null,
    newRun: null,
  });
  const data = drawn(powerLawWithLimit, [1.8, 300, 0.3], [spread(1e7, 1e9, 8)], 0.003, 1);
  const weighted = fitLaw(powerLawWithLimit, { ...data, standardError: data.loss.map(() => 0.01) }, { weighted: true });
  const [one] = predict(powerLawWithLimit, weighted, [[1e9]]);
  expect(one?.curve).not.toBeNull();
  expect(one?.newRun).toBeNull();
  expect(() => predict(powerLaw, weighted, [[1e9]])).toThrow(InputError);
  expect(() => predict(powerLawWithLimit, weighted, [[1e9], [1]])).toThrow(/^predict: .*; give a value of each/);
});
