// The row of bench:train on pictures: a training step of two towers (width 64, 4 + 4 layers, 64 pairs of 32 × 32 pixels in
// patches of 4, captions of 24 tokens), on one thread, against the same step in PyTorch (bench-towers.py), in turns.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { random } from "../src/base/random.js";
import { schemeByName } from "../src/scheme/catalogue.js";
import { patchesOf, patchNumbers, tokensPerExample } from "../src/scheme/task.js";
import { runCost } from "../src/scheme/task-cost.js";
import { loadBackend } from "../src/train/backend.js";
import { DEFAULT_OPTIMIZER, DEFAULT_SCHEDULE, DEFAULT_VALIDATION } from "../src/train/configuration.js";
import { type PictureRun, pairTrainee } from "../src/train/towers/learner.js";

const RUN: PictureRun = {
  task: { kind: "image-text", picture: { side: 32, patch: 4, channels: 3 } },
  scheme: schemeByName("baseline"),
  shape: { width: 64, layers: 4, heads: 4, context: 24, vocabulary: 1024 },
  batch: 64,
  corpus: { name: "random", hash: "", tokenizer: "bpe", tokenizerHash: "" },
  horizons: [],
  schedule: DEFAULT_SCHEDULE,
  optimizer: DEFAULT_OPTIMIZER,
  validation: DEFAULT_VALIDATION,
  seed: 0,
  backend: "wasm",
};

export interface TowerSpeed {
  /** Of a step, the best turn's median. */
  readonly seconds: number;
  readonly gigaflops: number;
  /** Null where python3 has no PyTorch. */
  readonly torchSeconds: number | null;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

export async function towerSpeed(turns: number, seconds: number): Promise<TowerSpeed> {
  const { task, shape, batch } = RUN;
  const stream = random("bench");
  const data = {
    patches: Float32Array.from({ length: batch * patchesOf(task.picture) * patchNumbers(task.picture) }, () =>
      stream.normal(),
    ),
    captions: Int32Array.from({ length: batch * shape.context }, () => stream.integer(shape.vocabulary)),
  };
  let best = Number.POSITIVE_INFINITY;
  let torchBest: number | null = null;
  for (let turn = 0; turn < turns; turn++) {
    const backend = await loadBackend("wasm");
    const model = pairTrainee(backend, RUN, null);
    const times: number[] = [];
    for (let end = Number.POSITIVE_INFINITY, i = 0; performance.now() < end || times.length < 8; i++) {
      if (i === 3) end = performance.now() + 1000 * seconds;
      const start = performance.now();
      await model.step(data, 1e-3, 1, random(0));
      times.push((performance.now() - start) / 1000);
    }
    model.dispose();
    best = Math.min(best, median(times.slice(3)));
    const other = torch(seconds);
    if (other !== null) torchBest = Math.min(other, torchBest ?? other);
  }
  const flops = runCost(RUN).flopsPerToken * tokensPerExample(RUN) * batch;
  return { seconds: best, gigaflops: flops / best / 1e9, torchSeconds: torchBest };
}

function torch(seconds: number): number | null {
  const { task, shape, batch } = RUN;
  const sizes = [
    ...[shape.width, shape.layers, shape.heads, patchesOf(task.picture), patchNumbers(task.picture)],
    ...[shape.context, shape.vocabulary, batch],
  ];
  const peer = spawnSync(
    "python3",
    [path.join(import.meta.dirname, "bench-towers.py"), ...sizes.map(String), String(seconds)],
    { encoding: "utf8" },
  );
  if (peer.status !== 0) return null;
  const result: { seconds: number } = JSON.parse(peer.stdout);
  return result.seconds;
}
