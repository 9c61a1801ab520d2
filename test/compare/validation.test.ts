// A small seeded part of npm run validate: intervals cover, and verdicts do not name what is not there.
import { describe, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { differences } from "../../src/compare/differences.js";
import { differenceErrors } from "../../src/compare/errors-of-differences.js";
import { fitSchemes } from "../../src/compare/schemes.js";
import { simulate } from "../../src/compare/simulate.js";
import { attributed, FALSE_TRUTHS, REGIMES } from "../../src/compare/validation.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import { DEFAULT_FIT_OPTIONS } from "../../src/fit/record.js";
import { clustersOf } from "../../src/fit/variance/clusters.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";

const DATA_SETS = 200;
/** 95% of 200 is 190; four standard deviations of Binomial(200, .95) are 12.3. */
const LEAST = 178;

describe.each(["well identified", "realistic"])("%s", (name) => {
  const regime = REGIMES[name];
  if (regime === undefined) throw new Error(`no regime ${name}`);
  const truth = regime.baseline;

  test("profile intervals of limit and exponent, and paired differences, cover at 95%", () => {
    const stream = random(11);
    const hits = { limit: 0, exponent: 0, limitDifference: 0, exponentDifference: 0, lossDifference: 0 };
    for (let i = 0; i < DATA_SETS; i++) {
      const data = simulate([truth, truth], regime.noise, regime.plan, stream);
      const schemes = fitSchemes(powerLawWithLimit, data, DEFAULT_FIT_OPTIONS);
      const errors = [null, differenceErrors(schemes, clustersOf(data), [1, 0])];
      const budget = Math.max(...regime.plan.horizons);
      const options = { interval: "delta", level: 0.95, budget, point: [budget] } as const;
      const rows = differences(schemes, 0, errors, null, [], options);
      for (const { quantity, interval } of rows) {
        const inside = (interval?.lower ?? 1) <= 0 && (interval?.upper ?? -1) >= 0;
        if (quantity === "limit" && inside) hits.limitDifference++;
        if (quantity === "exponent" && inside) hits.exponentDifference++;
        if (quantity === "loss" && inside) hits.lossDifference++;
      }
      const [first] = data;
      if (first === undefined) continue;
      const { parameters } = fitLaw(powerLawWithLimit, first);
      for (const parameter of ["limit", "exponent"] as const) {
        const interval = parameters[parameter]?.interval;
        const [lower, upper] = [
          interval?.lower ?? Number.NEGATIVE_INFINITY,
          interval?.upper ?? Number.POSITIVE_INFINITY,
        ];
        if (lower <= truth[parameter] && truth[parameter] <= upper) hits[parameter]++;
      }
    }
    for (const [key, count] of Object.entries(hits)) expect(count, key).toBeGreaterThanOrEqual(LEAST);
    // Intervals that always cover are as wrong as those that never do: P(all 200) is 3.5e-5.
    for (const [key, count] of Object.entries(hits)) expect(count, key).toBeLessThan(DATA_SETS);
  });

  test.each(["neither", "limit", "exponent"] as const)("truth %s: false attribution at most 5 in 100", (kind) => {
    const counts = attributed({ regime: name, schemes: 2, truth: kind }, random(12), 100);
    const wrong = FALSE_TRUTHS[kind].reduce((sum, verdict) => sum + (counts[verdict]?.hits ?? 0), 0);
    // Four standard deviations above 5 of 100.
    expect(wrong).toBeLessThanOrEqual(13);
    if (name === "well identified" && kind !== "neither") expect(counts[kind]?.hits).toBeGreaterThan(80);
  });
});
