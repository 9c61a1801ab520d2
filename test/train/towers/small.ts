// A run of towers small enough to train in a second, and its pictures.
import path from "node:path";
import { schemeByName } from "../../../src/scheme/catalogue.js";
import type { Scheme } from "../../../src/scheme/scheme.js";
import type { Task } from "../../../src/scheme/task.js";
import { DEFAULT_OPTIMIZER, horizonsOf } from "../../../src/train/configuration.js";
import { openPictures, type Pictures } from "../../../src/train/image/pictures.js";
import type { PictureRun } from "../../../src/train/towers/learner.js";

export const PAIRS: Task = { kind: "image-text", picture: { side: 8, patch: 4, channels: 3 } };
export const EMOJI: Task = { kind: "image-class", data: "emoji", picture: { side: 8, patch: 4, channels: 3 } };
export const DIGITS: Task = { kind: "image-class", data: "mnist", picture: { side: 28, patch: 7, channels: 1 } };

const SHAPES = {
  "image-text": { width: 8, layers: 2, heads: 2, context: 8, vocabulary: 300 },
  emoji: { width: 8, layers: 2, heads: 2, context: 4, vocabulary: 64 },
  mnist: { width: 16, layers: 2, heads: 2, context: 16, vocabulary: 10 },
};
const shapeOf = (task: Task) => SHAPES[task.kind === "image-text" ? task.kind : task.data];

export const smallPictures = (task: Task, folder: string): Promise<Pictures> => {
  const { context, vocabulary } = shapeOf(task);
  return openPictures({ task, context, vocabulary, cacheFolder: path.join(folder, "cache") });
};

export function smallRun(
  pictures: Pictures,
  task: Task,
  scheme: Scheme = schemeByName("baseline"),
  change: Partial<PictureRun> = {},
): PictureRun {
  const shape = shapeOf(task);
  const batch = 8;
  const perExample = shape.context + (task.kind === "image-text" ? 4 : 0);
  const budgets = { unit: "tokens", values: [8, 12].map((steps) => steps * batch * perExample) } as const;
  return {
    task,
    scheme,
    shape,
    batch,
    corpus: { name: pictures.name, hash: pictures.hash, tokenizer: "bpe", tokenizerHash: pictures.tokenizer.hash },
    horizons: horizonsOf(scheme, shape, batch, budgets, task),
    schedule: { learningRate: 1e-2, warmupSteps: 2, timescale: 20, cooldownFraction: 0.25 },
    optimizer: DEFAULT_OPTIMIZER,
    validation: { windows: 64, pointsPerOctave: 1 },
    seed: 1,
    backend: "wasm",
    ...change,
  };
}
