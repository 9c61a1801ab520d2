// What a scheme saves, against a truth that is known: a scheme that is the baseline again saves nothing.
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { fitFree, ladders } from "../../src/compare/ladders.js";
import { multipliers } from "../../src/compare/multipliers.js";
import { logHorizons, simulate } from "../../src/compare/simulate.js";
import { spreads } from "../../src/compare/spread.js";
import { REGIMES } from "../../src/compare/validation.js";

test("two schemes of one law: the interval of the last multiplier seldom leaves 1 out", () => {
  const { realistic } = REGIMES;
  if (realistic === undefined) throw new Error("no such regime");
  const stream = random(14);
  let missed = 0;
  for (let i = 0; i < 200; i++) {
    const data = simulate([realistic.baseline, realistic.baseline], realistic.noise, realistic.plan, stream);
    const prepared = ladders(data, false);
    const free = fitFree(prepared.ladders, prepared.origin, "log");
    const { lower, upper } = multipliers(free, spreads(free), 0, null, "pair", 0.95)[0]?.last ?? {};
    if ((lower ?? 0) > 1 || (upper ?? Number.POSITIVE_INFINITY) < 1) missed++;
  }
  // P(Binomial(200, .05) > 19) is 2e-3; wild percentiles missed 1 in one of nine data sets.
  expect(missed).toBeLessThanOrEqual(19);
  expect(missed).toBeGreaterThan(1);
});

test("a baseline that cannot get there has no multiplier, and its least budget is beyond the data", () => {
  const law = { limit: 2, coefficient: 60, exponent: 0.25 };
  const better = { ...law, limit: 1.6 };
  const plan = { horizons: logHorizons(1e7, 1e9, 6), seeds: 3 };
  const prepared = ladders(
    simulate([law, better], { standardDeviation: 1e-3, correlation: 0 }, plan, random(1)),
    false,
  );
  const free = fitFree(prepared.ladders, prepared.origin, "log");
  const { last } = multipliers(free, spreads(free), 0, null, "pair", 0.95)[0] ?? {};
  // The better law's loss at 1e9 is 1.937, below the limit of 2.
  expect(last).toMatchObject({ multiplier: null, upper: null });
});
