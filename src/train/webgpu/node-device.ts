// The GPU of this machine, by npm's `webgpu` (Dawn: Metal, Vulkan, Direct3D 12).
import { InputError, reasonOf } from "../../base/errors.js";
import { type Gpu, gpuOn } from "./gpu.js";

export const WEBGPU_PINNED = "webgpu@0.6.2";

export interface AdapterDescription {
  readonly name: string;
  readonly driver: string;
  /** A software renderer, which computes on the processor: right, and slow. */
  readonly software: boolean;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<(typeof LIMITS)[number], number>>;
}

/** The limits that decide what shapes a GPU can train; a device is asked for all that its adapter has of them. */
const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
] as const;

export interface NodeGpu extends Gpu {
  readonly adapter: AdapterDescription;
}

/** Our kernels read of workgroup memory only what they have written; SwiftShader takes seconds to compile zeroing it. */
const OPTIONS = ["enable-dawn-features=disable_workgroup_init"];

let held: GPU | null = null;

/** Dawn, loaded once; InputError with the line to type where it is not installed. */
async function dawn(): Promise<GPU> {
  if (held !== null) return held;
  let found: typeof import("webgpu");
  try {
    found = await import("webgpu");
  } catch (error) {
    const absent = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    throw new InputError(
      `train: --backend webgpu needs the package webgpu, got ${absent ? "none" : reasonOf(error)}; type: npm install ${WEBGPU_PINNED}`,
    );
  }
  held = found.create(OPTIONS);
  return held;
}

/** The adapters that WebGPU offers here, the fast one first. */
export async function adapters(): Promise<readonly AdapterDescription[]> {
  const gpu = await dawn();
  const found: AdapterDescription[] = [];
  for (const powerPreference of ["high-performance", "low-power"] as const) {
    const adapter = await gpu.requestAdapter({ powerPreference });
    if (adapter === null) continue;
    const described = describe(adapter);
    if (!found.some(({ name, driver }) => name === described.name && driver === described.driver))
      found.push(described);
  }
  return found;
}

let opened: NodeGpu | null = null;

/** The GPU, ready: one for all runs of a process, another once it is lost. Throws InputError where there is none. */
export async function nodeGpu(): Promise<NodeGpu> {
  if (opened?.isUsable()) return opened;
  const adapter = await (await dawn()).requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) {
    throw new InputError(
      "train: --backend webgpu needs a GPU with a driver for Vulkan, Metal or Direct3D 12, got none; install the driver, or take --backend wasm",
    );
  }
  const description = describe(adapter);
  const device = await adapter.requestDevice({ requiredLimits: { ...description.limits } });
  opened = { ...gpuOn(device), adapter: description };
  return opened;
}

function describe(adapter: GPUAdapter): AdapterDescription {
  const { vendor, architecture, device, description } = adapter.info;
  const name = [vendor, architecture, device].filter((part) => part !== "").join(" ");
  return {
    name,
    driver: description,
    software: adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|basic render/i.test(`${name} ${description}`),
    features: [...adapter.features].sort(),
    limits: {
      maxBufferSize: adapter.limits.maxBufferSize,
      maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
      maxComputeWorkgroupStorageSize: adapter.limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: adapter.limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupsPerDimension: adapter.limits.maxComputeWorkgroupsPerDimension,
    },
  };
}
