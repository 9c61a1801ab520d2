// A plan of six runs that take seconds, with its text: seeded, the same everywhere.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { random } from "../../src/base/random.js";

export function writeWords(folder: string, documents: number): void {
  const stream = random("text");
  const words = ["the", "cat", "sat", "on", "a", "mat", "and", "saw", "dogs"];
  mkdirSync(folder);
  for (let i = 0; i < documents; i++) {
    const text = Array.from({ length: 1500 }, () => words[stream.integer(words.length)]).join(" ");
    writeFileSync(path.join(folder, `${i}.txt`), text);
  }
}

/** <home>/plan.json, named tiny, to the training FLOPs `horizons`, on the text in <home>/text. */
export function writeTinyPlan(home: string, horizons: readonly number[]): void {
  writeWords(path.join(home, "text"), 40);
  const plan = {
    name: "tiny",
    shape: { width: 16, layers: 2, heads: 2, context: 16, vocabulary: 256 },
    batch: 2,
    corpus: { path: "text", tokenizer: "byte" },
    schemes: ["baseline", "rins-2"],
    horizons,
    seeds: [1, 2, 3],
    schedule: { warmupSteps: 3, timescale: 20 },
    validation: { windows: 4, pointsPerOctave: 1 },
  };
  writeFileSync(path.join(home, "plan.json"), JSON.stringify(plan));
}
