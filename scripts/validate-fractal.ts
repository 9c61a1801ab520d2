// npm run validate:fractal: how often the 95% intervals of H, S and J hold the truth, and how far the estimates are off,
// over exact fractional Gaussian noise, where H = S = J: 500 data sets of 20 documents of 2,048 values for each H.
import { random } from "../src/base/random.js";
import { analyzeFractal } from "../src/fractal/analyze.js";
import { STATISTICS } from "../src/fractal/record.js";
import { fractionalNoise } from "../test/fractal/fractional-noise.js";

const SETS = Number(process.argv[2] ?? 500);
const DOCUMENTS = 20;
const TOKENS = 2048;

process.stdout.write(`| H | ${STATISTICS.join(" | ")} |\n|---|${STATISTICS.map(() => "---|").join("")}\n`);
for (const H of [0.3, 0.5, 0.7, 0.9]) {
  const make = fractionalNoise(TOKENS, H, random(`validate ${H}`));
  const tallies = STATISTICS.map(() => ({ held: 0, sum: 0 }));
  for (let set = 0; set < SETS; set++) {
    const documents = Array.from({ length: DOCUMENTS }, (_, d) => ({ document: `d${d}`, group: "g", values: make() }));
    const { groups } = await analyzeFractal(documents);
    groups[0]?.estimates.forEach(({ estimate, interval }, i) => {
      const tally = tallies[i];
      if (tally === undefined || estimate === null || interval === null) throw new Error("no estimate");
      tally.sum += estimate;
      if (interval.lower <= H && H <= interval.upper) tally.held++;
    });
  }
  const cells = tallies.map(
    ({ held, sum }) => `${((100 * held) / SETS).toFixed(1)}% (bias ${(sum / SETS - H).toFixed(3)})`,
  );
  process.stdout.write(`| ${H} | ${cells.join(" | ")} |\n`);
}
