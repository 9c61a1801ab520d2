// Which backend and which GPU: the choice by what doctor measured, GPUs by parts of their names, and the step that is
// measured, on the adapter there is.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test, vi } from "vitest";
import { defaultBackend } from "../../src/train/backend.js";
import { initialState } from "../../src/train/learner.js";
import { learnersOn } from "../../src/train/learners.js";
import { type Measured, readMeasured, thisProcessor, writeMeasured } from "../../src/train/measured.js";
import { DEFAULT_STEP, stepSeconds } from "../../src/train/step-speed.js";
import { type AdapterDescription, adapters, chosen, GPU_VARIABLE } from "../../src/train/webgpu/node-device.js";
import { testGpu } from "./webgpu-device.js";

const limits = {
  maxBufferSize: 1,
  maxStorageBufferBindingSize: 1,
  maxComputeWorkgroupStorageSize: 1,
  maxComputeInvocationsPerWorkgroup: 1,
  maxComputeWorkgroupsPerDimension: 1,
};
const card: AdapterDescription = { name: "a card", driver: "1.2", software: false, features: [], limits };
const measured: Measured = { gpu: "a card (1.2)", processor: thisProcessor(), seconds: { webgpu: 0.01, wasm: 0.02 } };

describe("the backend that nobody named", () => {
  test.each([
    ["the GPU was measured faster", measured, [card], "webgpu"],
    ["it was measured slower", { ...measured, seconds: { webgpu: 0.02, wasm: 0.01 } }, [card], "wasm"],
    ["it renders in software", measured, [{ ...card, software: true }], "wasm"],
    ["its driver is another by now", measured, [{ ...card, driver: "1.3" }], "wasm"],
    ["it is gone", measured, [], "wasm"],
    ["nothing was measured", null, [card], "wasm"],
  ] as const)("%s", async (_, figures, gpus, want) => {
    expect(await defaultBackend(figures, async () => gpus)).toBe(want);
  });

  test("figures are kept, and count on the processor that they are of", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "rinsight-speed-"));
    try {
      expect(readMeasured(folder)).toBeNull();
      writeMeasured(measured, path.join(folder, "new"));
      expect(readMeasured(path.join(folder, "new"))).toEqual(measured);
      writeMeasured({ ...measured, processor: "1 × another" }, folder);
      expect(readMeasured(folder)).toBeNull();
      mkdirSync(path.join(folder, "other"));
      writeFileSync(path.join(folder, "other", "speed.json"), '{"gpu": 3}');
      expect(readMeasured(path.join(folder, "other"))).toBeNull();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("a GPU is chosen by a part of its name that no other has", () => {
  const names = ["NVIDIA RTX A4000", "NVIDIA RTX A4000 Laptop", "Intel UHD 630"];
  expect(chosen("intel", names)).toBe("Intel UHD 630");
  expect(chosen("Laptop", names)).toBe("NVIDIA RTX A4000 Laptop");
  expect(chosen("NVIDIA RTX A4000", names)).toBe("NVIDIA RTX A4000");
  expect(() => chosen("nvidia", names)).toThrow(
    /of one GPU, got "nvidia", of several; there are: "NVIDIA RTX A4000", "/,
  );
  expect(() => chosen("AMD", names)).toThrow(/got "AMD", of none; there are: /);
  expect(() => chosen("AMD", [])).toThrow(/there are: none$/);
});

describe.skipIf((await testGpu()) === null)("on the adapter there is", () => {
  test("every adapter is listed once", async () => {
    const found = await adapters();
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found.map(({ name, driver }) => `${name} ${driver}`)).size).toBe(found.length);
    for (const { limits: own } of found) for (const value of Object.values(own)) expect(value).toBeGreaterThan(0);
  });

  test("the one that --gpu names a part of is opened, and no other", async () => {
    const [first] = await adapters();
    if (first === undefined) throw new Error("no GPU");
    const openedWith = async (wanted: string) => {
      vi.resetModules();
      vi.stubEnv(GPU_VARIABLE, wanted);
      const { nodeGpu } = await import("../../src/train/webgpu/node-device.js");
      return (await nodeGpu()).adapter;
    };
    try {
      expect(await openedWith(first.name.slice(1).toUpperCase())).toEqual(first);
      await expect(openedWith("Voodoo 2")).rejects.toThrow(first.name);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("a step is measured until it is done", async () => {
    const { learner } = await learnersOn("webgpu");
    const shape = { width: 8, layers: 2, heads: 1, context: 8, vocabulary: 16 };
    const seconds = await stepSeconds(
      (run) => learner(run, initialState(run)),
      { ...DEFAULT_STEP, shape, batch: 1 },
      0,
    );
    expect(seconds).toBeGreaterThan(1e-5);
    expect(seconds).toBeLessThan(5);
  });
});
