// What a scheme saves, against a truth that is known: a scheme that is the baseline again saves nothing.
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { fitFree, ladders } from "../../src/compare/ladders.js";
import { multipliers } from "../../src/compare/multipliers.js";
import { replicate } from "../../src/compare/replicates.js";
import { simulate } from "../../src/compare/simulate.js";
import { REGIMES } from "../../src/compare/validation.js";

test("two schemes of one law: the interval of the last multiplier seldom leaves 1 out", () => {
  const { realistic } = REGIMES;
  if (realistic === undefined) throw new Error("no such regime");
  const stream = random(14);
  let missed = 0;
  for (let i = 0; i < 100; i++) {
    const data = simulate([realistic.baseline, realistic.baseline], realistic.noise, realistic.plan, stream);
    const prepared = ladders(data, false);
    const free = fitFree(prepared.ladders, prepared.origin, "log");
    const draws = replicate(free, { method: "wild", unit: "pair", replicates: 300, seed: i });
    const { lower, upper } = multipliers(free, 0, draws, 0.95)[0]?.last ?? {};
    if ((lower ?? 0) > 1 || (upper ?? Number.POSITIVE_INFINITY) < 1) missed++;
  }
  // P(Binomial(100, .05) > 13) is 5e-4; the loss of one seed taken for exact missed 1 in 32 of these 100. Wild residuals
  // at the edge are those of three runs, which makes the band a little narrow: another 500 missed 51 times.
  expect(missed).toBeLessThanOrEqual(13);
});
