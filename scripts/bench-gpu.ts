// npm run bench:gpu: milliseconds of a training step on the GPU, in 32 bits and in half precision, against PyTorch on the
// same card where python3 has it: eager f32 without TF32, and eager under autocast to bf16 and f16.
//
//   npm run bench:gpu                     about a minute and a half on a large card
//   npm run bench:gpu -- --widths 256     one size; --seconds 1 is quicker and rougher
//
// Four layers, heads of 64, context 512, batch 8, vocabulary 1,024. In turns, the best of them.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";
import { schemeCost } from "../src/scheme/cost.js";
import { initialState, type Trained } from "../src/train/learner.js";
import { learnersOn } from "../src/train/learners.js";
import { DEFAULT_STEP, stepSeconds } from "../src/train/step-speed.js";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "2" },
    widths: { type: "string", default: "256,512,768" },
    context: { type: "string", default: "512" },
    turns: { type: "string", default: "2" },
  },
});
const TURNS = Number(values.turns);

const workAt = (width: number): Trained => ({
  ...DEFAULT_STEP,
  shape: { width, layers: 4, heads: width / 64, context: Number(values.context), vocabulary: 1024 },
  batch: 8,
});

/** Seconds of a step in PyTorch on the card; null where it cannot. */
function torch({ shape, batch }: Trained, kind: string): number | null {
  const { width, layers, heads, context, vocabulary } = shape;
  const peer = spawnSync(
    "python3",
    [
      path.join(import.meta.dirname, "bench-train.py"),
      ...[width, layers, heads, context, vocabulary, batch].map(String),
      "0,1,2,3",
      "1",
      values.seconds,
      "cuda",
      kind,
    ],
    { encoding: "utf8" },
  );
  if (peer.status !== 0) {
    process.stderr.write(`torch ${kind}: ${peer.stderr.trim().split("\n").at(-1)}\n`);
    return null;
  }
  const result: { seconds: number } = JSON.parse(peer.stdout);
  return result.seconds;
}

const { learner, device } = await learnersOn("webgpu");
process.stdout.write(
  `${device}\n| width | ${["f32", "f16", "torch f32", "torch bf16", "torch f16"].join(" | ")} | of torch f32 |\n|---|---|---|---|---|---|---|\n`,
);
for (const width of values.widths.split(",").map(Number)) {
  const work = workAt(width);
  const best = new Map<string, number>();
  const keep = (who: string, seconds: number | null) => {
    if (seconds !== null) best.set(who, Math.min(seconds, best.get(who) ?? Number.POSITIVE_INFINITY));
  };
  for (let turn = 0; turn < TURNS; turn++) {
    for (const precision of [undefined, "f16"] as const) {
      const of = (run: Trained) => learner(run, initialState(run));
      keep(precision ?? "f32", await stepSeconds(of, { ...work, precision }, Number(values.seconds)));
    }
    for (const kind of ["f32", "bf16", "f16"]) keep(`torch ${kind}`, torch(work, kind));
  }
  const cell = (who: string) => {
    const seconds = best.get(who);
    return seconds === undefined ? "–" : (1000 * seconds).toFixed(2);
  };
  const [ours, theirs] = [best.get("f32"), best.get("torch f32")];
  const ratio = ours === undefined || theirs === undefined ? "–" : (theirs / ours).toFixed(2);
  const cells = ["f32", "f16", "torch f32", "torch bf16", "torch f16"].map(cell);
  process.stdout.write(`| ${width} | ${cells.join(" | ")} | ${ratio} |\n`);
  const flops = schemeCost(work.scheme, work.shape).flopsPerToken * work.batch * work.shape.context;
  process.stderr.write(`${width}: ${((flops / (best.get("f32") ?? Number.NaN)) * 1e-9).toFixed(0)} GFLOP/s\n`);
}
process.exit(0); // Dawn would keep the process.
