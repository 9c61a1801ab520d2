// Whole runs on a GPU: against the wasm backend, twice the same, in constant memory, cut off and gone on with, with
// the device lost on purpose, and refused where it cannot fit. On SwiftShader where there is no GPU.
import { readFileSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { random } from "../../src/base/random.js";
import { schemeByName } from "../../src/scheme/catalogue.js";
import type { BackendName, RunConfiguration } from "../../src/train/configuration.js";
import { initialState } from "../../src/train/learner.js";
import { learnersOn } from "../../src/train/learners.js";
import { trainingBatches } from "../../src/train/text/batches.js";
import type { Corpus } from "../../src/train/text/corpus.js";
import { trainRun } from "../../src/train/trainer.js";
import { webgpuLearner } from "../../src/train/webgpu/learner.js";
import { nodeGpu } from "../../src/train/webgpu/node-device.js";
import { temporaryFolder, tinyCorpus, tinyRun } from "./tiny.js";
import { testGpu } from "./webgpu-device.js";

const gpu = await testGpu();
let folder: string;
let corpus: Corpus;
beforeAll(async () => {
  folder = temporaryFolder();
  corpus = await tinyCorpus(folder);
});
afterAll(() => {
  corpus.close();
  rmSync(folder, { recursive: true });
});

const shape = { width: 8, layers: 2, heads: 2, context: 16, vocabulary: 256 };
const onGpu = (scheme: string, change: Partial<RunConfiguration> = {}) =>
  tinyRun(corpus, scheme, { backend: "webgpu", ...change });
const fileOf = (result: { readonly file: string }) => readFileSync(result.file, "utf8");

/** Losses of 50 steps, and the validation loss after them at every number of rounds. */
async function fifty(name: BackendName, run: RunConfiguration): Promise<readonly number[]> {
  const { learner } = await learnersOn(name);
  const model = await learner(run, initialState(run));
  const batchOf = trainingBatches(corpus, run.batch, run.shape.context, 1);
  const losses: number[] = [];
  for (let step = 0; step < 50; step++) {
    await model.step(batchOf(step), 3e-3, 1 + (step % 3), random(step));
    if (step % 25 === 24) losses.push(...(await model.losses()));
  }
  for (const rounds of [1, 3]) losses.push((await model.evaluate([batchOf(60), batchOf(61)], rounds)).loss);
  model.dispose();
  return losses;
}

describe.skipIf(gpu === null)("runs on a GPU", () => {
  test.each([
    ["baseline", {}, 2],
    ["A^3 B", {}, 2],
    ["A^3 B", { adapters: true, skipProbability: 0.5 }, 2],
    ["latent-2", {}, 4],
  ] as const)(
    "%s %o: 50 steps are those of wasm within 1e-3, and the same to the bit again",
    async (name, options, layers) => {
      const run = onGpu("baseline", { scheme: schemeByName(name, options), shape: { ...shape, layers } });
      const [wasm, once, again] = [await fifty("wasm", run), await fifty("webgpu", run), await fifty("webgpu", run)];
      expect(once).toHaveLength(52);
      expect(once[49]).toBeLessThan((once[0] ?? 0) - 0.5);
      once.forEach((loss, i) => {
        expect(Math.abs(loss / (wasm[i] ?? 0) - 1), `step ${i}`).toBeLessThan(1e-3);
      });
      expect(again).toEqual(once);
    },
  );

  test("memory stays as it is after the first steps", async () => {
    const { device } = await nodeGpu();
    let held = 0;
    const create = device.createBuffer.bind(device);
    const spy = vi.spyOn(device, "createBuffer").mockImplementation((descriptor) => {
      const buffer = create(descriptor);
      const destroy = buffer.destroy.bind(buffer);
      held += descriptor.size;
      buffer.destroy = () => {
        held -= descriptor.size;
        return destroy();
      };
      return buffer;
    });
    const run = onGpu("stochastic-rins-3");
    const model = await webgpuLearner(await nodeGpu(), run, initialState(run));
    const batchOf = trainingBatches(corpus, run.batch, run.shape.context, 1);
    const after: number[] = [];
    for (let step = 0; step < 9; step++) {
      await model.step(batchOf(step), 1e-3, 3 - (step % 3), random(0));
      await model.losses();
      await model.evaluate([batchOf(99)], 1 + (step % 3));
      await model.state();
      after.push(held);
    }
    expect(after[0]).toBeGreaterThan(0);
    expect(new Set(after).size).toBe(1);
    model.dispose();
    expect(held).toBe(0);
    spy.mockRestore();
  });

  test("a run that is cut off, or loses its device, goes on to the bytes of one that was not", async () => {
    const run = onGpu("rins-2");
    const whole = await trainRun(run, { runsFolder: `${folder}/whole`, corpus });
    expect(whole.status).toBe("complete");
    expect(fileOf(whole)).toContain('"device":"');
    const wasm = await trainRun({ ...run, backend: "wasm" }, { runsFolder: `${folder}/wasm`, corpus });
    const lossesOf = (text: string) => [...text.matchAll(/"loss":([\d.]+)/g)].map(([, loss]) => Number(loss));
    const [got, want] = [lossesOf(fileOf(whole)), lossesOf(fileOf(wasm))];
    expect(got.length).toBe(want.length);
    got.forEach((loss, i) => {
      expect(Math.abs(loss / (want[i] ?? 0) - 1)).toBeLessThan(1e-3);
    });

    const cut = { runsFolder: `${folder}/cut`, corpus, checkpointSeconds: 0 };
    const stop = new AbortController();
    let steps = 0;
    const interrupted = await trainRun(run, {
      ...cut,
      signal: stop.signal,
      onProgress: () => {
        if (++steps === 30) stop.abort();
      },
    });
    expect(interrupted.status).toBe("interrupted");

    steps = 0;
    const lost = trainRun(run, {
      ...cut,
      onProgress: () => {
        if (++steps === 10) void nodeGpu().then(({ device }) => device.destroy());
      },
    });
    await expect(lost).rejects.toThrow(
      /^webgpu: the GPU must stay with the run, got: it was lost \(destroyed.*\); start it again and it goes on/,
    );
    expect(steps).toBeLessThan(20);

    steps = 0;
    const resumed = await trainRun(run, { ...cut, onProgress: () => steps++ });
    expect(resumed.status).toBe("complete");
    expect(steps).toBeLessThan(60);
    expect(fileOf(resumed)).toBe(fileOf(whole));
  });

  test("a loss that is not finite ends the run as diverged, with its step", async () => {
    const run = onGpu("baseline", {
      schedule: { learningRate: 10, warmupSteps: 0, timescale: 400, cooldownFraction: 0.5 },
      optimizer: { ...onGpu("baseline").optimizer, weightDecay: 1e30 },
    });
    const result = await trainRun(run, { runsFolder: `${folder}/wild`, corpus });
    expect(result.status).toBe("diverged");
    expect(result.reason).toMatch(/loss (NaN|-?Infinity) at step \d+, learning rate/);
  });

  test("what a GPU has no buffer for is refused before training starts, with the size", async () => {
    const { device } = await nodeGpu();
    const rows = Math.ceil(device.limits.maxStorageBufferBindingSize / 4 / 65_536) + 1;
    const run = onGpu("baseline", {
      batch: rows,
      shape: { ...shape, vocabulary: 65_536, context: 2 },
    });
    await expect(webgpuLearner(await nodeGpu(), run, initialState(run))).rejects.toThrow(
      /^webgpu: a buffer must have at most \d+ MiB on this GPU, got \d+ MiB; lower --batch, --vocab or --width$/,
    );
  });

  test("a GPU without the memory for a run says how much that would take, before it starts", async () => {
    const gpu = await nodeGpu();
    const { device } = gpu;
    const pop = device.popErrorScope.bind(device);
    let buffers = 0;
    const spy = vi.spyOn(device, "popErrorScope").mockImplementation(async () => {
      const error = await pop();
      return ++buffers === 20 ? { message: "Out of memory" } : error;
    });
    const run = onGpu("baseline");
    await expect(webgpuLearner(gpu, run, initialState(run))).rejects.toThrow(
      /^webgpu: the GPU must have memory for the \d+ MiB of the run, got less; lower --batch, .* or give --precision f16$/,
    );
    expect(buffers).toBeGreaterThan(20);
    spy.mockRestore();
  });

  test("more workgroups than a GPU runs along a side are refused before training starts", async () => {
    const gpu = await nodeGpu();
    const batch = Math.floor(gpu.device.limits.maxComputeWorkgroupsPerDimension / 2) + 1;
    const run = onGpu("baseline", { batch, shape: { ...shape, context: 1 } });
    await expect(webgpuLearner(gpu, run, initialState(run))).rejects.toThrow(
      /^webgpu: a kernel must have at most \d+ workgroups along a side on this GPU, got \d+; lower --batch, /,
    );
  });

  test.each([
    ["baseline", {}],
    ["A^3 B", { reinjection: true }],
  ] as const)("half precision, %s %o: 50 steps within 1%% of wasm, not the same", async (name, options) => {
    const wide = { ...shape, width: 16 };
    const run = onGpu("baseline", { scheme: schemeByName(name, options), shape: wide });
    const [wasm, full, half] = [
      await fifty("wasm", run),
      await fifty("webgpu", run),
      await fifty("webgpu", { ...run, precision: "f16" }),
    ];
    expect(half).not.toEqual(full);
    half.forEach((loss, i) => {
      expect(Math.abs(loss / (wasm[i] ?? 0) - 1), `step ${i}`).toBeLessThan(1e-2);
    });
  });
});
