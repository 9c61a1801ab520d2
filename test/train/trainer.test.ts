import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { sha256 } from "../../src/base/json.js";
import { acquireLock } from "../../src/base/lock.js";
import { random } from "../../src/base/random.js";
import { temporaryOf } from "../../src/base/write.js";
import type { RunLine, RunPoint } from "../../src/curve/run-file.js";
import { schemeByName } from "../../src/scheme/catalogue.js";
import { schemeCost } from "../../src/scheme/cost.js";
import { loadBackend } from "../../src/train/backend.js";
import { previousOf, readCheckpoint, writeCheckpoint } from "../../src/train/checkpoint.js";
import type { RunConfiguration } from "../../src/train/configuration.js";
import { horizonsOf, runId } from "../../src/train/configuration.js";
import { initialState, learner } from "../../src/train/learner.js";
import { backendBytes } from "../../src/train/memory.js";
import { trainingBatches, validationBatches } from "../../src/train/text/batches.js";
import type { Corpus } from "../../src/train/text/corpus.js";
import { runFileOf, type TrainOptions, trainRun } from "../../src/train/trainer.js";
import { temporaryFolder, tinyCorpus, tinyRun } from "./tiny.js";

let corpus: Corpus;
beforeAll(async () => {
  corpus = await tinyCorpus(temporaryFolder());
});

const train = (run: RunConfiguration, runsFolder: string, options: Partial<TrainOptions> = {}) =>
  trainRun(run, { runsFolder, corpus, ...options });
const linesOf = (file: string): RunLine[] =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const pointsOf = (file: string): RunPoint[] => linesOf(file).flatMap((line) => (line.kind === "point" ? [line] : []));

test("a run file has its header, its points on trunk and branches, its end", async () => {
  const run = tinyRun(corpus, "rins-2");
  const result = await train(run, temporaryFolder());
  expect(result).toMatchObject({ id: runId(run), status: "complete", reason: null });
  const lines = linesOf(result.file);
  expect(lines.map(({ kind }) => kind)).toEqual(["header", ...Array(result.points).fill("point"), "end"]);
  expect(lines[0]).toMatchObject({ id: runId(run), configuration: run, scheme: { signature: "A^2 B" }, seed: 1 });

  const points = pointsOf(result.file);
  const decayed = points.filter((point) => point.decayed);
  expect(decayed.map(({ tokens }) => tokens)).toEqual([640, 960, 1600]);
  expect(decayed.map(({ horizonTokens }) => horizonTokens)).toEqual([640, 960, 1600]);
  const { flopsPerToken } = schemeCost(run.scheme, run.shape);
  for (const point of points) {
    expect(point.flops).toBe(point.tokens * flopsPerToken);
    expect(point.lossByRounds.map(({ rounds }) => rounds)).toEqual(point.decayed ? [1, 2, 3, 4] : []);
    if (point.decayed) expect(point.lossByRounds[1]?.loss).toBe(point.loss);
  }
  // It learns: made-up words from 60 of them are far from uniform bytes (ln 256 = 5.5).
  expect(points.at(-1)?.loss).toBeLessThan(4);
});

test("growing rounds: the trunk is the baseline's, the cool-down has all rounds and their FLOPs", async () => {
  const growing = tinyRun(corpus, "baseline", { scheme: schemeByName("A^3 B", { growing: 0.25 }) });
  const grown = pointsOf((await train(growing, temporaryFolder())).file);
  const plain = pointsOf((await train(tinyRun(corpus, "baseline"), temporaryFolder())).file);
  const trunk = (points: readonly RunPoint[]) => points.filter(({ decayed }) => !decayed).map(({ loss }) => loss);
  expect(trunk(grown).length).toBeGreaterThan(3);
  expect(trunk(grown)).toEqual(trunk(plain));
  const perToken = (name: string) => schemeCost(schemeByName(name), growing.shape).flopsPerToken;
  for (const point of grown.filter(({ decayed }) => decayed)) {
    const cooling = Math.round(0.25 * (point.tokens / 32)) * 32; // tokens, in whole steps of 2 × 16
    expect(point.flops).toBe((point.tokens - cooling) * perToken("baseline") + cooling * perToken("rins-3"));
    expect(point.lossByRounds[2]?.loss).toBe(point.loss);
  }
  await expect(train({ ...growing, scheme: schemeByName("growing-rins-3") }, temporaryFolder())).rejects.toThrow(
    /a share of 0.25 of the steps, got 0.2; make the two equal/,
  );
});

