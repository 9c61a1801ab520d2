// npm run validate: do the intervals cover, whatever the noise, and does the verdict name what is not there? Simulates data
// sets from known laws, in pieces that are kept in .cache/validation, so that an interrupted run goes on where it was.
//
//   npm run validate                    1,000 data sets a cell: about 40 minutes of one core; a second run goes on
//                                       from the pieces kept by the first
//   npm run validate -- --data-sets 200
//   npm run validate -- --shard 3/16    the fourth of 16 parts of the pieces, no tables: for many processes, here or on
//                                       other machines, whose .cache/validation folders are then copied into one
//   npm run validate -- --points points.csv     columns N, D and loss: the 240-point design of the Chinchilla law too
//
// Writes coverage.csv, attribution.csv and README.md into reports/<date>_validation/.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { random } from "../src/base/random.js";
import { writeAtomically } from "../src/base/write.js";
import { observe } from "../src/curve/observe.js";
import { readTable } from "../src/curve/read/read-table.js";
import {
  addCounts,
  answerable,
  attributed,
  type Count,
  type Counts,
  covered,
  coveredWithoutLimit,
  FALSE_TRUTHS,
  NOISES,
  PLANS,
  type Truth,
} from "./validation/simulated.js";
import { surfaceCovered } from "./validation/surface.js";

const { values } = parseArgs({
  options: {
    "data-sets": { type: "string", default: "1000" },
    "attribution-sets": { type: "string", default: "1000" },
    piece: { type: "string", default: "100" },
    seed: { type: "string", default: "0" },
    shard: { type: "string", default: "0/1" },
    points: { type: "string" },
    date: { type: "string" },
  },
});
const dataSets = Number(values["data-sets"]);
const attributionSets = Number(values["attribution-sets"]);
const piece = Number(values.piece);
const seed = Number(values.seed);
const date = values.date ?? new Date().toISOString().slice(0, 10);
const root = path.resolve(import.meta.dirname, "..");
const [shard = 0, shards = 1] = values.shard.split("/").map(Number);
const kept = path.join(root, ".cache/validation");

type Counting = (stream: ReturnType<typeof random>, n: number) => Counts;

let pieces = 0;

/** Counts of one cell over all pieces, of this shard alone where there are several; each finished piece is a file. */
function run(name: string, wanted: number, count: Counting, size = piece): Counts {
  const total: Record<string, Count> = {};
  for (let start = 0; start < wanted; start += size) {
    const n = Math.min(size, wanted - start);
    const file = path.join(kept, `${name.replaceAll(/[ ×%,]+/g, "-")}-${seed}-${start}-${n}.json`);
    if (pieces++ % shards !== shard) continue;
    if (!existsSync(file)) {
      writeAtomically(file, JSON.stringify(count(random(seed).split(`${name}/${start}`), n)));
      process.stderr.write(`${name}: ${start + n} of ${wanted}\n`);
    }
    const counts: Counts = JSON.parse(readFileSync(file, "utf8"));
    addCounts(total, counts);
  }
  return total;
}

const share = (hits: number, of: number) => (of === 0 ? "–" : `${((100 * hits) / of).toFixed(1)}%`);
const coverage: string[][] = [];
const attribution: string[][] = [];
const covers = (rate: number) => (rate < 0.9 ? "NO, under 90%" : rate < 0.93 ? "no" : rate <= 0.97 ? "yes" : "wider");
const addCoverage = (plan: string, noise: string, counts: Counts) => {
  for (const [quantity, { hits, of, closed, width }] of Object.entries(counts)) {
    const mean = closed === 0 ? "–" : (width / closed).toPrecision(3);
    coverage.push([plan, noise, quantity, share(hits, of), covers(hits / of), mean, String(of)]);
  }
};
for (const plan of Object.keys(PLANS)) {
  for (const noise of Object.keys(NOISES)) {
    if (!answerable(noise, plan)) continue;
    addCoverage(
      plan,
      noise,
      run(`coverage ${plan} ${noise}`, dataSets, (stream, n) => covered(noise, plan, stream, n)),
    );
  }
}
for (const plan of Object.keys(PLANS)) {
  for (const noise of Object.keys(NOISES)) {
    if (!answerable(noise, plan) || NOISES[noise]?.bent === true) continue;
    addCoverage(
      `${plan}, no limit`,
      noise,
      run(`coverage without limit ${plan} ${noise}`, dataSets, (stream, n) =>
        coveredWithoutLimit(noise, plan, stream, n),
      ),
    );
  }
}
if (values.points !== undefined) {
  const { groups } = observe((await readTable([values.points])).table, ["N", "D"]);
  for (const group of groups) {
    const counts = run("coverage 240 points", dataSets, (stream, n) => surfaceCovered(group, stream, n), 20);
    addCoverage(`${group.loss.length} × 1`, "each point's own size", counts);
  }
}
interface Study {
  readonly schemes: number;
  readonly plans: readonly string[];
  readonly truths: readonly Truth[];
  /** Of the data sets of an attribution. */
  readonly part: number;
  readonly piece: number;
}

