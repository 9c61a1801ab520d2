// The hostile corpus: inputs that mean harm or are merely broken, generated, the random ones from a seed.
// A case is files to lay down and a command to run on them; `@` in arguments stands for the folder of the case.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { random } from "../../src/base/random.js";
import { runLines } from "../curve/run-lines.js";

type Content = string | Uint8Array | { readonly link: string } | { readonly folder: true } | { readonly mode: number };

export interface Case {
  readonly name: string;
  readonly files: Readonly<Record<string, Content>>;
  readonly argv: readonly string[];
}

const GOOD = Array.from(
  { length: 8 },
  (_, i) => `${1e6 * 2 ** i},${(2 + 50 * (1e6 * 2 ** i) ** -0.3 + 0.001 * Math.sin(i)).toFixed(5)}`,
);
const table = (rows: readonly string[] = GOOD, header = "tokens,loss"): string => `${[header, ...rows].join("\n")}\n`;
/** The good table with one cell replaced. */
const withCell = (row: number, column: 0 | 1, cell: string): string =>
  table(
    GOOD.map((line, i) =>
      i === row
        ? line
            .split(",")
            .map((old, j) => (j === column ? cell : old))
            .join(",")
        : line,
    ),
  );

const fitting = (name: string, content: Content, ...flags: string[]): Case => ({
  name,
  files: { "t.csv": content },
  argv: ["fit", "@/t.csv", ...flags],
});
const importing = (name: string, file: string, content: Content, ...flags: string[]): Case => ({
  name,
  files: { [file]: content },
  argv: ["import", `@/${file}`, ...flags],
});

const draw = random("hostile");
const noise = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, () => draw.integer(256));
const bomb = (): Uint8Array => {
  // A thousand million zeros in about a megabyte, in lines of a million: twice what may be expanded.
  const member = gzipSync(Buffer.alloc(50_000_000, `${"0".repeat(999_999)}\n`));
  return Buffer.concat(Array<Buffer>(20).fill(member));
};

/** A gzip of a header and `times` the same text, made of as many members. */
function members(times: number, text: string): Uint8Array {
  const member = gzipSync(text);
  return Buffer.concat([gzipSync("tokens,loss\n"), ...Array<Buffer>(times).fill(member)]);
}

