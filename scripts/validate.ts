// npm run validate: do the intervals cover, and does the verdict name what is not there? Simulates data sets from known
// laws in three regimes, in pieces that are kept in .cache/validation, so that an interrupted run goes on where it was.
//
//   npm run validate                    2,000 data sets a cell: about twenty minutes of one core; a second run with the same seed goes on from the kept pieces
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
  attributed,
  type Cell,
  type Count,
  type Counts,
  cells,
  covered,
  FALSE_TRUTHS,
  REGIMES,
} from "../src/compare/validation.js";

const { values } = parseArgs({
  options: {
    "data-sets": { type: "string", default: "2000" },
    piece: { type: "string", default: "100" },
    seed: { type: "string", default: "0" },
    date: { type: "string" },
  },
});
const dataSets = Number(values["data-sets"]);
const piece = Number(values.piece);
const seed = Number(values.seed);
const date = values.date ?? new Date().toISOString().slice(0, 10);
const root = path.resolve(import.meta.dirname, "..");
const kept = path.join(root, ".cache/validation");

/** Counts of one cell over all pieces; each finished piece is a file. */
function run(kind: string, name: string, count: (stream: ReturnType<typeof random>, n: number) => Counts): Counts {
  const total: Record<string, Count> = {};
  for (let start = 0; start < dataSets; start += piece) {
    const n = Math.min(piece, dataSets - start);
    const file = path.join(kept, `${kind}-${name}-${seed}-${start}-${n}.json`);
    if (!existsSync(file)) {
      writeAtomically(file, JSON.stringify(count(random(seed).split(`${kind}/${name}/${start}`), n)));
      process.stderr.write(`${kind} ${name}: ${start + n} of ${dataSets}\n`);
    }
    const counts: Counts = JSON.parse(readFileSync(file, "utf8"));
    addCounts(total, counts);
  }
  return total;
}

const share = (hits: number, of: number) => (of === 0 ? "–" : `${((100 * hits) / of).toFixed(1)}%`);
const coverage: string[][] = [];
for (const [name, regime] of Object.entries(REGIMES)) {
  const counts = run("coverage", name, (stream, n) => covered(regime, stream, n));
  for (const [key, { hits, of, closed, width }] of Object.entries(counts)) {
    const [method = "", quantity = ""] = key.split("|");
    const rate = hits / of;
    coverage.push([
      name,
      method,
      quantity,
      share(hits, of),
      rate >= 0.93 && rate <= 0.97 ? "yes" : "no",
      closed === 0 ? "–" : (width / closed).toPrecision(3),
      share(closed, of),
      String(of),
    ]);
  }
}
const attribution: string[][] = [];
for (const cell of cells()) {
  const counts = run("attribution", cellName(cell), (stream, n) => attributed(cell, stream, n));
  const of = Object.values(counts)[0]?.of ?? 0;
  const hits = (verdict: string) => counts[verdict]?.hits ?? 0;
  const wrong = FALSE_TRUTHS[cell.truth].reduce((sum, verdict) => sum + hits(verdict), 0);
  attribution.push([
    cell.regime,
    String(cell.schemes),
    cell.truth,
    ...["exponent", "limit", "both", "cannot tell"].map((verdict) => share(hits(verdict), of)),
    share(wrong, of),
    wrong / of <= 0.05 ? "yes" : "no",
    String(of),
  ]);
}

function cellName(cell: Cell): string {
  return `${cell.regime}-${cell.schemes}-${cell.truth}`;
}

const coverageHead = ["regime", "method", "quantity", "coverage", "within 93–97%", "mean width", "closed", "data sets"];
const attributionHead = [
  "regime",
  "schemes",
  "truth",
  "exponent",
  "limit",
  "both",
  "cannot tell",
  "false attribution",
  "at most 5%",
  "data sets",
];
const csv = (head: readonly string[], rows: readonly string[][]) =>
  `${[head, ...rows].map((row) => row.map((cell) => cell.replaceAll("–", "-")).join(",")).join("\n")}\n`;
const markdown = (head: readonly string[], rows: readonly string[][]) =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
const folder = path.join(root, "reports", `${date}_validation`);
writeAtomically(path.join(folder, "coverage.csv"), csv(coverageHead, coverage));
writeAtomically(path.join(folder, "attribution.csv"), csv(attributionHead, attribution));
writeAtomically(
  path.join(folder, "README.md"),
  `# Do the intervals cover, and does the verdict name what is not there?

Made by \`npm run validate -- --data-sets ${dataSets} --seed ${seed}\`. Every data set is drawn from known laws; the regimes are in
\`src/compare/validation.ts\`.

## Coverage of nominal 95% intervals
With ${dataSets} data sets a true coverage of 95% shows up as 95 ± ${(196 * Math.sqrt((0.95 * 0.05) / dataSets)).toFixed(1)}%.
Rows named "difference" and "multiplier" are of two schemes, loss and multiplier at the largest x; "paired" matches their points
by horizon and seed, "unpaired" leaves that out although half of the noise is shared. Data sets whose interval is open on a side count as
covered there when the closed side covers; the mean width is over closed intervals.

${markdown(coverageHead, coverage)}

## Attribution
False attribution: a verdict that names what the truth does not hold (exponent or limit, when the truth is neither or the other).

${markdown(attributionHead, attribution)}
`,
);
process.stdout.write(`${path.relative(process.cwd(), folder)}\n`);
