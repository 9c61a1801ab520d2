// What trains a run: a model on tensors of tfjs, or one that lives on a GPU (webgpu/), with the data of its task.
import { InputError } from "../base/errors.js";
import { type Backend, loadBackend, OWN_THREADS } from "./backend.js";
import type { BackendName, RunConfiguration } from "./configuration.js";
import type { Data } from "./data.js";
import { initialState, type Learner, learner, type ModelState, type Pupil, type Trained } from "./learner.js";
import { trainingBatches, validationBatches } from "./text/batches.js";
import { towerPupils } from "./towers/learner.js";
import { webgpuLearner } from "./webgpu/learner.js";
import { deviceName, nodeGpu } from "./webgpu/node-device.js";

/** What trains language on a backend, and the device where there is a choice of them. */
export interface Learners {
  readonly learner: (run: Trained, start: ModelState) => Learner | Promise<Learner>;
  readonly device: string | null;
  readonly useThreads: Backend["useThreads"];
}

/** Makes the pupils of one run; `start` null for its own beginning. */
export interface Pupils {
  readonly pupil: (start: ModelState | null) => Promise<Pupil>;
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

/** What trains a run on its data. Batches are chosen first: data that are too few cost no loading. */
export async function pupilsOf(run: RunConfiguration, data: Data): Promise<Pupils> {
  const { task, backend: name } = run;
  if (task !== undefined) {
    if (data.kind !== "pictures" || name === "webgpu") throw new Error(`train: no pictures, or no towers on ${name}`);
    const pupils = towerPupils({ ...run, task }, data);
    const backend = await loadBackend(name);
    return { pupil: async (start) => pupils(backend, start), device: null, useThreads: backend.useThreads };
  }
  if (data.kind !== "text") throw new InputError("train: language needs text, got pictures; give a corpus of text");
  const batchOf = trainingBatches(data, run.batch, run.shape.context, run.seed);
  const validation = validationBatches(data, run.validation, run.batch, run.shape.context);
  const { learner: make, device, useThreads } = await learnersOn(name);
  const pupil = async (start: ModelState | null): Promise<Pupil> => {
    const model = await make(run, start ?? initialState(run));
    return {
      lossCadence: model.lossCadence,
      step: (at, rate, rounds, noise) => model.step(batchOf(at), rate, rounds, noise),
      losses: () => model.losses(),
      evaluate: (rounds) => model.evaluate(validation, rounds),
      state: () => model.state(),
      dispose: () => model.dispose(),
    };
  };
  return { pupil, device, useThreads };
}
