// Simulated noise has the size, the growth along x, the run effect and the tails that were asked for.
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { type Noise, simulate } from "../../src/compare/simulate.js";

const LAW = { limit: 2, coefficient: 0, exponent: 1 };
const HORIZONS = [1e6, 1e7, 1e8];

/** Deviations from the law, by horizon (rows) and seed (columns). */
function deviations(noise: Noise, seeds: number): number[][] {
  const [scheme] = simulate([LAW], noise, { horizons: HORIZONS, seeds }, random(1));
  return HORIZONS.map((_, h) =>
    Array.from({ length: seeds }, (__, s) => (scheme?.loss[h * seeds + s] ?? 0) - LAW.limit),
  );
}

const root = (values: readonly number[]) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
const EVEN = { standardDeviation: 0.01, correlation: 0 };

test("noise grows by its factor over the range, with its size in the middle", () => {
  const sizes = deviations({ ...EVEN, along: { slope: Math.log(16) / Math.log(100), centre: 1e7 } }, 4000).map(root);
  // Standard deviations of 4000 draws are known to 1.1%.
  for (const [k, size] of [0.0025, 0.01, 0.04].entries()) expect((sizes[k] ?? 0) / size).toBeCloseTo(1, 1.2);
});

test("a run's horizons share its effect, and its run key", () => {
  const [a = [], b = []] = deviations({ ...EVEN, runEffect: 0.03 }, 4000);
  const covariance = a.reduce((sum, value, s) => sum + value * (b[s] ?? 0), 0) / a.length;
  expect(covariance / 0.03 ** 2).toBeCloseTo(1, 0.9);
  const [scheme] = simulate([LAW], { ...EVEN, runEffect: 0.03 }, { horizons: HORIZONS, seeds: 2 }, random(1));
  expect(new Set(scheme?.run).size).toBe(2);
  const [alone] = simulate([LAW], EVEN, { horizons: HORIZONS, seeds: 2 }, random(1));
  expect(new Set(alone?.run).size).toBe(6);
});

test("tails: a half beyond .765, a twentieth beyond 3.182 for t with 3 degrees; 1 in 20 tenfold outliers", () => {
  const beyond = (tails: "t3" | "outliers", size: number) => {
    const all = deviations({ ...EVEN, tails }, 8000).flat();
    return all.filter((value) => Math.abs(value) > size * 0.01).length / all.length;
  };
  expect(beyond("t3", 0.7649)).toBeCloseTo(0.5, 1.7);
  expect(beyond("t3", 3.1824)).toBeCloseTo(0.05, 2.2);
  // P(|10z| > 4) = .6892 in one draw of twenty, and hardly any of the others.
  expect(beyond("outliers", 4)).toBeCloseTo(0.05 * 0.6892, 2.2);
});
