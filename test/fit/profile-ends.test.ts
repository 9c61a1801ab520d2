// Where a profile interval ends, the best fit with the parameter held there is as much worse as it may be, whichever valley
// that fit lies in; held fits are searched from everywhere, while the interval walks.
import { expect, test } from "vitest";
import { studentTwoSided } from "../../src/base/distributions.js";
import type { Observations } from "../../src/curve/observations.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import { profile } from "../../src/fit/profile/profile.js";
import type { Fit } from "../../src/fit/record.js";
import { EXPONENT_STARTS, powerLawWithLimit } from "../../src/law/power-law.js";
import { drawn, spread } from "./points.js";

/** Root of the rise of the objective with a parameter held, the lowest of fits from all starts, in standard errors. */
function heldRoot(data: Observations, free: Fit, name: string, value: number): number {
  const held = { interval: "delta", fixed: { [name]: value } } as const;
  const starts = name === "exponent" ? [{}] : EXPONENT_STARTS.map((exponent) => ({ exponent }));
  const objectives = starts.map((start) => fitLaw(powerLawWithLimit, data, { ...held, start }).objective);
  return Math.sqrt(Math.max(0, Math.min(...objectives) / free.objective - 1) * free.degreesOfFreedom);
}

/** Name, value and root of every closed end. */
function ends(data: Observations, free: Fit) {
  return Object.entries(free.parameters).flatMap(([name, { interval }]) =>
    [interval?.lower ?? null, interval?.upper ?? null].flatMap((value) =>
      value === null ? [] : [{ name, value, root: heldRoot(data, free, name, value) }],
    ),
  );
}

test("profile intervals of a limit at 0 end where the held fit says", () => {
  let atBound = 0;
  for (let seed = 0; seed < 40; seed++) {
    const data = drawn(powerLawWithLimit, [0, 5.2, 0.0135], [spread(1e5, 3e6, 20)], 0.005, seed);
    const free = fitLaw(powerLawWithLimit, data, { interval: "profile" });
    const upper = free.parameters.limit?.interval?.upper ?? null;
    if (free.status !== "at-bound" || upper === null) continue;
    atBound++;
    expect(heldRoot(data, free, "limit", upper)).toBeCloseTo(studentTwoSided(0.95, free.degreesOfFreedom), 4);
  }
  expect(atBound).toBeGreaterThan(10);
});

// Of such ends the walk of the coefficient alone had one in ten too early: a steep curve to a high limit and a flat one to
// none have the same.
test.each([
  ["no limit, three decades", [0, 5.2, 0.0135], spread(1e5, 1e8, 20), 0.005],
  ["no limit, one and a half", [0, 5.2, 0.0135], spread(1e5, 3e6, 20), 0.005],
  ["no limit, eight points", [0, 12, 0.05], spread(1e6, 1e9, 8), 0.003],
  ["a limit hardly seen", [0.5, 8, 0.06], spread(1e6, 1e10, 12), 0.005],
  ["a limit", [1.8, 300, 0.3], spread(1e7, 1e10, 12), 0.005],
] as const)("all ends of all parameters: %s", (_, theta, tokens, noise) => {
  for (let seed = 0; seed < 12; seed++) {
    const data = drawn(powerLawWithLimit, theta, [tokens], noise, seed);
    const free = fitLaw(powerLawWithLimit, data, { interval: "profile" });
    for (const { root } of ends(data, free)) {
      expect(root).toBeCloseTo(studentTwoSided(0.95, free.degreesOfFreedom), 3);
    }
  }
});

test("the profile of a chart lies in the lower valley too: it passes the critical value where the interval ends", () => {
  const data = drawn(powerLawWithLimit, [0, 5.2, 0.0135], [spread(1e5, 1e8, 20)], 0.005, 1);
  const { estimate = Number.NaN, interval } =
    fitLaw(powerLawWithLimit, data, { interval: "profile" }).parameters.coefficient ?? {};
  const upper = interval?.upper ?? Number.NaN;
  const grid = [0.25, 0.5, 0.75, 0.99, 1.01].map((share) => estimate + share * (upper - estimate));
  const { points, critical } = profile(powerLawWithLimit, data, { interval: "profile" }, "coefficient", grid);
  expect(points.map(({ t }) => t < critical)).toEqual([true, true, true, true, false]);
});
