// How often do the tests of an attribution reject where all schemes follow one law? One row a noise and number of schemes:
// the plain F test, the calibrated one beside it, and families of differences from the baseline.
//
//   npx tsx scripts/validation/sizes.ts --data-sets 100 --schemes 2,6
import { parseArgs } from "node:util";
import { random } from "../../src/base/random.js";
import { nestedTests } from "../../src/compare/attribution.js";
import { differences } from "../../src/compare/differences.js";
import { pairings } from "../../src/compare/pairing.js";
import { fitSchemes } from "../../src/compare/schemes.js";
import { simulate } from "../../src/compare/simulate.js";
import { DEFAULT_FIT_OPTIONS } from "../../src/fit/record.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";
import { BASELINE, NOISES, PLANS, Tally } from "./simulated.js";

const { values } = parseArgs({
  options: {
    "data-sets": { type: "string", default: "100" },
    schemes: { type: "string", default: "2,6" },
    plan: { type: "string", default: "6 × 3" },
    seed: { type: "string", default: "7" },
  },
});
const plan = PLANS[values.plan];
const sets = Number(values["data-sets"]);
if (plan === undefined) throw new Error(`--plan: one of ${Object.keys(PLANS).join(", ")}`);
const largest = Math.max(...plan.horizons);
const at = { level: 0.95, point: [largest], budget: largest, alpha: 0.05, rejected: [] };

for (const [name, noise] of Object.entries(NOISES)) {
  for (const count of values.schemes.split(",").map(Number)) {
    const tally = new Tally();
    for (let i = 0; i < sets; i++) {
      const laws = Array.from({ length: count }, () => BASELINE);
      const data = simulate(laws, noise, plan, random(Number(values.seed)).split(`${name}/${count}/${i}`));
      const schemes = fitSchemes(powerLawWithLimit, data, DEFAULT_FIT_OPTIONS);
      for (const test of nestedTests(schemes, 0.05).tests) {
        tally.add(`F ${test.model}`, test.pValue < 0.05);
        tally.add(`calibrated ${test.model}`, (test.calibratedPValue ?? 1) < 0.05);
      }
      const rows = differences(schemes, pairings(schemes, 0), at);
      for (const quantity of new Set(rows.map((row) => row.quantity))) {
        const called = rows.some((row) => row.quantity === quantity && (row.adjustedPValue ?? 1) < 0.05);
        tally.add(`family of ${quantity}`, called);
      }
    }
    const shares = Object.entries(tally.counts).map(
      ([key, { hits, of }]) => `${key} ${((100 * hits) / of).toFixed(0)}%`,
    );
    process.stdout.write(`${name}, ${count} schemes, ${sets} data sets: ${shares.join("; ")}\n`);
  }
}
