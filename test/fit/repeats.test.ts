// Least squares of all points and of their means at distinct x: one sum of squares, whatever the parameters.
import { expect, test } from "vitest";
import { makeProblem } from "../../src/fit/problem/columns.js";
import { cost } from "../../src/fit/problem/problem.js";
import { mergeRepeats } from "../../src/fit/problem/repeats.js";
import { DEFAULT_FIT_OPTIONS } from "../../src/fit/record.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";
import { points } from "./points.js";

test.each([
  ["log", true],
  ["log", false],
  ["linear", true],
  ["linear", false],
] as const)("%s, weighted %s, two groups", (space, weighted) => {
  const first = points([[1, 10, 1, 100, 10, 1]], [3, 2.5, 3.2, 2.1, 2.4, 2.9]);
  const second = points([[1, 10, 100, 100]], [3.1, 2.6, 2.2, 2.3]);
  const groups = [first, second].map((group, g) => ({
    ...group,
    group: { scheme: String(g) },
    standardError: group.loss.map((_, i) => 0.1 / (1 + (i % 3))),
  }));
  const problem = makeProblem(
    powerLawWithLimit,
    groups,
    { ...DEFAULT_FIT_OPTIONS, space, weighted },
    {
      share: ["limit"],
      by: {},
    },
  );
  const merged = mergeRepeats(problem)(problem.observed);
  expect([problem.points, merged.problem.points]).toEqual([10, 6]);
  for (const free of [Float64Array.of(1, 0.3, 1.2, 0.2, 1.7), Float64Array.of(0.8, 0.5, 1, 0.1, 2)]) {
    const whole = cost(problem, free, new Float64Array(10));
    expect(cost(merged.problem, free, new Float64Array(6)) + merged.within).toBeCloseTo(whole, 10);
  }
});