test("the halves of the validation split have no token in common, and together its ends", () => {
  const last = corpus.tokens.validation - 1;
  const whole = (half?: "first" | "second") =>
    validationBatches(corpus, { windows: 8, ...(half === undefined ? {} : { half }) }, 4, 16).flatMap(
      ({ inputs, targets }) => [...inputs, ...targets.subarray(-1)],
    );
  const text = new Uint16Array(last + 1);
  corpus.read("validation", 0, text);
  const middle = Math.floor((last + 1) / 2);
  expect(whole("first").slice(0, 16)).toEqual([...text.subarray(0, 16)]);
  expect(whole("first").slice(-1)).toEqual([text[middle - 1]]);
  expect(whole("second").slice(0, 16)).toEqual([...text.subarray(middle, middle + 16)]);
  expect(whole("second").slice(-1)).toEqual([text[last]]);
  expect(whole().slice(0, 16)).toEqual(whole("first").slice(0, 16));
});

test("a cool-down starts from the trunk as if the trunk had stopped there", async () => {
  // The first decayed point of a long run is that of a run with the first horizon alone.
  const run = tinyRun(corpus, "rins-2");
  const long = await train(run, temporaryFolder());
  const short = await train({ ...run, horizons: run.horizons.slice(0, 1) }, temporaryFolder());
  const decayedOf = (file: string) => pointsOf(file).find((point) => point.decayed);
  expect(decayedOf(long.file)).toEqual(decayedOf(short.file));
  // And the trunk goes on from where it stood: a run without the first horizon has the same trunk and last point.
  const late = await train({ ...run, horizons: run.horizons.slice(2) }, temporaryFolder());
  expect(pointsOf(long.file).at(-1)).toMatchObject({ loss: pointsOf(late.file).at(-1)?.loss });
});

test("the same configuration gives the same bytes; another seed others", async () => {
  const run = tinyRun(corpus, "stochastic-rins-3");
  const hash = async (configuration: RunConfiguration) =>
    sha256(readFileSync((await train(configuration, temporaryFolder())).file));
  expect(await hash(run)).toBe(await hash(run));
  expect(await hash({ ...run, seed: 2 })).not.toBe(await hash(run));
});

test.each([1, 2, 4])(
  "the bits of a short run are frozen: a change is made on purpose, with a line in CHANGELOG (%i threads)",
  async (threads) => {
    const { file } = await train(tinyRun(corpus, "stochastic-rins-3"), temporaryFolder(), { threads: () => threads });
    const points = pointsOf(file).map((point) => JSON.stringify(point));
    expect(sha256(points.join("\n"))).toBe("d7a085781cede6b4a907ee57c804c634eb51330611891e86d5516534bdc1d61b");
  },
);

test("threads that come and go, and a stop between them, leave the bytes of one thread", async () => {
  const run = tinyRun(corpus, "rins-2", {
    batch: 3,
    shape: { width: 12, layers: 2, heads: 3, context: 8, vocabulary: 256 },
  });
  const horizons = horizonsOf(run.scheme, run.shape, run.batch, { unit: "tokens", values: [640, 1600] });
  const odd = { ...run, horizons };
  const alone = await train(odd, temporaryFolder());
  const folder = temporaryFolder();
  const stop = new AbortController();
  let steps = 0;
  const threads = () => 1 + (steps % 4);
  const onProgress = () => void (++steps === 30 && stop.abort());
  expect((await train(odd, folder, { threads, onProgress, signal: stop.signal })).status).toBe("interrupted");
  const { file } = await train(odd, folder, { threads, onProgress });
  expect(readFileSync(file, "utf8")).toBe(readFileSync(alone.file, "utf8"));
});

