// What trains a run: a model on tensors of tfjs, or one that lives on a GPU (webgpu/).
import { type Backend, loadBackend, OWN_THREADS } from "./backend.js";
import type { BackendName } from "./configuration.js";
import { type Learner, learner, type ModelState, type Trained } from "./learner.js";
import { webgpuLearner } from "./webgpu/learner.js";
import { deviceName, nodeGpu } from "./webgpu/node-device.js";

export type LearnerMaker = (run: Trained, start: ModelState) => Learner | Promise<Learner>;

/** What trains on a backend, and the device where there is a choice of them. */
export interface Learners {
  readonly learner: LearnerMaker;
  readonly device: string | null;
  readonly useThreads: Backend["useThreads"];
}

/** Throws InputError with what to type. */
export async function learnersOn(name: BackendName): Promise<Learners> {
  if (name === "webgpu") {
    const gpu = await nodeGpu();
    return {
      learner: (run, start) => webgpuLearner(gpu, run, start),
      device: deviceName(gpu.adapter),
      useThreads: OWN_THREADS,
    };
  }
  const backend = await loadBackend(name);
  return { learner: (run, start) => learner(backend, run, start), device: null, useThreads: backend.useThreads };
}
