// npm run bench:train: how fast a training step is, against PyTorch and against the machine's own matrix products.
//
//   npm run bench:train                  about eight minutes; run it with nothing else running
//   npm run bench:train -- --seconds 2   quicker and rougher
//
// The same model, batch and optimizer on each backend that is there, and in PyTorch where python3 has it, in turns;
// the median step of each turn, the best of the turns. GFLOP/s counts useful FLOPs alone (FLOP_CONVENTION).
// Then the same steps on 2, 4 … threads, up to the cores, a sweep on all cores against one run alone, and two towers.
import { spawnSync } from "node:child_process";
import { availableParallelism, cpus } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { random } from "../src/base/random.js";
import { applications, layersOfBlocks } from "../src/scheme/applications.js";
import { schemeByName } from "../src/scheme/catalogue.js";
import { type ModelShape, schemeCost } from "../src/scheme/cost.js";
import type { Scheme } from "../src/scheme/scheme.js";
import { type Backend, loadBackend, nativeProblem } from "../src/train/backend.js";
import {
  DEFAULT_OPTIMIZER,
  DEFAULT_SCHEDULE,
  DEFAULT_VALIDATION,
  type RunConfiguration,
} from "../src/train/configuration.js";
import { productSpeeds } from "../src/train/kernels/product-speed.js";
import { initialState, learner } from "../src/train/learner.js";
import type { Batch } from "../src/train/text/batches.js";
import { sweepSpeeds } from "./bench-sweep.js";
import { threadSpeed } from "./bench-threads.js";
import { towerSpeed } from "./bench-towers.js";

const TURNS = 3;
const { values } = parseArgs({ options: { seconds: { type: "string", default: "4" }, json: { type: "boolean" } } });
const seconds = Number(values.seconds);

interface Case {
  readonly name: string;
  readonly scheme: Scheme;
  readonly shape: ModelShape;
  readonly batch: number;
}

const at = (name: string, width: number, context: number, batch: number): Case => ({
  name: `${width}/4/${context}/${batch} ${name}`,
  scheme: schemeByName(name),
  shape: { width, layers: 4, heads: 4, context, vocabulary: 1024 },
  batch,
});
const CASES: readonly Case[] = [
  at("baseline", 64, 128, 16),
  at("baseline", 128, 128, 16),
  at("baseline", 256, 256, 8),
  at("A^3 B", 128, 128, 16),
];

function randomBatch({ shape, batch }: Case): Batch {
  const stream = random("bench");
  const ids = () => Int32Array.from({ length: batch * shape.context }, () => stream.integer(shape.vocabulary));
  return { inputs: ids(), targets: ids() };
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** A model of ours in training: one step, and its end. */
function training(backend: Backend, work: Case): { readonly step: () => Promise<void>; readonly dispose: () => void } {
  const run: RunConfiguration = {
    ...work,
    corpus: { name: "random", hash: "", tokenizer: "bpe", tokenizerHash: "" },
    horizons: [],
    schedule: DEFAULT_SCHEDULE,
    optimizer: DEFAULT_OPTIMIZER,
    validation: DEFAULT_VALIDATION,
    seed: 0,
    backend: backend.name,
  };
  const model = learner(backend, run, initialState(run));
  const batch = randomBatch(work);
  const rounds = Math.max(...work.scheme.signature.steps.map((step) => step.rounds));
  return { step: () => model.step(batch, 1e-3, rounds, random(0)), dispose: model.dispose };
}

/** Median seconds of a step of ours, on one thread. */
async function ours(backend: Backend, work: Case): Promise<number> {
  const { step, dispose } = training(backend, work);
  for (let i = 0; i < 3; i++) await step();
  const times: number[] = [];
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end || times.length < 5) {
    const start = performance.now();
    await step();
    times.push((performance.now() - start) / 1000);
  }
  dispose();
  return median(times);
}

/** Median seconds of a step in PyTorch, or null where python3 has none. */
function torch({ scheme, shape, batch }: Case, threads: number): number | null {
  const blocks = layersOfBlocks(scheme, shape.layers);
  const order = applications(scheme).flatMap((use) => (use.kind === "block" ? (blocks[use.block] ?? []) : []));
  const { width, layers, heads, context, vocabulary } = shape;
  const peer = spawnSync(
    "python3",
    [
      path.join(import.meta.dirname, "bench-train.py"),
      ...[width, layers, heads, context, vocabulary, batch].map(String),
      order.join(","),
      String(threads),
      String(seconds),
    ],
    { encoding: "utf8" },
  );
  if (peer.status !== 0) return null;
  const result: { seconds: number } = JSON.parse(peer.stdout);
  return result.seconds;
}