const TABLES: readonly Case[] = [
  fitting("an empty file", ""),
  fitting("white space alone", " \n\n \t\n"),
  fitting("a header alone", "tokens,loss\n"),
  fitting("no header", table(GOOD.slice(1), GOOD[0])),
  fitting("no loss column", table(GOOD, "tokens,accuracy")),
  fitting("no tokens column", table(GOOD, "width,loss")),
  fitting("steps for tokens, guessed", table(GOOD, "step,loss")),
  fitting("a column that is not there", table(), "--y", "los"),
  fitting(
    "duplicate columns",
    table(
      GOOD.map((row) => `${row},1`),
      "tokens,loss,loss",
    ),
  ),
  fitting("NUL bytes", `${table()}1e9,\u0000\u00003\n`),
  fitting(
    "bytes that are no UTF-8",
    Buffer.concat([Buffer.from(table()), Buffer.from([0x31, 0x2c, 0xff, 0xfe, 0x0a])]),
  ),
  fitting("noise", noise(2000)),
  fitting("quotes that stay open", `${table()}"1e9,3\n`),
  fitting("a quote in the middle of a cell", `${table()}1"e"9,3\n`),
  fitting("a row too short", table([...GOOD, "1e9"])),
  fitting("a row too long", table([...GOOD, "1e9,2,3"])),
  fitting("decimal commas", table(GOOD.map((row) => row.replace(".", ",")))),
  fitting(
    "a decimal point among decimal commas between semicolons",
    `${table(
      GOOD.map((row) => row.replace(",", ";").replace(".", ",")),
      "tokens;loss",
    )}1e9;3.125\n`,
  ),
  fitting("losses that are thousands or have decimal commas", `tokens,loss\n1000000,"3,500"\n2000000,"3,200"\n`),
  fitting("units in cells", withCell(3, 1, "2.9 nats")),
  fitting("a unit prefix of no size", withCell(3, 0, "8m")),
  fitting("percent signs", withCell(2, 1, "45%")),
  fitting("words for numbers", withCell(5, 1, "diverged")),
  fitting("every loss infinite", table(GOOD.map((row) => `${row.split(",")[0]},inf`))),
  fitting("tokens beyond doubles", withCell(4, 0, "1e999")),
  fitting("infinite tokens", withCell(4, 0, "-Infinity")),
  fitting("negative tokens", withCell(0, 0, "-1000000")),
  fitting("every count of tokens 0", table(GOOD.map((row) => `0,${row.split(",")[1]}`))),
  fitting("every loss NaN", table(GOOD.map((row) => `${row.split(",")[0]},NaN`))),
  fitting("negative loss in log space", withCell(0, 1, "-3")),
  fitting("a cell of 100,000 characters", withCell(1, 1, "9".repeat(100_000))),
  fitting("10,000 columns", `${Array.from({ length: 10_000 }, (_, i) => `c${i}`).join(",")}\n${"1,".repeat(9_999)}1\n`),
  fitting("a column name of 1,000 characters", table(GOOD, `tokens,${"l".repeat(1000)}`)),
  fitting("a truncated gzip", gzipSync(table()).subarray(0, 40)),
  fitting("a gzip with a flipped byte", Buffer.from(gzipSync(table())).fill(0x55, 30, 34)),
  fitting("a gzip that holds a gzip", gzipSync(gzipSync(table()))),
  fitting("a bomb", bomb()),
  fitting("a gzip of one line of 480 MB", members(20, "1,".repeat(12_000_000))),
  fitting("a gzip of 40 million rows", members(40, "1,2\n".repeat(1_000_000))),
  fitting("a truncated Parquet", Buffer.from("PAR1\u0015\u0004\u0015")),
  fitting(
    "a Parquet of noise",
    Buffer.concat([Buffer.from("PAR1"), noise(500), Buffer.from([200, 0, 0, 0]), Buffer.from("PAR1")]),
  ),
  fitting("an Excel workbook", Buffer.concat([Buffer.from("504b030414000600", "hex"), noise(100)])),
  fitting("a Python pickle", Buffer.from("80049524000000", "hex")),
  fitting("HTML for a table", "<!DOCTYPE html>\n<html><body>Sign in, please</body></html>\n"),
  fitting("JSON lines cut off", '{"tokens":1e6,"loss":3}\n{"tokens":2e6,"lo'),
  fitting("JSON lines that are lists", "[1,2]\n[3,4]\n"),
  fitting("a JSON list of numbers", "[1,2,3]"),
  fitting("JSON nested without end", `{"a":${"[".repeat(100_000)}`),
  fitting("an object with prototype keys", '{"__proto__":{"x":1},"constructor":2,"tokens":1e6}\n'),
  fitting("two points", table(GOOD.slice(0, 2))),
  fitting("one point", table(GOOD.slice(0, 1))),
  fitting("equal losses", table(GOOD.map((row) => `${row.split(",")[0]},3`))),
  fitting("equal tokens", table(GOOD.map((row) => `1e6,${row.split(",")[1]}`))),
];

const PATHS: readonly Case[] = [
  { name: "a file that is not there", files: {}, argv: ["fit", "@/nowhere.csv"] },
  { name: "a folder without run files", files: { d: { folder: true } }, argv: ["fit", "@/d"] },
  {
    name: "links in a circle",
    files: { "a.csv": { link: "b.csv" }, "b.csv": { link: "a.csv" } },
    argv: ["fit", "@/a.csv"],
  },
  { name: "a device", files: {}, argv: ["fit", "/dev/zero"] },
  { name: "a name of 300 characters", files: {}, argv: ["fit", `@/${"x".repeat(300)}.csv`] },
  { name: "a name with line ends and escapes", files: {}, argv: ["fit", "@/a\n\u001b[31mb.csv"] },
  { name: "a file as a folder", files: { "t.csv": table() }, argv: ["fit", "@/t.csv/x.csv"] },
  {
    name: "an output where a file is a folder",
    files: { "t.csv": table() },
    argv: ["fit", "@/t.csv", "--out", "@/t.csv/out.json"],
  },
  { name: "no file at all", files: {}, argv: ["fit"] },
];

const lines = runLines();
const run = (name: string, edit: (copy: string[]) => void, after = (text: string) => text): Case => {
  const copy = [...lines];
  edit(copy);
  return { name, files: { "r.jsonl": after(`${copy.join("\n")}\n`) }, argv: ["fit", "@/r.jsonl"] };
};
const replaced = (name: string, from: string | RegExp, to: string): Case =>
  run(
    name,
    () => {},
    (text) => text.replace(from, to),
  );

