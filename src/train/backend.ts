// Which tensor library trains: tfjs-node-gpu where it loads, else WebAssembly with kernels of our own; plain JavaScript
// when asked for. The only place that loads a tensor library.
import { createRequire } from "node:module";
import type * as Tensorflow from "@tensorflow/tfjs";
import { InputError, reasonOf } from "../base/errors.js";
import { composedOperations, composedOptimizer } from "./composed.js";
import type { BackendName } from "./configuration.js";
import { shareMemory } from "./kernels/shared-memory.js";
import { wasmKernels } from "./kernels/wasm.js";
import { type Measured, readMeasured } from "./measured.js";
import type { Operations, OptimizerKernels } from "./operations.js";
import { TENSORFLOW_PACKAGE, TENSORFLOW_PINNED, tensorflowPackage } from "./tensorflow/link.js";
import { tensorflowOperations, tensorflowOptimizer } from "./tensorflow/operations.js";
import { composedTowers } from "./towers/composed.js";
import type { TowerOperations } from "./towers/operations.js";
import { type AdapterDescription, adapters, deviceName } from "./webgpu/node-device.js";

/** The backends that compute with tensors of tfjs. */
export type TensorBackendName = Exclude<BackendName, "webgpu">;

export interface Backend {
  readonly name: TensorBackendName;
  readonly tf: typeof Tensorflow;
  readonly operations: Operations & TowerOperations;
  readonly optimizer: OptimizerKernels;
  /** Threads of a step from now on, where they are ours to say: wasm. They show in the speed alone, in no bit. */
  useThreads(threads: number): Promise<void>;
}

export const OWN_THREADS = async (): Promise<void> => {};

/** Loads a backend. Throws InputError with the npm command to type. */
export async function loadBackend(name: TensorBackendName): Promise<Backend> {
  const tf = await loadTensorflow();
  if (name === "tensorflow") return nativeBackend(tf);
  if (name === "cpu") {
    await tf.setBackend("cpu");
    return {
      name,
      tf,
      operations: { ...composedOperations(tf), ...composedTowers(tf) },
      optimizer: composedOptimizer(tf),
      useThreads: OWN_THREADS,
    };
  }
  return wasmBackend(tf);
}

/**
 * tensorflow where it is there; else webgpu where `rinsight doctor` found this very GPU, a real one, faster than wasm; else
 * wasm.
 */
export async function defaultBackend(
  measured: Measured | null = readMeasured(),
  gpus: () => Promise<readonly AdapterDescription[]> = adapters,
): Promise<BackendName> {
  if ((await nativeProblem()) === null) return "tensorflow";
  if (measured === null || measured.seconds.webgpu >= measured.seconds.wasm) return "wasm";
  const [first] = await gpus().catch(() => []);
  return first !== undefined && !first.software && deviceName(first) === measured.gpu ? "webgpu" : "wasm";
}

const COMMAND = "npm install @tensorflow/tfjs@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0";

async function loadTensorflow(): Promise<typeof Tensorflow> {
  try {
    return await import("@tensorflow/tfjs");
  } catch (error) {
    throw new InputError(`train: training needs the package @tensorflow/tfjs, got ${found(error)}; type: ${COMMAND}`);
  }
}

/** What stands in the place of a package that could not be imported: nothing, or one that does not load. */
function found(error: unknown): string {
  const absent = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
  return absent ? "none" : reasonOf(error);
}

/** Why tfjs-node-gpu does not load, or null when it does. A broken install throws all sorts, some without a code. */
export async function nativeProblem(): Promise<string | null> {
  const folder = tensorflowPackage();
  if (folder === null) return "not installed";
  try {
    createRequire(import.meta.url)(folder);
    return null;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "it does not load";
  }
}

async function nativeBackend(tf: typeof Tensorflow): Promise<Backend> {
  const problem = await nativeProblem();
  if (problem !== null) {
    throw new InputError(
      `train: --backend tensorflow needs ${TENSORFLOW_PACKAGE}, got: ${problem}; type: npm install -D ${TENSORFLOW_PINNED}, then rinsight backend link, or take --backend wasm`,
    );
  }
  await tf.setBackend("tensorflow");
  return {
    name: "tensorflow",
    tf,
    operations: { ...tensorflowOperations(tf), ...composedTowers(tf) },
    optimizer: tensorflowOptimizer(tf),
    useThreads: OWN_THREADS,
  };
}

async function wasmBackend(tf: typeof Tensorflow): Promise<Backend> {
  try {
    await shareMemory();
  } catch (error) {
    throw new InputError(
      `train: --backend wasm needs @tensorflow/tfjs-backend-wasm, got ${found(error)}; type: ${COMMAND}`,
    );
  }
  await tf.setBackend("wasm");
  return { name: "wasm", tf, ...(await wasmKernels(tf)) };
}