test("each window of the corpus is seen once before any is seen twice, in an order of the seed", () => {
  const windows = Math.floor((corpus.tokens.train - 1) / 16);
  const seen = (seed: number) => {
    const batchOf = trainingBatches(corpus, 1, 16, seed);
    return Array.from({ length: windows }, (_, step) => [...batchOf(step).inputs].join(" "));
  };
  const text = new Uint16Array(windows * 16);
  corpus.read("train", 0, text);
  const all = Array.from({ length: windows }, (_, i) => [...text.subarray(16 * i, 16 * i + 16)].join(" "));
  expect(seen(1).sort()).toEqual(all.sort());
  expect(seen(1).slice(0, 20)).not.toEqual(seen(2).slice(0, 20));
  const { inputs, targets } = trainingBatches(corpus, 2, 16, 1)(3);
  expect([...targets.subarray(0, 15)]).toEqual([...inputs.subarray(1, 16)]);
});

test.each(["wasm", "cpu"] as const)("no step leaves a tensor behind (%s)", async (name) => {
  const run = tinyRun(corpus, "stochastic-rins-3", { backend: name });
  const backend = await loadBackend(name);
  const before = backend.tf.memory().numTensors;
  const model = learner(backend, run, initialState(run));
  const batchOf = trainingBatches(corpus, run.batch, run.shape.context, 1);
  const counts: number[] = [];
  for (let step = 0; step < 6; step++) {
    await model.step(batchOf(step), 1e-3, 1 + (step % 3), random(0));
    await model.evaluate([batchOf(99)], 2);
    counts.push(backend.tf.memory().numTensors);
  }
  expect(new Set(counts).size).toBe(1);
  model.dispose();
  expect(backend.tf.memory().numTensors).toBe(before);
});

test("the cpu composition and the wasm kernels agree to 1e-4 after 50 steps", async () => {
  const losses: (readonly number[])[] = [];
  for (const name of ["cpu", "wasm"] as const) {
    const run = tinyRun(corpus, "rins-2", { backend: name });
    const model = learner(await loadBackend(name), run, initialState(run));
    const batchOf = trainingBatches(corpus, run.batch, run.shape.context, 1);
    for (let step = 0; step < 50; step++) await model.step(batchOf(step), 3e-3, 2, random(0));
    losses.push(await model.losses());
    model.dispose();
  }
  const [cpu = [], wasm = []] = losses;
  expect(cpu[49]).toBeLessThan((cpu[0] ?? 0) - 1);
  cpu.forEach((loss, step) => {
    expect(Math.abs(loss / (wasm[step] ?? 0) - 1), `step ${step}`).toBeLessThan(1e-4);
  });
});

test.each([
  ["a NaN first met in validation", "rins-2", 1e8, 2, /^validation loss NaN at step 2, learning rate/],
  ["a decayed loss of more than twice ln 256", "rao-4", 0, 10, /^validation loss (1[2-9]|[2-9]\d|\d{3,})\.\d+ at step/],
])("%s: diverged", async (_case, scheme, weightDecay, steps, reason) => {
  const run = tinyRun(corpus, scheme);
  const wild = {
    ...run,
    horizons: run.horizons.slice(0, 1).map((horizon) => ({ ...horizon, tokens: 32 * steps })),
    schedule: { learningRate: 10, warmupSteps: 0, timescale: 400, cooldownFraction: 1 / steps },
    optimizer: { ...run.optimizer, weightDecay },
  };
  const result = await train(wild, temporaryFolder());
  expect(result.status).toBe("diverged");
  expect(result.reason).toMatch(reason);
});

test("a run that diverges says so in its end line, and is not trained again", async () => {
  const run = tinyRun(corpus, "rins-2");
  const wild = {
    ...run,
    schedule: { ...run.schedule, learningRate: 10, warmupSteps: 0 },
    optimizer: { ...run.optimizer, clipNorm: 1e30, weightDecay: 1e6 },
  };
  const result = await train(wild, temporaryFolder());
  expect(result.status).toBe("diverged");
  expect(result.reason).toMatch(/loss (NaN|Infinity) at step \d+, learning rate [\d.]+, scheme RINS r=2/);
  expect(linesOf(result.file).at(-1)).toMatchObject({ kind: "end", status: "diverged", points: result.points });
  // Asked again, the answer is the same without training.
  expect(await train(wild, path.dirname(result.file))).toEqual(result);
});