/** Every plan with two schemes; more schemes, which cost more, at the plans that people have. */
const STUDIES: readonly Study[] = [
  { schemes: 2, plans: Object.keys(PLANS), truths: ["neither", "limit", "exponent"], part: 1, piece },
  { schemes: 6, plans: ["6 × 3"], truths: ["neither"], part: 1, piece: 50 },
  // Two seconds a data set.
  { schemes: 40, plans: ["6 × 3"], truths: ["neither"], part: 0.05, piece: 5 },
];
for (const { schemes, plans, truths, part, piece } of STUDIES) {
  for (const plan of plans) {
    for (const noise of Object.keys(NOISES)) {
      if (!answerable(noise, plan)) continue;
      for (const truth of truths) {
        const wanted = Math.ceil(attributionSets * part);
        const counts = run(
          `attribution ${schemes} ${plan} ${noise} ${truth}`,
          wanted,
          (stream, n) => attributed(noise, plan, schemes, truth, stream, n),
          piece,
        );
        const of = counts["cannot tell"]?.of ?? 0;
        const hits = (verdict: string) => counts[verdict]?.hits ?? 0;
        const wrong = FALSE_TRUTHS[truth].reduce((sum, verdict) => sum + hits(verdict), 0);
        const called = counts["a difference of loss"];
        attribution.push([
          plan,
          String(schemes),
          noise,
          truth,
          share(wrong, of),
          wrong / of <= 0.05 ? "yes" : "no",
          truth === "neither" ? "–" : share(hits(truth), of),
          called === undefined ? "–" : share(called.hits, called.of),
          String(of),
        ]);
      }
    }
  }
}

if (shards > 1) process.exit(0);

const coverageHead = ["plan", "noise", "quantity", "coverage", "within 93–97%", "mean width", "data sets"];
const attributionHead = [
  "plan",
  "schemes",
  "noise",
  "truth",
  "false attribution",
  "at most 5%",
  "power",
  "false difference of loss in the family",
  "data sets",
];
const csv = (head: readonly string[], rows: readonly string[][]) =>
  `${[head, ...rows].map((row) => row.map((cell) => (cell.includes(",") ? `"${cell}"` : cell)).join(",")).join("\n")}\n`;
const markdown = (head: readonly string[], rows: readonly string[][]) =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
/** Cells that the promise is made for: the law true, 12 points or more. */
const promised = coverage.filter(([plan, noise]) => plan?.split(",")[0] !== "6 × 1" && noise !== "mild break");
const below = (rows: readonly string[][], verdict: (text: string) => boolean) =>
  rows.filter(([, , , , holds = ""]) => verdict(holds)).length;
const short = coverage.filter(([, , , , verdict]) => verdict === "no" || verdict?.startsWith("NO"));
const named = attribution.filter(([, , , , , holds]) => holds === "no");
const folder = path.join(root, "reports", `${date}_validation`);
writeAtomically(path.join(folder, "coverage.csv"), csv(coverageHead, coverage));
writeAtomically(path.join(folder, "attribution.csv"), csv(attributionHead, attribution));
writeAtomically(
  path.join(folder, "README.md"),
  `# Do the intervals cover, and does the verdict name what is not there?

Made by \`npm run validate -- --data-sets ${dataSets} --attribution-sets ${attributionSets} --seed ${seed}\`. Every data set is drawn from known laws; noises and plans
(horizons × seeds) are in \`scripts/validation/simulated.ts\`. With ${dataSets} data sets a true coverage of 95% shows up as
95 ± ${(196 * Math.sqrt((0.95 * 0.05) / dataSets)).toFixed(1)}%.

## Cells that fall short
Where the law is true and there are 12 points or more, ${below(promised, (v) => v === "yes" || v === "wider")} of ${promised.length} cells cover 93% or more (${below(promised, (v) => v === "wider")} of them over
97%), ${below(promised, (v) => v.startsWith("NO"))} under 90%. Of all cells, ${below(coverage, (v) => v.startsWith("NO"))} of ${coverage.length} cover under 90%.

${short.length} of ${coverage.length} cells cover under 93%${short.length === 0 ? "." : ":"}

${short.length === 0 ? "" : `${markdown(coverageHead, short)}\n`}
${named.length} of ${attribution.length} cells attribute falsely more often than 5%${named.length === 0 ? "." : `:\n\n${markdown(attributionHead, named)}`}

## Coverage of nominal 95% intervals
One scheme's limit, exponent and predictions; differences between two schemes that differ in both. An interval that is open
on a side counts as covered there when its closed side covers, one that is withheld as not covered; the mean width is over closed ones. The effect of a
run needs several runs a scheme: with one run that supplies every horizon intervals are withheld. A mild break (the excess
loss falls faster by x^−.02 beyond the middle) leaves the fitted law no true limit or exponent, only losses are counted.
"No limit": a scheme whose law is 6.5·x^−.045, its limit 0 on the edge of what is allowed.
"240 × 1": the points of Chinchilla's figure, each redrawn about the fitted law by a normal error of the size of its own
residual and fitted by Huber's loss with δ = .001, as the published fit was.

${markdown(coverageHead, coverage)}

## Attribution and families
False attribution: a verdict that names what the truth does not hold (exponent or limit, when the truth is neither or the
other). Power: the verdict is the truth. The last share is of families in which any difference of loss from the baseline,
all of them 0, has an adjusted p-value below .05.

${markdown(attributionHead, attribution)}
`,
);
process.stdout.write(`${path.relative(process.cwd(), folder)}\n`);
