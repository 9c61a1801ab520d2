// npm run validate: do the intervals cover, whatever the noise, and does the verdict name what is not there? Simulates data
// sets from known laws, in pieces that are kept in .cache/validation, so that an interrupted run goes on where it was.
//
//   npm run validate                    1,000 data sets a cell: about an hour and a half of one core; a second run with the same seed goes on from the kept pieces
//   npm run validate -- --data-sets 200
//
// Writes coverage.csv, attribution.csv and README.md into reports/<date>_validation/.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { random } from "../src/base/random.js";
import { writeAtomically } from "../src/base/write.js";
import {
  addCounts,
  answerable,
  attributed,
  type Count,
  type Counts,
  covered,
  FALSE_TRUTHS,
  NOISES,
  PLANS,
  type Truth,
} from "../src/compare/validation.js";

const { values } = parseArgs({
  options: {
    "data-sets": { type: "string", default: "1000" },
    "attribution-sets": { type: "string", default: "1000" },
    piece: { type: "string", default: "100" },
    seed: { type: "string", default: "0" },
    date: { type: "string" },
  },
});
const dataSets = Number(values["data-sets"]);
const attributionSets = Number(values["attribution-sets"]);
const piece = Number(values.piece);
const seed = Number(values.seed);
const date = values.date ?? new Date().toISOString().slice(0, 10);
const root = path.resolve(import.meta.dirname, "..");
const kept = path.join(root, ".cache/validation");

type Counting = (stream: ReturnType<typeof random>, n: number) => Counts;

/** Counts of one cell over all pieces; each finished piece is a file. */
function run(name: string, wanted: number, count: Counting): Counts {
  const total: Record<string, Count> = {};
  for (let start = 0; start < wanted; start += piece) {
    const n = Math.min(piece, wanted - start);
    const file = path.join(kept, `${name.replaceAll(/[ ×%,]+/g, "-")}-${seed}-${start}-${n}.json`);
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
for (const plan of Object.keys(PLANS)) {
  for (const noise of Object.keys(NOISES)) {
    if (!answerable(noise, plan)) continue;
    const counts = run(`coverage ${plan} ${noise}`, dataSets, (stream, n) => covered(noise, plan, stream, n));
    for (const [quantity, { hits, of, closed, width }] of Object.entries(counts)) {
      const rate = hits / of;
      const verdict = rate < 0.9 ? "NO, under 90%" : rate < 0.93 ? "no" : rate <= 0.97 ? "yes" : "wider";
      const mean = closed === 0 ? "–" : (width / closed).toPrecision(3);
      coverage.push([plan, noise, quantity, share(hits, of), verdict, mean, String(of)]);
    }
  }
}
interface Study {
  readonly schemes: number;
  readonly plans: readonly string[];
  readonly truths: readonly Truth[];
  /** Of the data sets of an attribution. */
  readonly part: number;
}

/** Every plan with two schemes; more schemes, which cost more, at the plans that people have. */
const STUDIES: readonly Study[] = [
  { schemes: 2, plans: Object.keys(PLANS), truths: ["neither", "limit", "exponent"], part: 1 },
  { schemes: 6, plans: ["6 × 3"], truths: ["neither"], part: 0.5 },
  // Two seconds a data set.
  { schemes: 40, plans: ["6 × 3"], truths: ["neither"], part: 0.05 },
];
for (const { schemes, plans, truths, part } of STUDIES) {
  for (const plan of plans) {
    for (const noise of Object.keys(NOISES)) {
      if (!answerable(noise, plan)) continue;
      for (const truth of truths) {
        const wanted = Math.ceil(attributionSets * part);
        const counts = run(`attribution ${schemes} ${plan} ${noise} ${truth}`, wanted, (stream, n) =>
          attributed(noise, plan, schemes, truth, stream, n),
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
const short = coverage.filter(([, , , , verdict]) => verdict === "no" || verdict?.startsWith("NO"));
const named = attribution.filter(([, , , , , holds]) => holds === "no");
const folder = path.join(root, "reports", `${date}_validation`);
writeAtomically(path.join(folder, "coverage.csv"), csv(coverageHead, coverage));
writeAtomically(path.join(folder, "attribution.csv"), csv(attributionHead, attribution));
writeAtomically(
  path.join(folder, "README.md"),
  `# Do the intervals cover, and does the verdict name what is not there?

Made by \`npm run validate -- --data-sets ${dataSets} --attribution-sets ${attributionSets} --seed ${seed}\`. Every data set is drawn from known laws; noises and plans
(horizons × seeds) are in \`src/compare/validation.ts\`. With ${dataSets} data sets a true coverage of 95% shows up as
95 ± ${(196 * Math.sqrt((0.95 * 0.05) / dataSets)).toFixed(1)}%.

## Cells that fall short
${short.length} of ${coverage.length} cells cover under 93%${short.length === 0 ? "." : ":"}

${short.length === 0 ? "" : `${markdown(coverageHead, short)}\n`}
${named.length} of ${attribution.length} cells attribute falsely more often than 5%${named.length === 0 ? "." : `:\n\n${markdown(attributionHead, named)}`}

## Coverage of nominal 95% intervals
One scheme's limit, exponent and predictions; differences between two schemes that differ in both. An interval that is open
on a side counts as covered there when its closed side covers, one that is withheld as not covered; the mean width is over closed ones. The effect of a
run needs several runs a scheme: with one run that supplies every horizon intervals are withheld. A mild break (the excess
loss falls faster by x^−.02 beyond the middle) leaves the fitted law no true limit or exponent, only losses are counted.

${markdown(coverageHead, coverage)}

## Attribution and families
False attribution: a verdict that names what the truth does not hold (exponent or limit, when the truth is neither or the
other). Power: the verdict is the truth. The last share is of families in which any difference of loss from the baseline,
all of them 0, has an adjusted p-value below .05.

${markdown(attributionHead, attribution)}
`,
);
process.stdout.write(`${path.relative(process.cwd(), folder)}\n`);