const RUNS: readonly Case[] = [
  run(
    "a run with a torn line",
    (copy) => copy.splice(6, 6, (copy[6] ?? "").slice(0, 33)),
    (text) => text.trimEnd(),
  ),
  run("a run torn in the middle", (copy) => copy.splice(6, 1, (copy[6] ?? "").slice(0, 33))),
  run("a run with two headers", (copy) => copy.splice(4, 0, copy[0] ?? "")),
  replaced("a run of an unknown version", '"version":1', '"version":2'),
  replaced("a run without a version", '"version":1,', ""),
  run("a run with points after its end", (copy) => copy.push(copy[10] ?? "")),
  run("a run with two ends", (copy) => copy.push(copy[11] ?? "")),
  run("a run without a header", (copy) => copy.shift()),
  run("a run without points", (copy) => copy.splice(1, 11)),
  run("an unfinished run", (copy) => copy.pop()),
  run("a run with a line of another kind", (copy) => copy.splice(2, 0, '{"kind":"wall-time","seconds":3}')),
  run("a run with a point left out", (copy) => copy.splice(3, 1)),
  run("a run whose tokens go back", (copy) =>
    copy.splice(3, 2, copy[5] ?? "", copy[6] ?? "", copy[3] ?? "", copy[4] ?? ""),
  ),
  {
    name: "runs that all diverged before a point",
    files: Object.fromEntries(
      ["1", "2"].map((id) => [
        `d/${id}.jsonl`,
        `${runLines({ id })[0]}\n{"kind":"end","status":"diverged","points":0,"reason":"loss NaN at step 3"}\n`,
      ]),
    ),
    argv: ["fit", "@/d"],
  },
  replaced("a diverged run", '"status":"complete"', '"status":"diverged"'),
  replaced("a run with text for loss", /"loss":[\d.]+/, '"loss":"low"'),
  replaced("a run with null tokens", /"tokens":1000000/, '"tokens":null'),
  replaced("a run with negative FLOPs", /"flops":6000000000/, '"flops":-1'),
  replaced("a run with a fractional seed", '"seed":0,"provenance"', '"seed":0.5,"provenance"'),
  replaced("a run with a skip probability of 3", '"skipProbability":null', '"skipProbability":3'),
];

const deep = (n: number): string => `${"(".repeat(n)}tokens${")".repeat(n)}`;
const law = (name: string, formula: string): Case => fitting(name, table(), "--law", formula);
const FORMULAS: readonly Case[] = [
  law("a formula with an assignment", "E = 3"),
  law("a formula that defines a function", "f(x) = x^2"),
  law("a formula that imports", "import({a: 1})"),
  law("a formula that evaluates", 'evaluate("1")'),
  law("a formula with property access", "tokens.constructor"),
  law("a formula with an index", 'tokens["constructor"]'),
  law("a formula with a block", "a; b"),
  law("a formula nested 150 deep", `E + ${deep(150)}`),
  law("a formula nested 5,000 deep", deep(5000)),
  law("a formula of a million terms", `E${"+tokens".repeat(1_000_000)}`),
  law("a formula that does not parse", "E + A/"),
  law("a formula with an unknown function", "E + expo(-c*tokens)"),
  law("a formula without parameters", "log(tokens)"),
  law("a formula without variables", "E + A/N^alpha"),
  law("a formula with a comparison", "E + (tokens > A)"),
  law("a law that is not there", "power-low"),
  law("an empty formula", ""),
  fitting("a filter with an unknown name", table(), "--where", "token > 3"),
  fitting(
    "a filter that compares text with a number",
    table(
      GOOD.map((row) => `${row},a`),
      "tokens,loss,s",
    ),
    "--where",
    "s > 3",
  ),
  fitting("a filter that keeps nothing", table(), "--where", "tokens < 0"),
  fitting("a derived column without a name", table(), "--derive", "tokens*2"),
  fitting("a derived column of an unknown one", table(), "--derive", "x=toks*2"),
];

