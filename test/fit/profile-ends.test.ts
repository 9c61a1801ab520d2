// Where a profile interval ends, the best fit with the parameter held there is as much worse as it may be, whichever valley
// that fit lies in. The held fits here are searched from everywhere, while the intervals walk.
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import type { Observations } from "../../src/curve/observations.js";
import { type Fitted, fitted } from "../../src/fit/fitted.js";
import { withHeld } from "../../src/fit/problem/problem.js";
import { profile } from "../../src/fit/profile/profile.js";
import { DEFAULT_FIT_OPTIONS, type Sharing } from "../../src/fit/record.js";
import { descend } from "../../src/fit/solve/descend.js";
import { projected, rankedStarts } from "../../src/fit/solve/starts.js";
import type { Law } from "../../src/law/law.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";
import { shiftedPowerLaw } from "../../src/law/shifted.js";
import { drawn, spread } from "./points.js";

const OPTIONS = { ...DEFAULT_FIT_OPTIONS, interval: "profile" } as const;

/** Root of the rise of the objective with parameter `index` held, in standard errors, by the best of many descents. */
function heldRoot({ problem, solution, doubt }: Fitted, index: number, value: number): number {
  const held = withHeld(problem, index)(value);
  const around = solution.free.filter((_, k) => k !== index);
  const stream = random(1);
  const scattered = Array.from({ length: 40 }, (_, i) =>
    around.map((v) => v * Math.exp(stream.normal() * (i % 3 === 0 ? 0.1 : 0.7))),
  );
  const starts = [
    around,
    ...(held.blocks.length === 1 ? rankedStarts(held).map(({ free }) => free) : []),
    ...scattered.flatMap((start) => [start, projected(held, Float64Array.from(start))]),
  ];
  const costs = starts.map(
    (start) => descend(held, start, held.loss, { iterations: 400, tolerance: 1e-13 })?.cost ?? Number.POSITIVE_INFINITY,
  );
  return Math.sqrt(Math.max(0, Math.min(...costs) - solution.cost) / doubt.unitRise);
}

/** Checks every end of every parameter; how many there were. */
function checkEnds(law: Law, groups: readonly Observations[], level = 0.95, sharing?: Sharing): number {
  const fit = fitted(law, groups, { ...OPTIONS, level }, sharing);
  let closed = 0;
  fit.intervals.forEach((interval, k) => {
    const critical = fit.criticals[k] ?? Number.NaN;
    for (const value of [interval?.lower ?? null, interval?.upper ?? null]) {
      if (value === null) continue;
      closed++;
      expect(Math.abs(heldRoot(fit, k, value) / critical - 1)).toBeLessThan(2e-5);
    }
    // Open below: at the bound the fit is still good enough.
    const bound = fit.problem.lower[k] ?? Number.NaN;
    if (interval?.lower === null && Number.isFinite(bound)) expect(heldRoot(fit, k, bound)).toBeLessThan(critical);
  });
  return closed;
}

// Of such ends, walks that keep to their valley have one in ten too early where the limit is hardly seen: a steep curve to a
// high limit and a flat one to none have the same coefficient. With less to go by, walks land in worse valleys: at an end the
// root leaps over the target, or another walk met a point beyond that fits better.
test.each([
  ["no limit, three decades", [0, 5.2, 0.0135], spread(1e5, 1e8, 20), 0.005, 0.95, 12, 55],
  ["no limit, one and a half", [0, 5.2, 0.0135], spread(1e5, 3e6, 20), 0.005, 0.95, 12, 55],
  ["no limit, eight points", [0, 12, 0.05], spread(1e6, 1e9, 8), 0.003, 0.95, 12, 55],
  ["a limit hardly seen", [0.5, 8, 0.06], spread(1e6, 1e10, 12), 0.005, 0.95, 12, 55],
  ["a limit", [1.8, 300, 0.3], spread(1e7, 1e10, 12), 0.005, 0.95, 12, 72],
  ["four points", [1.8, 30, 0.2], spread(1e6, 1e9, 4), 0.01, 0.95, 30, 140],
  ["five points, 99.9%", [0, 12, 0.05], spread(1e6, 1e9, 5), 0.005, 0.999, 20, 70],
  ["all noise", [3, 0, 0.2], spread(1e6, 1e9, 8), 0.01, 0.95, 30, 20],
] as const)("all ends of all parameters: %s", (_, theta, tokens, noise, level, seeds, least) => {
  let closed = 0;
  for (let seed = 0; seed < seeds; seed++) {
    closed += checkEnds(powerLawWithLimit, [drawn(powerLawWithLimit, theta, [tokens], noise, seed)], level);
  }
  expect(closed).toBeGreaterThanOrEqual(least);
});

test("a limit on its bound of 0 has an upper end", () => {
  let atBound = 0;
  for (let seed = 0; seed < 40; seed++) {
    const data = drawn(powerLawWithLimit, [0, 5.2, 0.0135], [spread(1e5, 3e6, 20)], 0.005, seed);
    const fit = fitted(powerLawWithLimit, [data], OPTIONS);
    const upper = fit.intervals[0]?.upper ?? null;
    if (fit.solution.status !== "at-bound" || upper === null) continue;
    atBound++;
    expect(heldRoot(fit, 0, upper)).toBeCloseTo(fit.criticals[0] ?? Number.NaN, 4);
  }
  expect(atBound).toBeGreaterThan(10);
});

test("groups that share an exponent have two valleys too", () => {
  let closed = 0;
  for (let seed = 0; seed < 5; seed++) {
    const groups = [0, 1, 2].map((g) => ({
      ...drawn(powerLawWithLimit, [0.5 + 0.2 * g, 8 + g, 0.06], [spread(1e6, 1e10, 8)], 0.005, 100 * seed + g),
      group: { scheme: String(g) },
    }));
    closed += checkEnds(powerLawWithLimit, groups, 0.95, { share: ["exponent"], by: {} });
  }
  expect(closed).toBeGreaterThan(55);
});

test("a parameter at 0 whose unit is a ten-billionth has its end", () => {
  let closed = 0;
  for (let seed = 0; seed < 8; seed++) {
    closed += checkEnds(shiftedPowerLaw, [
      drawn(shiftedPowerLaw, [5.2, 0, 0.03], [spread(1e6, 1e10, 20)], 0.003, seed),
    ]);
  }
  expect(closed).toBeGreaterThan(35);
});

test("the profile of a chart is that of held fits, in both valleys and beyond the interval", () => {
  const data = drawn(powerLawWithLimit, [0, 5.2, 0.0135], [spread(1e5, 1e8, 20)], 0.005, 3);
  const fit = fitted(powerLawWithLimit, [data], OPTIONS);
  const [estimate = Number.NaN, upper = Number.NaN] = [fit.solution.free[1], fit.intervals[1]?.upper ?? Number.NaN];
  const grid = [0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.05, 1.2, 1.4].map((share) => estimate + share * (upper - estimate));
  const { points } = profile(powerLawWithLimit, data, { interval: "profile" }, "coefficient", grid);
  expect(points.map(({ value }) => value)).toEqual(grid);
  for (const { value, t } of points) expect(t).toBeCloseTo(heldRoot(fit, 1, value), 3);
});
