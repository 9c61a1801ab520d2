// Surprisals that a run writes at its end: those of the model, whatever windows they were scored in.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { loadBackend } from "../../src/train/backend.js";
import { initialState, learner } from "../../src/train/learner.js";
import type { Corpus } from "../../src/train/text/corpus.js";
import { surprisalsOf, writeSurprisals } from "../../src/train/text/surprisals.js";
import { trainRun } from "../../src/train/trainer.js";
import { temporaryFolder, tinyCorpus, tinyRun } from "./tiny.js";

let corpus: Corpus;
beforeAll(async () => {
  corpus = await tinyCorpus(temporaryFolder());
});
const tokensOf = (length: number) => {
  const tokens = new Uint16Array(length);
  corpus.read("validation", 0, tokens);
  return tokens;
};

test("each token is scored with the prefix of its window: the last half context at least", async () => {
  const run = tinyRun(corpus, "rins-2"); // context 16
  const model = learner(await loadBackend("wasm"), run, initialState(run));
  const tokens = tokensOf(60);
  const found = await surprisalsOf(model, tokens, run, 2);
  expect(found.length).toBe(59);
  // Alone in its window: target t + 1 of the window that starts at `start`.
  const alone = async (start: number, t: number) => {
    const at = (shift: number) => Int32Array.from(tokens.subarray(start + shift, start + shift + 16));
    return (await model.surprisals({ inputs: at(0), targets: at(1) }, 2))[t] ?? Number.NaN;
  };
  for (const [token, start] of [
    [0, 0],
    [15, 0],
    [16, 8],
    [23, 8],
    [24, 16],
    [58, 43], // the last window ends with the text
  ] as const) {
    expect(found[token]).toBeCloseTo(await alone(start, token - start), 3);
  }
  expect(await surprisalsOf(model, tokensOf(16), run, 2)).toEqual([]);
  model.dispose();
});

test("a run writes them when it ends, of its own validation text or of others, and not when it was complete", async () => {
  const folder = temporaryFolder();
  const run = tinyRun(corpus, "baseline");
  const texts = ["novel.txt", "speech.txt"].map((name, i) => path.join(folder, `${i}-${name}`));
  for (const [i, text] of texts.entries()) writeFileSync(text, `${"she said that it was so. ".repeat(30 + i)}\n`);
  const file = path.join(folder, "out.jsonl");
  const train = () =>
    trainRun(run, {
      runsFolder: path.join(folder, "runs"),
      corpus,
      onTrained: async (state) =>
        writeSurprisals(file, learner(await loadBackend("wasm"), run, state), run, corpus, texts),
    });
  await train();
  const lines = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line): { group: string; surprisals: number[] } => JSON.parse(line));
  expect(lines.map(({ group, surprisals }) => [group, surprisals.length])).toEqual([
    // 25 characters a sentence, the last space gone, the first character no target.
    ["0-novel.txt", 25 * 30 - 1],
    ["1-speech.txt", 25 * 31 - 1],
  ]);
  expect(lines.flatMap(({ surprisals }) => surprisals).every((value) => value > 0 && value < 20)).toBe(true);
  const again = path.join(folder, "again.jsonl");
  await trainRun(run, {
    runsFolder: path.join(folder, "runs"),
    corpus,
    onTrained: async (state) =>
      writeSurprisals(again, learner(await loadBackend("wasm"), run, state), run, corpus, null),
  });
  expect(existsSync(again)).toBe(false);
});