const FLAGS: readonly Case[] = [
  fitting("an unknown flag", table(), "--lwa", "x"),
  fitting("a level of 95", table(), "--level", "95"),
  fitting("a seed that is no number", table(), "--seed", "abc"),
  fitting("a Huber loss without delta", table(), "--loss", "huber"),
  fitting("a Huber loss of -1", table(), "--loss", "huber:-1"),
  fitting("an unknown interval", table(), "--interval", "bayes"),
  fitting("a fixed parameter that is not in the law", table(), "--fix", "limt=3"),
  fitting("a fixed parameter without a value", table(), "--fix", "limit"),
  fitting("a tie to itself", table(), "--tie", "limit=limit"),
  fitting("more points held out than there are", table(), "--held-out", "50"),
  fitting("a bootstrap of 1e9", table(), "--bootstrap", "1e9"),
  fitting(
    "weights of 0",
    table(
      GOOD.map((row) => `${row},0`),
      "tokens,loss,se",
    ),
    "--weights",
    "se",
  ),
  { name: "a comparison of one group", files: { "t.csv": table() }, argv: ["compare", "@/t.csv"] },
];

const IMPORTS: readonly Case[] = [
  importing("an event file with a flipped byte", "events.out.tfevents.1", eventFile(30)),
  importing("a trainer state without history", "trainer_state.json", '{\n"log_history": [],\n"step": 3\n}'),
  importing("a log that matches nothing", "a.log", "nothing to see\n"),
  importing("a pattern without names", "a.log", "step 1 loss 2\n", "--pattern", "step (\\d+)"),
  importing("a pattern that is none", "a.log", "step 1 loss 2\n", "--pattern", "(?<step>["),
  importing("a table without loss", "a.csv", "tokens,accuracy\n1,2\n"),
  importing("a table without tokens", "a.csv", "step,loss\n1,2\n"),
  importing("tokens per step below 0", "a.csv", "step,loss\n1,2\n", "--tokens-per-step", "-4"),
  importing("a column of text for loss", "a.csv", "tokens,loss\n1,low\n"),
  { name: "an import of an empty folder", files: { d: { folder: true } }, argv: ["import", "@/d"] },
];

/** The opening of an event file, with one byte of it flipped. */
function eventFile(at: number): Uint8Array {
  const bytes = Buffer.from("1800000000000000a37f4b22090000c0ddfe48d9411a0d627261696e2e4576656e743a32ec127c23", "hex");
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  return bytes;
}

const scheme = (name: string, signature: string, ...flags: string[]): Case => ({
  name,
  files: {},
  argv: ["schemes", signature, ...flags],
});
const SIGNATURES: readonly Case[] = [
  scheme("a signature with a stray sign", "A^3 & B"),
  scheme("a signature that stays open", "(A B"),
  scheme("a signature closed too often", "A B)"),
  scheme("a signature to the power of 0", "A^0 B"),
  scheme("a signature to the power of 1e9", "A^1000000000 B"),
  scheme("a signature nested 10,000 deep", `${"(".repeat(10_000)}A${")".repeat(10_000)}`),
  scheme("a signature of powers of powers", "(((A^99 B)^99)^99)^99"),
  scheme("a signature of five blocks", "A B C D E"),
  scheme("a signature that skips a block", "A C"),
  scheme("an empty signature", ""),
  scheme("a signature over layers that do not divide", "A B C", "--layers", "4"),
  scheme("a scheme that is not there", "rinz-3"),
  scheme("a scheme named like a path", "../../etc/passwd"),
  scheme("heads that do not divide the width", "rins-3", "--heads", "5"),
  scheme("a width of -1", "rins-3", "--width", "-1"),
  scheme("a vocabulary of 256.5", "rins-3", "--vocab", "256.5"),
];

