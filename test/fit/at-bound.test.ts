// A limit on its bound still has an upper end: where the rest, fitted with the limit held there, is as much worse as it may be.
import { expect, test } from "vitest";
import { studentTwoSided } from "../../src/base/distributions.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";
import { drawn, spread } from "./points.js";

test("profile intervals of a limit at 0 end where the held fit says", () => {
  let atBound = 0;
  for (let seed = 0; seed < 40; seed++) {
    const data = drawn(powerLawWithLimit, [0, 5.2, 0.0135], [spread(1e5, 3e6, 20)], 0.005, seed);
    const free = fitLaw(powerLawWithLimit, data, { interval: "profile" });
    const upper = free.parameters.limit?.interval?.upper ?? null;
    if (free.status !== "at-bound" || upper === null) continue;
    atBound++;
    const held = fitLaw(powerLawWithLimit, data, { interval: "delta", fixed: { limit: upper } });
    const t = Math.sqrt((held.objective / free.objective - 1) * free.degreesOfFreedom);
    expect(t).toBeCloseTo(studentTwoSided(0.95, free.degreesOfFreedom), 4);
  }
  expect(atBound).toBeGreaterThan(10);
});
