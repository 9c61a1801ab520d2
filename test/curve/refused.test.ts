// What once was refused or misled, though people have it: each file is made up in the shape that tools write, and goes
// through the command.
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { column, door, fits } from "./door.js";

const { put, run, imported } = door("refused");
const law = (tokens: number): number => 2 + 50 * tokens ** -0.3;
const TOKENS = Array.from({ length: 12 }, (_, i) => 1e6 * 2 ** i);
const numbers = (stdout: string): number | undefined => fits(stdout).fits[0]?.parameters.limit?.estimate;

test("a log that begins at step 0, and the command that import suggests", async () => {
  const log = [0, ...TOKENS]
    .map((tokens, i) => `step ${tokens / 1e6}: val loss ${i === 0 ? 10.8 : law(tokens)}`)
    .join("\n");
  put("zero.log", log);
  const written = await run(["import", "@/zero.log", "--tokens-per-step", "1000000", "--out", "@/zero.jsonl"]);
  expect(written.said).toMatch(/left out 1 point at 0 tokens: measured before training/);
  const next = /next: rinsight (fit .*)\n/.exec(written.said)?.[1] ?? "";
  const fit = await run([...next.replace("zero", "@/zero").split(" "), "--json"]);
  expect(numbers(fit.stdout)).toBeCloseTo(2, 4);
  put("zero.csv", `tokens,loss\n0,10.8\n${TOKENS.map((tokens) => `${tokens},${law(tokens)}`).join("\n")}\n`);
  const table = await run(["fit", "@/zero.csv", "--json"]);
  expect(numbers(table.stdout)).toBeCloseTo(2, 4);
  expect(table.said).toMatch(/1 row left out: tokens is 0: measured before training/);
  const epochs = await imported(
    "keras.csv",
    "epoch,loss,val_loss\n0,5,4.5\n1,4.5,4.25\n",
    "--step",
    "epoch",
    "--step-offset",
    "1",
    "--tokens-per-step",
    "1000",
  );
  expect([column(epochs.points, "tokens"), column(epochs.points, "loss")]).toEqual([
    [1000, 2000],
    [4.5, 4.25],
  ]);
});

test("a counter that never ran is told from tokens", async () => {
  const history = [1, 2, 3].map((step) => ({ step, eval_loss: 5 - step, num_input_tokens_seen: 0 }));
  const state = JSON.stringify({ log_history: history }, null, 2);
  const refused = await imported("trainer_state.json", state);
  expect([refused.exit, refused.said]).toEqual([
    2,
    expect.stringMatching(/the counter never ran; give --tokens-per-step/),
  ]);
  expect(column((await imported("trainer_state.json", state, "--tokens-per-step", "10")).points, "tokens")).toEqual([
    10, 20, 30,
  ]);
});

test("llm.c: tel is the validation loss; nanochat: bits per byte keep their unit", async () => {
  const main =
    "s:0 tel:10.9\ns:0 eval:0.24\ns:1 trl:10.8 lr:0.000001 norm:15.2\ns:250 tel:3.51\ns:250 trl:3.49 lr:0.000600 norm:1.23\n";
  const one = await imported("main.log", main, "--tokens-per-step", "524288");
  expect([column(one.points, "step"), column(one.points, "loss")]).toEqual([[250], [3.51]]);
  const chat =
    "Step 00250 | Validation bpb: 0.9800\nstep 00251/21400 (1.17%) | loss: 3.200000 | lrm: 1.00 | dt: 1234.56ms | tok/sec: 1,059,123 | mfu: 48.20 | total time: 5.12m\nStep 00500 | Validation bpb: 0.9300\n";
  const two = await imported("chat.log", chat, "--tokens-per-step", "524288");
  expect([column(two.points, "bitsPerByte"), two.points[0]?.loss]).toEqual([[0.98, 0.93], undefined]);
  expect(two.said).toMatch(/kept bits per byte/);
  expect(two.said).toMatch(/not taken: loss \(1\)/);
});