const PLAN = {
  name: "p",
  shape: { width: 48, layers: 4, heads: 3, context: 64, vocabulary: 1024 },
  batch: 8,
  schemes: ["baseline"],
  flops: [1e10, 2e10],
  seeds: [1],
};
const plan = (name: string, change: unknown): Case => ({
  name,
  files: { "plan.json": typeof change === "string" ? change : JSON.stringify(Object.assign({}, PLAN, change)) },
  argv: ["sweep", "@/plan.json", "--dry-run"],
});
const PLANS: readonly Case[] = [
  plan("a plan that is no JSON", "{name: 1"),
  plan("a plan that is a list", "[]"),
  plan("a plan with an unknown key", { horizon: [1] }),
  plan("a plan with an unknown key inside", { shape: { ...PLAN.shape, widht: 3 } }),
  plan("a plan with text for batch", { batch: "8" }),
  plan("a plan with a fractional seed", { seeds: [0.5] }),
  plan("a plan named like a path", { name: "../../tmp/x" }),
  plan("a plan without schemes", { schemes: [] }),
  plan("a plan with an unknown scheme", { schemes: ["rinz-3"] }),
  plan("a plan whose heads do not divide its width", { shape: { ...PLAN.shape, heads: 5 } }),
  plan("a plan whose blocks do not divide its layers", { schemes: ["A B C"] }),
  plan("a plan whose horizons go back", { flops: [2e10, 1e10] }),
  plan("a plan of 1e12 parameters", {
    flops: [1e20, 2e20],
    shape: { width: 32_768, layers: 96, heads: 64, context: 64, vocabulary: 1024 },
  }),
  { name: "a plan that does not ship", files: {}, argv: ["sweep", "nope", "--dry-run"] },
  { name: "a plan that does not ship, nearly", files: {}, argv: ["sweep", "smoek", "--dry-run"] },
  { name: "a plan that is not there", files: {}, argv: ["sweep", "@/plan.json", "--dry-run"] },
];

/** Chinchilla's law on a grid of budgets and sizes, params,tokens,flops,loss; FLOPs off from 6·N·D by a factor. */
const grid = (budgets: readonly number[], sizes: readonly number[], factor = 1): string =>
  table(
    budgets.flatMap((flops) =>
      sizes.map((share) => {
        const parameters = Math.round(share * (flops / 6) ** 0.45);
        const tokens = Math.round(flops / 6 / parameters);
        const loss = 1.69 + 406.4 * parameters ** -0.34 + 410.7 * tokens ** -0.28;
        return `${parameters},${tokens},${factor * 6 * parameters * tokens},${loss.toFixed(5)}`;
      }),
    ),
    "params,tokens,flops,loss",
  );
const BUDGETS = [1e19, 1e20, 1e21];
const SIZES = [0.25, 0.5, 1, 2, 4];
const allocating = (name: string, content: string, ...flags: string[]): Case => ({
  name,
  files: { "t.csv": content },
  argv: ["allocate", "@/t.csv", ...flags],
});
const forecasting = (name: string, ...flags: string[]): Case => ({
  name,
  files: { "t.csv": table() },
  argv: ["forecast", "@/t.csv", ...flags],
});
const FORECASTS: readonly Case[] = [
  allocating("one budget alone", grid([1e20], SIZES), "--budget", "1e21"),
  allocating("FLOPs that contradict 6ND", grid(BUDGETS, SIZES, 3), "--budget", "1e21"),
  allocating("one size at every budget", grid(BUDGETS, [1]).replace(/^(\d+),/gm, "1000000,"), "--budget", "1e21"),
  allocating("an allocation without a budget", grid(BUDGETS, SIZES)),
  allocating("a budget of nothing", grid(BUDGETS, SIZES), "--budget", "0"),
  allocating("a budget that is no number", grid(BUDGETS, SIZES), "--budget", "NaN"),
  allocating("a law of another kind", grid(BUDGETS, SIZES), "--budget", "1e21", "--law", "power-law"),
  forecasting("a forecast at nothing", "--at", "0"),
  forecasting("a loss to reach below nothing", "--reach", "-1"),
  forecasting("more budgets kept out than there are", "--held-out", "40"),
  forecasting("a law in two variables to forecast by", "--law", "chinchilla"),
  {
    name: "a page over somebody's page",
    files: { "page/index.html": "mine", "s.jsonl": '{"document":"a","group":"g","surprisals":[1,2]}\n' },
    argv: ["fractal", "@/s.jsonl", "--out", "@/page"],
  },
];

export const CASES: readonly Case[] = [
  ...TABLES,
  ...PATHS,
  ...RUNS,
  ...FORMULAS,
  ...FLAGS,
  ...IMPORTS,
  ...SIGNATURES,
  ...PLANS,
  ...FORECASTS,
];

/** Lays the files of a case into a folder of its own, and returns its command line. */
export function layOut(one: Case, folder: string): readonly string[] {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(one.files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    if (typeof content === "string" || content instanceof Uint8Array) writeFileSync(file, content);
    else if ("link" in content) symlinkSync(content.link, file);
    else if ("folder" in content) mkdirSync(file);
    else chmodSync(file, content.mode);
  }
  return one.argv.map((argument) => argument.replace(/^@/, () => folder));
}
