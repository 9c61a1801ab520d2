// Importers on files as the tools write them. The event file was written by torch.utils.tensorboard (PyTorch 2.13,
// TensorBoard 2.21), the Parquet file by pyarrow 25; the others follow the tools' documented formats. All hold the same
// curve: validation loss 2.1 + 3·step^−.3 at steps 300 … 1200, 16384 tokens a step.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { importCurves } from "../../src/curve/import/import.js";
import { maskedCrc32c } from "../../src/curve/read/tensorboard.js";
import type { Table } from "../../src/curve/table.js";

const fixtures = path.resolve(import.meta.dirname, "fixtures");
const scratch = mkdtempSync(path.join(tmpdir(), "rinsight-import-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const STEPS = [300, 600, 900, 1200];
const cells = (table: Table, name: string): (number | string)[] => {
  const column = table.columns.get(name);
  return column === undefined ? [] : [...column.values];
};
const numbers = (table: Table, name: string): number[] => cells(table, name).map(Number);
const distinct = (table: Table, name: string): unknown[] => [...new Set(cells(table, name))];
function expectCurve(table: Table, digits: number): void {
  expect(numbers(table, "tokens")).toEqual(STEPS.map((step) => step * 16384));
  STEPS.forEach((step, i) => {
    expect(numbers(table, "loss")[i]).toBeCloseTo(2.1 + 3 * step ** -0.3, digits);
  });
}

test("CRC-32C, masked as in TFRecord: check value of the polynomial, e3069283 for 123456789", () => {
  const masked = maskedCrc32c(new TextEncoder().encode("123456789"));
  const rotated = (masked - 0xa282ead8) >>> 0;
  expect(((rotated << 15) | (rotated >>> 17)) >>> 0).toBe(0xe3069283);
});

test("TensorBoard: an event file, tokens and loss by name, old and new scalars alike", async () => {
  const { table, notes } = await importCurves(path.join(fixtures, "events.out.tfevents.fixture"));
  expectCurve(table, 6);
  const other = await importCurves(path.join(fixtures, "events.out.tfevents.fixture"), { loss: "val/loss_new" });
  expect(numbers(other.table, "loss")).toEqual(numbers(table, "loss"));
  expect(notes.join("\n")).toMatch(/took loss from val\/loss \(4 values\): its name says validation/);
  expect(notes.join("\n")).toMatch(/took tokens from train\/tokens/);
});

test("TensorBoard: a folder of runs, one a subfolder; links in a circle are not followed", async () => {
  for (const run of ["rins-3", "baseline"]) {
    mkdirSync(path.join(scratch, "logs", run), { recursive: true });
    copyFileSync(
      path.join(fixtures, "events.out.tfevents.fixture"),
      path.join(scratch, "logs", run, "events.out.tfevents.1"),
    );
  }
  symlinkSync(path.join(scratch, "logs"), path.join(scratch, "logs", "loop"));
  const { table } = await importCurves(path.join(scratch, "logs"));
  expect(distinct(table, "run")).toEqual(["baseline", "rins-3"]);
  expect(table.rows).toBe(8);
});

test("TensorBoard: a record cut off is said, a flipped byte is refused at its place", async () => {
  const bytes = readFileSync(path.join(fixtures, "events.out.tfevents.fixture"));
  writeFileSync(path.join(scratch, "torn"), bytes.subarray(0, bytes.length - 20));
  expect((await importCurves(path.join(scratch, "torn"))).notes.join()).toMatch(/last record was cut off/);
  const flipped = Buffer.from(bytes);
  flipped[700] = (flipped[700] ?? 0) ^ 1;
  writeFileSync(path.join(scratch, "flipped"), flipped);
  await expect(importCurves(path.join(scratch, "flipped"))).rejects.toThrow(/byte \d+: record must match its checksum/);
});

test("Hugging Face trainer_state.json, the file and the checkpoint folder", async () => {
  const { table, notes } = await importCurves(path.join(fixtures, "trainer_state.json"));
  expectCurve(table, 5);
  expect(notes.join("\n")).toMatch(/eval_loss/);
  for (const step of [500, 1000]) {
    const folder = path.join(scratch, "run", `checkpoint-${step}`);
    mkdirSync(folder, { recursive: true });
    copyFileSync(path.join(fixtures, "trainer_state.json"), path.join(folder, "trainer_state.json"));
  }
  expect((await importCurves(path.join(scratch, "run"))).table.columns.get("run")?.values[0]).toBe("run");
});

test("Weights & Biases: a history export, and a chart export with one curve a run", async () => {
  expectCurve((await importCurves(path.join(fixtures, "wandb-history.csv"))).table, 12);
  const chart = path.join(fixtures, "wandb-chart.csv");
  await expect(importCurves(chart)).rejects.toThrow(/--tokens-per-step/);
  const { table } = await importCurves(chart, { tokensPerStep: 16384 });
  expect(distinct(table, "scheme")).toEqual(["rins-3", "baseline"]);
  expect(numbers(table, "loss")[4]).toBeCloseTo(2.2 + 3 * 300 ** -0.3, 12);
});

test("a plain log: the built-in pattern takes validation lines, a pattern of one's own takes others", async () => {
  const log = path.join(fixtures, "nanogpt.log");
  expectCurve((await importCurves(log, { tokensPerStep: 16384 })).table, 3);
  const { table } = await importCurves(log, {
    tokensPerStep: 16384,
    pattern: "step (?<step>\\d+): train loss (?<loss>[\\d.]+)",
    scheme: "rins-3",
  });
  expect(numbers(table, "loss")[0]).toBeCloseTo(2 + 3 * 300 ** -0.3, 3);
  expect(table.columns.get("scheme")?.values[0]).toBe("rins-3");
});

test("a pattern that would never end is ended", async () => {
  writeFileSync(path.join(scratch, "slow.log"), `step ${"1".repeat(60)} x\n`);
  const start = performance.now();
  await expect(importCurves(path.join(scratch, "slow.log"), { pattern: "(?<step>(1+)+)$" })).rejects.toThrow(
    /nested repetition/,
  );
  expect(performance.now() - start).toBeLessThan(15_000);
});

test("a Parquet table by pyarrow", async () => {
  const { table } = await importCurves(path.join(fixtures, "curves.parquet"));
  expect(table.rows).toBe(24);
  expect(numbers(table, "tokens")[0]).toBe(1e6);
  expect(distinct(table, "scheme")).toEqual(["ab", "rins-3"]);
});

test("tokens logged at other steps than the loss are taken between them", async () => {
  const file = path.join(scratch, "between.csv");
  writeFileSync(file, "step,tokens,val_loss\n100,1000,\n150,,3\n200,2000,\n250,,2\n");
  const { table, notes } = await importCurves(file);
  expect(numbers(table, "tokens")).toEqual([1500]);
  expect(notes.join("\n")).toMatch(/left out 1 row with a loss but no tokens/);
});

test("Weights & Biases: runs of a history export are told apart by their names, and never merged", async () => {
  const rows = [0, 1].flatMap((run) => STEPS.map((step) => `rins-${run},${step},${step * 16384},${3 - run / 10}`));
  const file = path.join(scratch, "history.csv");
  writeFileSync(file, `Name,_step,train_tokens,val_loss\n${rows.join("\n")}\n`);
  const { table, notes } = await importCurves(file);
  expect(distinct(table, "run")).toEqual(["rins-0", "rins-1"]);
  expect(table.rows).toBe(8);
  expect(notes.join("\n")).toMatch(/took runs from Name.*8 points of 2 runs$/s);
  expect(notes.join("\n")).not.toMatch(/between its steps/);
  writeFileSync(file, `kind,_step,train_tokens,val_loss\n${rows.join("\n")}\n`);
  await expect(importCurves(file)).rejects.toThrow(
    /line 6: .*got 300 after 1200 in run "history": two runs under one name; give .*--run/,
  );
  expect(distinct((await importCurves(file, { run: ["kind"] })).table, "run")).toEqual(["rins-0", "rins-1"]);
});
