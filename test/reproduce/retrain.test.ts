// A run is trained again from its own header: the same to the bit, and an altered digit is found.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { retrain } from "../../src/reproduce/retrain.js";
import { trainRun } from "../../src/train/trainer.js";
import { temporaryFolder, tinyCorpus, tinyRun } from "../train/tiny.js";

const folder = temporaryFolder();
const texts = path.join(folder, "texts");
let file = "";

beforeAll(async () => {
  const corpus = await tinyCorpus(folder);
  file = (await trainRun(tinyRun(corpus, "rins-2"), { runsFolder: folder, corpus })).file;
  corpus.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

test("the whole run comes out the same, bit for bit", async () => {
  const again = await retrain(file, { steps: null, corpusPath: texts });
  expect(again.differences).toEqual([]);
  expect(again.tolerance).toBe(0);
  expect(again.pointsCompared).toBe(again.pointsPublished);
});

test("the first steps alone give the first points", async () => {
  const again = await retrain(file, { steps: 20, corpusPath: texts });
  expect(again.differences).toEqual([]);
  expect(again.pointsCompared).toBeGreaterThan(0);
  expect(again.pointsCompared).toBeLessThan(again.pointsPublished);
});

test("fewer steps than lead to a point go on to it: a comparison of nothing is none", async () => {
  const again = await retrain(file, { steps: 1, corpusPath: texts });
  expect(again.differences).toEqual([]);
  expect(again.pointsCompared).toBe(1);
});

test("the last digit of one loss that was altered is found and named", async () => {
  const lines = readFileSync(file, "utf8").split("\n");
  const altered = (lines[2] ?? "").replace(
    /("loss":\d\.\d+?)(\d)(?=,)/,
    (_, head, digit) => `${head}${(Number(digit) + 1) % 10}`,
  );
  expect(altered).not.toBe(lines[2]);
  const copy = path.join(folder, "altered.jsonl");
  writeFileSync(copy, lines.with(2, altered).join("\n"));
  const { differences } = await retrain(copy, { steps: null, corpusPath: texts });
  expect(differences.map((one) => one.where)).toEqual(["altered.jsonl line 3.loss"]);
});
