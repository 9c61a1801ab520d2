// A WebGPU device with what training needs of it: compiled kernels, one of each, and a word on what went wrong. The
// device may come from Node or from a browser.
import { InputError, reasonOf } from "../../base/errors.js";

export interface Gpu {
  readonly device: GPUDevice;
  pipeline(code: string): Promise<GPUComputePipeline>;
  /** False once the device is lost or has refused something. */
  isUsable(): boolean;
  /** Throws InputError unless it is usable. */
  check(): void;
  /** The result of something that the device does, or InputError when it is lost meanwhile. */
  awaited<T>(work: Promise<T>): Promise<T>;
}

/** Milliseconds to wait for the word that a device is lost after something failed on it. */
const LOSS_DELAY = 500;

export function gpuOn(device: GPUDevice): Gpu {
  const pipelines = new Map<string, Promise<GPUComputePipeline>>();
  let problem: string | null = null;
  const lost = device.lost.then(({ reason, message }) => {
    problem = `it was lost (${reason}${message === "" ? "" : `: ${reasonOf(new Error(message))}`})`;
  });
  device.addEventListener("uncapturederror", ({ error }) => {
    problem ??= `it refused a step (${reasonOf(new Error(error.message))})`;
  });
  const check = (): void => {
    if (problem !== null) {
      throw new InputError(
        `webgpu: the GPU must stay with the run, got: ${problem}; start it again and it goes on from its last checkpoint`,
      );
    }
  };
  return {
    device,
    isUsable: () => problem === null,
    check,
    pipeline: (code) => {
      const known = pipelines.get(code);
      if (known !== undefined) return known;
      const made = device.createComputePipelineAsync({
        layout: "auto",
        compute: { module: device.createShaderModule({ code }), entryPoint: "main" },
      });
      pipelines.set(code, made);
      return made;
    },
    awaited: async (work) => {
      try {
        return await work;
      } catch (error) {
        await Promise.race([lost, new Promise((resolve) => setTimeout(resolve, LOSS_DELAY))]);
        check();
        throw error;
      }
    },
  };
}
