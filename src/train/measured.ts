// What `rinsight doctor` measured of this machine, kept beside the prepared corpora: whether training is faster on its
// GPU than on its processor. Written by doctor, read where nobody named a backend.
import { readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import path from "node:path";
import { z } from "zod";
import { makeFolder, writeAtomically } from "../base/write.js";

const record = z.strictObject({
  /** GPU and driver as doctor names them, and the processor: on others the figures say nothing. */
  gpu: z.string(),
  processor: z.string(),
  /** Seconds of a training step of the default shape. */
  seconds: z.strictObject({ webgpu: z.number().positive(), wasm: z.number().positive() }),
});
export type Measured = z.infer<typeof record>;

const fileIn = (cacheFolder: string): string => path.join(cacheFolder, "speed.json");

export const thisProcessor = (): string => `${availableParallelism()} × ${cpus()[0]?.model ?? "unknown"}`;

export function writeMeasured(measured: Measured, cacheFolder = ".cache"): void {
  makeFolder(cacheFolder);
  writeAtomically(fileIn(cacheFolder), `${JSON.stringify(measured)}\n`);
}

/** What was measured on this processor, or null where nothing was or the file is not ours. */
export function readMeasured(cacheFolder = ".cache"): Measured | null {
  try {
    const found = record.safeParse(JSON.parse(readFileSync(fileIn(cacheFolder), "utf8")));
    return found.success && found.data.processor === thisProcessor() ? found.data : null;
  } catch {
    return null; // No record: nothing was measured.
  }
}