/** Trains until `steps` steps are done, then stops as Ctrl-C does. */
async function interrupted(run: RunConfiguration, folder: string, steps: number, options: Partial<TrainOptions> = {}) {
  const stop = new AbortController();
  let done = 0;
  return train(run, folder, { ...options, signal: stop.signal, onProgress: () => ++done === steps && stop.abort() });
}

test("a stopped run goes on from its checkpoint to the same bytes, on the trunk and on a branch", async () => {
  const run = tinyRun(corpus, "rins-2");
  const whole = readFileSync((await train(run, temporaryFolder())).file, "utf8");
  const folder = temporaryFolder();
  for (const steps of [3, 14, 6, 9]) expect((await interrupted(run, folder, steps)).status).toBe("interrupted");
  const result = await train(run, folder);
  expect(result.status).toBe("complete");
  expect(readFileSync(result.file, "utf8")).toBe(whole);
});

test.each([
  ["truncated", (bytes: Buffer) => bytes.subarray(0, bytes.length - 100)],
  ["with one bit turned", (bytes: Buffer) => bytes.fill((bytes[500] ?? 0) ^ 1, 500, 501)],
  ["empty", () => Buffer.alloc(0)],
])("a checkpoint %s is recognised, said, and the one before it is used", async (_case, damage) => {
  const run = tinyRun(corpus, "rins-2");
  const whole = readFileSync((await train(run, temporaryFolder())).file, "utf8");
  const folder = temporaryFolder();
  await interrupted(run, folder, 21);
  await interrupted(run, folder, 10);
  const file = path.join(folder, ".work", `${runId(run)}.checkpoint`);
  writeFileSync(file, damage(readFileSync(file)));
  const messages: string[] = [];
  let steps = 0;
  const result = await train(run, folder, {
    onMessage: (message) => messages.push(message),
    onProgress: () => steps++,
  });
  expect(messages).toEqual([expect.stringMatching(/checkpoint is damaged \(checksum\); taking the one before it/)]);
  expect(readFileSync(result.file, "utf8")).toBe(whole);
  // Not from the beginning: the checkpoint after 21 steps was used.
  const all = 15 + 5 + 8 + 7 + 15 + 12; // trunk 0–15, branch to 20, trunk to 23, branch to 30, trunk to 38, branch to 50
  expect(steps).toBeLessThan(all - 15);
});

test("a run file that was altered is not gone on with: the run starts again", async () => {
  const run = tinyRun(corpus, "rins-2");
  const whole = readFileSync((await train(run, temporaryFolder())).file, "utf8");
  const folder = temporaryFolder();
  await interrupted(run, folder, 30);
  const file = runFileOf(folder, runId(run));
  writeFileSync(file, readFileSync(file, "utf8").replace('"step":10', '"step":11'));
  const result = await train(run, folder);
  expect(readFileSync(result.file, "utf8")).toBe(whole);
});

test("a checkpoint comes back as it was written, and the one before it is kept", () => {
  const run = tinyRun(corpus, "stochastic-rins-3");
  const file = path.join(temporaryFolder(), "a.checkpoint");
  const current = { segment: 1, step: 7, flops: 1e12, lossSum: 0.1 + 0.2, lossSteps: 3, model: initialState(run) };
  const checkpoint = {
    run: "id",
    current,
    parked: { ...current, step: 5 },
    written: { points: 1, bytes: 2, sha256: "c" },
  };
  writeCheckpoint(file, checkpoint);
  expect(readCheckpoint(file)).toEqual(checkpoint);
  writeCheckpoint(file, { ...checkpoint, parked: null });
  expect(readCheckpoint(file)).toEqual({ ...checkpoint, parked: null });
  expect(readCheckpoint(previousOf(file))).toEqual(checkpoint);
  expect(readCheckpoint(`${file}.none`)).toBe("missing");
});

