// Planning: promised half-widths against the spread of estimates, and the search for the cheapest plan.
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { cheapestDesign, evaluateDesign, planCost, studyFromCurves } from "../../src/compare/design.js";
import { logHorizons, type Noise, simulate } from "../../src/compare/simulate.js";
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

test("noise that changes along x, and what a run's points share, are read off curves too", () => {
  const many = { horizons: logHorizons(1e6, 1e9, 10), seeds: 30 };
  const along = { slope: 0.3, centre: 10 ** 7.5 };
  const grown = studyFromCurves(simulate([baseline, lower], { ...noise, along }, many, random(5)));
  expect(grown.noise.along?.slope).toBeCloseTo(0.3, 1);
  expect(grown.noise.standardDeviation / 0.003).toBeCloseTo(1, 0.9);
  const shared = { standardDeviation: 0.003, correlation: 0, runEffect: 0.005 };
  const run = studyFromCurves(simulate([baseline, lower], shared, { ...many, seeds: 150 }, random(6)));
  expect((run.noise.runEffect ?? 0) / 0.005).toBeCloseTo(1, 0.9);
  expect(run.noise.standardDeviation / 0.003).toBeCloseTo(1, 0.9);
  // The same power costs more where the noise grows towards the limit.
  const half = (of: Noise) => evaluateDesign([baseline, lower], of, plan, { simulations: 30 }).halfWidth.limit ?? 0;
  expect(half({ ...noise, along: { slope: 0.3, centre: 10 ** 7.5 } })).toBeGreaterThan(1.3 * half(noise));
});

test("plans that cannot work are refused with the remedy", () => {
  expect(() => evaluateDesign([baseline], noise, plan)).toThrow(/two schemes/);
  expect(() => evaluateDesign([baseline, lower], noise, { horizons: [1e6, 1e7, 1e8], seeds: 1 })).toThrow(
    /add horizons/,
  );
});