/** GFLOP/s of the products of one step alone, at this model's shapes. */
async function products({ tf }: Backend, { shape, batch }: Case): Promise<number> {
  await tf.setBackend("wasm");
  const { width: E, layers, context, vocabulary } = shape;
  const maps = [
    { inputs: E, outputs: 3 * E, uses: layers },
    { inputs: E, outputs: E, uses: layers },
    { inputs: E, outputs: 4 * E, uses: layers },
    { inputs: 4 * E, outputs: E, uses: layers },
    { inputs: E, outputs: vocabulary, uses: 1 },
  ];
  const rows = batch * context;
  const speeds = await productSpeeds(
    tf,
    maps.map(({ inputs, outputs }) => ({ rows, inputs, outputs })),
    seconds,
  );
  let flops = 0;
  let time = 0;
  maps.forEach(({ inputs, outputs, uses }, i) => {
    const speed = speeds[i];
    if (speed === undefined) return;
    const each = 2 * rows * inputs * outputs * uses;
    flops += 3 * each;
    time += each / speed.forward + each / speed.inputGradient + each / speed.weightGradient;
  });
  return flops / time;
}

const names = (await nativeProblem()) === null ? (["wasm", "tensorflow"] as const) : (["wasm"] as const);
const threads = availableParallelism();
process.stderr.write(
  `${cpus()[0]?.model}, ${threads} cores, node ${process.versions.node}, ${new Date().toISOString()}\n`,
);

const rows: Record<string, string | number>[] = [];
for (const work of CASES) {
  const best = new Map<string, number>();
  let product = 0;
  const keep = (who: string, time: number | null) => {
    if (time !== null) best.set(who, Math.min(time, best.get(who) ?? Number.POSITIVE_INFINITY));
  };
  for (let turn = 0; turn < TURNS; turn++) {
    for (const name of names) {
      const backend = await loadBackend(name);
      keep(name, await ours(backend, work));
      if (name === "wasm") product = Math.max(product, await products(backend, work));
    }
    keep("torch-1", torch(work, 1));
    keep("torch-all", torch(work, threads));
  }
  process.stderr.write(`${work.name}: done\n`);
  const tokens = work.batch * work.shape.context;
  const { flopsPerToken } = schemeCost(work.scheme, work.shape);
  for (const name of ["wasm", "tensorflow", "torch-1", "torch-all"]) {
    const time = best.get(name);
    if (time === undefined) continue;
    const speed = (flopsPerToken * tokens) / time / 1e9;
    const ratio = (who: string) => {
      const other = best.get(who);
      return other === undefined ? "–" : (other / time).toFixed(2);
    };
    rows.push({
      shape: work.name,
      backend: name,
      "tokens/s": Math.round(tokens / time),
      "GFLOP/s": speed.toFixed(1),
      "of torch, one thread": ratio("torch-1"),
      "of torch, all threads": ratio("torch-all"),
      "of the products": name === "wasm" ? `${((100 * speed) / product).toFixed(0)}% of ${product.toFixed(1)}` : "–",
    });
  }
}
const threadRows: Record<string, string | number>[] = [];
for (const work of CASES) {
  const backend = await loadBackend("wasm");
  const { step, dispose } = training(backend, work);
  for (let count = 2; count <= threads; count *= 2) {
    const { pairs, ratio, memory } = await threadSpeed(backend, step, count, 2 * seconds);
    threadRows.push({
      shape: work.name,
      threads: count,
      pairs,
      "of one thread's speed": ratio.toFixed(2),
      "of its memory": memory.toFixed(2),
    });
  }
  dispose();
}
const sweeps = threads === 1 ? [] : sweepSpeeds(threads, TURNS);
const sweepRows = sweeps.map(({ aloneSeconds, togetherSeconds, ratio }) => ({
  "one run alone, s": aloneSeconds.toFixed(1),
  [`${threads} runs, ${threads} workers, s`]: togetherSeconds.toFixed(1),
  "tokens a second of one run": `${ratio.toFixed(2)} times`,
}));
const towers = await towerSpeed(TURNS, seconds);
const towerRows = [
  {
    shape: "image–text 64/4+4/32px/64 baseline",
    "ms a step": (1000 * towers.seconds).toFixed(1),
    "GFLOP/s": towers.gigaflops.toFixed(1),
    "of torch, one thread": towers.torchSeconds === null ? "–" : (towers.torchSeconds / towers.seconds).toFixed(2),
  },
];
if (values.json)
  process.stdout.write(`${JSON.stringify({ steps: rows, threads: threadRows, sweeps, towers }, null, 2)}\n`);
else {
  printTable(rows);
  printTable(threadRows);
  printTable(sweepRows);
  printTable(towerRows);
}

function printTable(table: readonly Readonly<Record<string, string | number>>[]): void {
  const columns = Object.keys(table[0] ?? {});
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |\n`;
  process.stdout.write(line(columns) + line(columns.map(() => "---")));
  for (const row of table) process.stdout.write(line(columns.map((column) => row[column] ?? "–")));
  process.stdout.write("\n");
}