test("a run that another process has is refused", async () => {
  const folder = temporaryFolder();
  const run = tinyRun(corpus, "rins-2");
  const lock = acquireLock(path.join(folder, ".work", `${runId(run)}.lock`), "run");
  await expect(train(run, folder)).rejects.toThrow(/held by process/);
  lock.release();
});

test("a pipe or a folder in place of a run file is one line, and holds nothing up", async () => {
  const folder = temporaryFolder();
  const run = tinyRun(corpus, "rins-2");
  execFileSync("mkfifo", [runFileOf(folder, runId(run))]);
  await expect(train(run, folder)).rejects.toThrow(/must be a plain file, got something else; remove it/);
});

test("a run whose lock another process takes over stops before it writes again", async () => {
  const folder = temporaryFolder();
  const run = tinyRun(corpus, "rins-2");
  const lockFile = path.join(folder, ".work", `${runId(run)}.lock`);
  let steps = 0;
  const onProgress = () => {
    if (++steps === 10) writeFileSync(lockFile, "another's");
  };
  await expect(train(run, folder, { onProgress })).rejects.toThrow(/another that took it over; this one stops/);
  expect(steps).toBeLessThan(30);
  // It left the other's lock and what the other may be writing.
  expect(readFileSync(lockFile, "utf8")).toBe("another's");
});

test("what a process left that died after the last line of its run is tidied when the run is asked for again", async () => {
  const folder = temporaryFolder();
  const run = tinyRun(corpus, "rins-2");
  const { file } = await train(run, folder);
  const work = path.join(folder, ".work");
  const left = readdirSync(work);
  for (const name of [".checkpoint", ".checkpoint.previous", ".checkpoint.next"]) {
    writeFileSync(path.join(work, runId(run) + name), "left");
  }
  const dead = temporaryOf(file).replace(`-${process.pid}-`, `-${2 ** 22 + 1}-`);
  writeFileSync(dead, "left");
  await train(run, folder);
  expect(readdirSync(work)).toEqual(left);
  expect(existsSync(dead)).toBe(false);
});

test("a folder that cannot be written is named", async () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, "taken"), "a file");
  await expect(train(tinyRun(corpus, "rins-2"), path.join(folder, "taken"))).rejects.toThrow(
    /taken.* must be writable/,
  );
});

test("latent rounds need memory for the draws above their mean, fixed ones for their own", () => {
  const bytes = (signature: string, latent: boolean) =>
    backendBytes(tinyRun(corpus, "baseline", { scheme: schemeByName(signature, { latent }) }));
  expect(bytes("A B^4", true)).toBeGreaterThan(1.5 * bytes("A B^4", false));
  expect(bytes("A B^13", false)).toBeLessThan(bytes("A B^4", true));
});

test.each([
  [
    "a horizon inside the warm-up",
    { schedule: { learningRate: 1e-2, warmupSteps: 40, timescale: 20, cooldownFraction: 0.25 } },
    /cool-down must start after the warm-up/,
  ],
  [
    "heads that do not divide the width",
    { shape: { width: 9, layers: 2, heads: 2, context: 16, vocabulary: 256 } },
    /width/,
  ],
  [
    "a model of 12e12 parameters",
    { shape: { width: 65536, layers: 256, heads: 2, context: 16, vocabulary: 256 } },
    /must fit into WebAssembly's memory of 4.00 GiB, got 13\d+ parameters that take about [\de.+]+ GiB/,
  ],
  [
    "a horizon of half a step",
    { horizons: [{ tokens: 650, flops: null }] },
    /multiples of batch × context = 32 tokens, got 650/,
  ],
  [
    "another corpus",
    { corpus: { name: "other", hash: "0", tokenizer: "byte", tokenizerHash: "0" } },
    /must have hash 0/,
  ],
  ["too many validation windows", { validation: { windows: 5000, pointsPerOctave: 2 } }, /validation split must hold/],
] as const)("%s is refused in one line", async (_case, change, message) => {
  await expect(train(tinyRun(corpus, "rins-2", change), temporaryFolder())).rejects.toThrow(message);
});