test("a folder of 24 logs is 24 runs, named by file or by folder", async () => {
  for (let i = 0; i < 24; i++) {
    const log = [100, 200, 300]
      .map((step) => `step ${step}: train loss 4, val loss ${3 - i / 100 - step / 1000}`)
      .join("\n");
    put(`logs/rins-${i}.log`, log);
    put(`folders/rins-${i}/log.txt`, log);
  }
  const one = await run(["import", "@/logs", "--tokens-per-step", "1000"]);
  expect([one.points.length, new Set(column(one.points, "run")).size, one.points[0]?.run]).toEqual([72, 24, "rins-0"]);
  const two = await run(["import", "@/folders", "--tokens-per-step", "1000"]);
  expect([new Set(column(two.points, "run")).size, two.points[0]?.run]).toEqual([24, "rins-0"]);
  const fit = await run([
    "fit",
    "@/logs",
    "--derive",
    "tokens=step*1000",
    "--law",
    "E + A/tokens^c",
    "--fix",
    "c=.3",
    "--json",
  ]);
  expect(fits(fit.stdout).fits).toHaveLength(24);
  expect(
    fits(fit.stdout)
      .fits.slice(0, 3)
      .map(({ group }) => group.scheme),
  ).toEqual(["rins-0", "rins-1", "rins-2"]);
});

test("trainer_state.json: on one line, with records without a step, given to fit and to import", async () => {
  const history = TOKENS.map((tokens, i) => ({ step: i + 1, eval_loss: law(tokens), num_input_tokens_seen: tokens }));
  for (const indent of [0, 2]) {
    const state = JSON.stringify(
      { best_metric: null, log_history: [...history, { predict_loss: 9, epoch: 1 }] },
      null,
      indent,
    );
    const { points } = await imported("run-a/trainer_state.json", state);
    expect(column(points, "loss")).toEqual(TOKENS.map(law));
    const fit = await run(["fit", "@/run-a/trainer_state.json", "--json"]);
    expect(numbers(fit.stdout)).toBeCloseTo(2, 4);
    expect(numbers((await run(["fit", "@/run-a", "--json"])).stdout)).toBeCloseTo(2, 4);
  }
});

test("decimal commas between semicolons, sep=; and comments above; what is ambiguous is refused with both readings", async () => {
  const rows = TOKENS.map((tokens) => `${tokens};${law(tokens).toFixed(3).replace(".", ",")}`).join("\n");
  for (const above of ["", "sep=;\n", "# run 3\n# written by hand\n"]) {
    const { points, said } = await imported("comma.csv", `${above}tokens;loss\n${rows}\n`);
    expect(column(points, "loss")).toEqual(TOKENS.map((tokens) => Number(law(tokens).toFixed(3))));
    expect(said).toMatch(/read commas between semicolons as decimal commas/);
  }
  put("both.csv", "tokens;loss\n1000000;4,51\n2000000;1.234\n");
  expect((await run(["fit", "@/both.csv"])).said).toMatch(/line 3 column "loss".*it reads as 1\.234 or as 1234/);
});

test("500M, 1,000,000 and 1_000_000 in cells", async () => {
  const { points, said } = await imported("cells.csv", 'tokens,loss\n1_000_000,5\n"2,000,000",4.5\n500M,4\n1.5B,3.5\n');
  expect(column(points, "tokens")).toEqual([1e6, 2e6, 5e8, 1.5e9]);
  put("cells.csv", 'tokens,loss\n1_000_000,5\n"2,000,000",4.5\n500M,4\n1.5B,3.5\n');
  expect((await run(["fit", "@/cells.csv"])).said).toMatch(/column tokens: 1_000_000 is 1000000/);
  expect(said).toContain("4 points");
});

