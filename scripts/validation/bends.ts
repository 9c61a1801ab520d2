// How often is a difference of losses called where there is none but one scheme's law misses a bend, and how often is a true
// one lost to that caution, the law bent or not? One row a noise, number of seeds, difference and bend; two schemes.
//
//   npx tsx scripts/validation/bends.ts --data-sets 100 --seeds 3,10
import { parseArgs } from "node:util";
import { random } from "../../src/base/random.js";
import { differences } from "../../src/compare/differences.js";
import { measuredDifferences } from "../../src/compare/measured.js";
import { pairings } from "../../src/compare/pairing.js";
import { fitSchemes } from "../../src/compare/schemes.js";
import { logHorizons, simulate } from "../../src/compare/simulate.js";
import type { Observations } from "../../src/curve/observations.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import { DEFAULT_FIT_OPTIONS } from "../../src/fit/record.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";
import { BASELINE, NOISES, Tally } from "./simulated.js";

const { values } = parseArgs({
  options: {
    "data-sets": { type: "string", default: "100" },
    seeds: { type: "string", default: "3" },
    seed: { type: "string", default: "11" },
  },
});
const sets = Number(values["data-sets"]);
const horizons = logHorizons(1e6, 1e9, 8);
const largest = Math.max(...horizons);
const [least, most] = [Math.log(Math.min(...horizons)), Math.log(largest)];
const common = { level: 0.95, budget: largest };

/**
 * What the second scheme's limit is lower by, nats, and the share of the loss that the middle of its range lies below a law
 * through its ends; above where negative.
 */
const TRUTHS = [
  { lower: 0.02, size: 0 },
  ...[0.0025, 0.005, 0.01].map((size) => ({ lower: 0, size })),
  ...[0.005, -0.005, 0.01, -0.01].map((size) => ({ lower: 0.02, size })),
];

/** Nothing at both ends of the range. */
function bent(group: Observations, size: number): Observations {
  const share = (x: number) => (4 * (Math.log(x) - least) * (most - Math.log(x))) / (most - least) ** 2;
  return { ...group, loss: group.loss.map((loss, i) => loss * (1 - size * share(group.x[0]?.[i] ?? Number.NaN))) };
}

const unbent = Object.entries(NOISES).filter(([, noise]) => noise.bent !== true);
const rows = unbent.flatMap(([name, noise]) =>
  values.seeds.split(",").flatMap((seeds) => TRUTHS.map((truth) => ({ name, noise, seeds: Number(seeds), ...truth }))),
);
for (const { name, noise, seeds, size, lower } of rows) {
  const tally = new Tally();
  for (let i = 0; i < sets; i++) {
    const laws = [BASELINE, { ...BASELINE, limit: BASELINE.limit - lower }];
    const drawn = simulate(
      laws,
      noise,
      { horizons, seeds },
      random(Number(values.seed)).split(`${name}/${seeds}/${size}/${lower}/${i}`),
    );
    const data = drawn.map((group, l) => (l === 0 ? group : bent(group, size)));
    const schemes = fitSchemes(powerLawWithLimit, data, DEFAULT_FIT_OPTIONS);
    const names = schemes.all.map((scheme) => scheme.name);
    const shapes = data.map((group) => fitLaw(powerLawWithLimit, group).structure?.pValue ?? 1);
    const rejected = names.filter((_, l) => (shapes[l] ?? 1) < 0.05);
    const options = { ...common, point: [largest], alpha: 0.05, rejected };
    const losses = differences(schemes, pairings(schemes, 0), options).filter(({ quantity }) => quantity === "loss");
    const [measured] = measuredDifferences(data, { ...common, point: [largest], baseline: 0, seed: i });
    for (const { pValue, told } of losses) {
      tally.add("by the laws", (pValue ?? 1) < 0.05);
      tally.add("told", told);
    }
    tally.add("measured", (measured?.pValue ?? 1) < 0.05);
  }
  const shares = Object.entries(tally.counts).map(([key, { hits, of }]) => `${key} ${((100 * hits) / of).toFixed(0)}%`);
  const truth = `lower by ${lower} nats, bent by ${100 * size}%`;
  process.stdout.write(`8 × ${seeds}, ${name}, ${truth}, ${sets} data sets: ${shares.join("; ")}\n`);
}
