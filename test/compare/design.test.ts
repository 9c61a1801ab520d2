// Planning: promised half-widths against the spread of estimates, and the search for the cheapest plan.
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { cheapestDesign, evaluateDesign, planCost, studyFromCurves } from "../../src/compare/design.js";
import { logHorizons, simulate } from "../../src/compare/simulate.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";

const baseline = { limit: 2.2, coefficient: 60, exponent: 0.25 };
const lower = { ...baseline, limit: 2.1 };
const noise = { standardDeviation: 0.003, correlation: 0.5 };
const plan = { horizons: logHorizons(1e6, 1e9, 8), seeds: 3 };

test("horizons are evenly spaced in log x", () => {
  expect(logHorizons(1, 100, 3).map((x) => Number(x.toFixed(9)))).toEqual([1, 10, 100]);
});

test("half-widths are t times the spread that estimates show", () => {
  const outcome = evaluateDesign([baseline, lower], noise, plan, { simulations: 60 });
  const stream = random(3);
  const limits = Array.from({ length: 400 }, () => {
    const [data] = simulate([baseline], noise, plan, stream);
    if (data === undefined) throw new Error("one law has one set of points");
    return fitLaw(powerLawWithLimit, data, { interval: "delta" }).parameters.limit?.estimate ?? 0;
  });
  const mean = limits.reduce((a, b) => a + b, 0) / limits.length;
  const spread = Math.sqrt(limits.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (limits.length - 1));
  // t(.975, 21) = 2.080 from tables; the spread of 400 estimates is known to 3.5%.
  expect((outcome.halfWidth.limit ?? 0) / (2.08 * spread)).toBeGreaterThan(0.86);
  expect((outcome.halfWidth.limit ?? 0) / (2.08 * spread)).toBeLessThan(1.14);
});

test("power is high where the effect is large against the half-width, and undefined where laws are equal", () => {
  const options = { simulations: 60 };
  expect(evaluateDesign([baseline, lower], noise, plan, options)).toMatchObject({ truth: "limit" });
  expect(evaluateDesign([baseline, lower], noise, plan, options).power).toBeGreaterThan(0.9);
  const equal = evaluateDesign([baseline, baseline], noise, plan, options);
  expect(equal.power).toBeNull();
  expect(equal.falseAttribution).toBeLessThan(0.15);
});

test("the cheapest plan reaches the power and everything cheaper that was tried does not", () => {
  const plans = [
    { horizons: logHorizons(1e6, 1e7, 4), seeds: 1 },
    { horizons: logHorizons(1e6, 1e9, 8), seeds: 3 },
    { horizons: logHorizons(1e6, 8e9, 12), seeds: 5 },
  ];
  const { cheapest, tried } = cheapestDesign([baseline, lower], noise, plans, 0.8, {
    simulations: 40,
  });
  expect(cheapest?.cost).toBeCloseTo(planCost(plan, 2), 0);
  expect(tried).toHaveLength(2);
  expect(tried[0]?.power).toBeLessThan(0.8);
});

test("law and noise are read off curves", () => {
  const many = { horizons: logHorizons(1e6, 1e9, 20), seeds: 20 };
  const found = studyFromCurves(simulate([baseline, lower, baseline], noise, many, random(4)));
  expect(found.baseline.exponent).toBeCloseTo(0.25, 2);
  expect(found.baseline.limit).toBeCloseTo(2.2, 2);
  expect(found.noise.standardDeviation / 0.003).toBeCloseTo(1, 1);
  expect(found.noise.correlation).toBeCloseTo(0.5, 1);
});

test("plans that cannot work are refused with the remedy", () => {
  expect(() => evaluateDesign([baseline], noise, plan)).toThrow(/two schemes/);
  expect(() => evaluateDesign([baseline, lower], noise, { horizons: [1e6, 1e7, 1e8], seeds: 1 })).toThrow(
    /add horizons/,
  );
});