test("columns of any name in --derive and --where, in backquotes or brackets", async () => {
  const rows = TOKENS.map((tokens) => `${6 * 1e8 * tokens},100M,${law(tokens)}`);
  put("names.csv", `Training FLOP,Model Size,loss\n${rows.join("\n")}\n`);
  for (const formula of ["tokens=`Training FLOP`/(6*`Model Size`)", "tokens=[Training FLOP]/(6*[Model Size])"]) {
    const fit = await run(["fit", "@/names.csv", "--derive", formula, "--where", "`Model Size` == 1e8", "--json"]);
    expect(numbers(fit.stdout)).toBeCloseTo(2, 4);
  }
});

test("JSON numbers as strings", async () => {
  const text = TOKENS.map((tokens) => JSON.stringify({ tokens: String(tokens), loss: String(law(tokens)) })).join("\n");
  const { points } = await imported("strings.jsonl", text);
  expect(column(points, "loss")).toEqual(TOKENS.map(law));
  expect(numbers((await run(["fit", "@/strings.jsonl", "--json"])).stdout)).toBeCloseTo(2, 4);
});

test.each(["zstd", "gzip", "brotli", "lz4"])("Parquet with %s, written by pyarrow 25", async (codec) => {
  put("p.parquet", readFileSync(path.resolve(import.meta.dirname, `fixtures/${codec}.parquet`)));
  const { points } = await run(["import", "@/p.parquet"]);
  expect(column(points, "loss")).toEqual([3.25, 3.125, 3.0625, 3.03125, 3.5, 3.25, 3.125, 3.0625]);
});

test("what rises is told from a loss, with a remedy that runs", async () => {
  put(
    "accuracy.csv",
    `tokens,val_accuracy\n${TOKENS.map((tokens) => `${tokens},${1 - law(tokens) / 4}`).join("\n")}\n`,
  );
  const { said } = await run(["fit", "@/accuracy.csv", "--y", "val_accuracy"]);
  const remedy = /give --derive "(.*?)" --y err/.exec(said)?.[1] ?? "";
  expect(remedy).toBe("err=1-val_accuracy");
  const fit = await run(["fit", "@/accuracy.csv", "--derive", remedy, "--y", "err", "--json"]);
  expect(numbers(fit.stdout)).toBeCloseTo(0.5, 3);
});

test("wide tables, a column a curve", async () => {
  put(
    "wide.csv",
    `tokens,baseline,rins-2,rins-10\n${TOKENS.map((tokens) => [tokens, law(tokens), law(tokens) - 0.5, law(tokens) - 1].join()).join("\n")}\n`,
  );
  const hint = await run(["fit", "@/wide.csv"]);
  expect(hint.said).toMatch(/--wide where each column is a curve/);
  const fit = await run(["fit", "@/wide.csv", "--wide", "--json"]);
  const found = fits(fit.stdout).fits;
  expect(found.map(({ group }) => group.scheme)).toEqual(["baseline", "rins-2", "rins-10"]);
  for (const [i, one] of found.entries()) expect(one.parameters.limit?.estimate).toBeCloseTo(2 - i / 2, 3);
  expect((await run(["import", "@/wide.csv", "--wide"])).points).toHaveLength(36);
});

test("schemes in natural order", async () => {
  const rows = ["s1", "s10", "s11", "s2"].flatMap((scheme) =>
    TOKENS.map((tokens) => `${scheme},${tokens},${law(tokens)}`),
  );
  put("natural.csv", `scheme,tokens,loss\n${rows.join("\n")}\n`);
  const { stdout } = await run(["fit", "@/natural.csv", "--json"]);
  expect(fits(stdout).fits.map(({ group }) => group.scheme)).toEqual(["s1", "s2", "s10", "s11"]);
});

test("standard input is the same door", async () => {
  const { recognised } = await import("../../src/curve/import/recognise.js");
  const bytes = Buffer.from("step 100: val loss 4.5\n");
  const read = await recognised({ name: "standard input", bytes, sha256: "" }, { pattern: null, live: false });
  expect(read.kind).toBe("log");
});
