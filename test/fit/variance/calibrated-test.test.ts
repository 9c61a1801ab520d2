// The joint test: the classical F where noise has nowhere to change, Hotelling's T² of pairs, and its size in simulation.
import { expect, test } from "vitest";
import { fTail } from "../../../src/base/distributions.js";
import { random } from "../../../src/base/random.js";
import { calibratedTests } from "../../../src/fit/variance/calibrated-test.js";
import type { Linearization } from "../../../src/fit/variance/linearization.js";
import { basisOf, stacked } from "./by-hand.js";

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Groups with a mean each; noise may change from group to group; clusters by place. */
function groups(values: readonly (readonly number[])[], paired: boolean, changing: boolean): Linearization {
  const points = values.flatMap((own, g) => own.map((value, i) => ({ g, i, score: value - mean(own) })));
  return {
    ...stacked(points.map(({ g }) => values.map((_, k) => (k === g ? 1 : 0)))),
    score: Float64Array.from(points, ({ score }) => score),
    slope: new Float64Array(points.length).fill(1),
    cluster: paired ? Int32Array.from(points, ({ i }) => i) : null,
    along: changing ? Float64Array.from(points, ({ g }) => g) : null,
  };
}

/** F of one mean for all against a mean for each. */
function classical(values: readonly (readonly number[])[]): number {
  const all = mean(values.flat());
  const within = values.reduce((sum, own) => sum + own.reduce((s, value) => s + (value - mean(own)) ** 2, 0), 0);
  const between = values.reduce((sum, own) => sum + own.length * (mean(own) - all) ** 2, 0);
  return between / (values.length - 1) / (within / (values.flat().length - values.length));
}

function tested(values: readonly (readonly number[])[], paired: boolean, changing: boolean) {
  const contrasts = values.slice(1).map((_, k) => values.map((__, j) => (j === 0 ? -1 : j === k + 1 ? 1 : 0)));
  const differences = values.slice(1).map((own) => mean(own) - mean(values[0] ?? []));
  return (
    calibratedTests(basisOf(groups(values, paired, changing)))?.(contrasts, differences, classical(values)) ?? null
  );
}

test("noise that has nowhere to change: one-way analysis of variance", () => {
  const values = [
    [1, 3, 5, 7, 9],
    [2, 4, 4, 2, 8],
    [6, 9, 7, 8, 11],
  ];
  const found = tested(values, false, false);
  expect(found).toMatchObject({ numeratorDf: 2 });
  expect(found?.fStatistic).toBeCloseTo(classical(values), 10);
  expect(found?.denominatorDf).toBeCloseTo(12, 5);
  expect(found?.pValue).toBeCloseTo(fTail(classical(values), 2, 12), 8);
});

test("rejects a true hypothesis in 1 of 20: unlike noise in the groups, and noise that pairs share", () => {
  const stream = random(3);
  const normals = (size: number) => Array.from({ length: 12 }, () => size * stream.normal());
  let [unlike, shared, plain] = [0, 0, 0];
  for (let i = 0; i < 400; i++) {
    const grown = [normals(1), normals(3), normals(9)];
    if ((tested(grown, false, true)?.pValue ?? 1) < 0.05) unlike++;
    if (fTail(classical(grown), 2, 33) < 0.05) plain++;
    const common = normals(2);
    const pairs = [normals(1), normals(1), normals(1)].map((own) => own.map((value, k) => value + (common[k] ?? 0)));
    if ((tested(pairs, true, false)?.pValue ?? 1) < 0.05) shared++;
  }
  // Four standard deviations of Binomial(400, .05) are 17.4.
  expect(Math.abs(shared - 20)).toBeLessThan(17.4);
  expect(Math.abs(unlike - 20)).toBeLessThan(17.4);
  expect(plain).toBeGreaterThan(20);
});
