// The GPU of this machine, by npm's `webgpu` (Dawn: Metal, Vulkan, Direct3D 12).
import { InputError, reasonOf, shown } from "../../base/errors.js";
import { type Gpu, gpuOn } from "./gpu.js";

export const WEBGPU_PINNED = "webgpu@0.6.2";

export interface AdapterDescription {
  /** As its driver spells it: what --gpu is compared with. */
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

/** Names the GPU to train on where there are several: part of a name that `doctor` lists. Workers inherit it. */
export const GPU_VARIABLE = "RINSIGHT_GPU";

type Create = typeof import("webgpu").create;

let held: GPU | null = null;

/** Dawn on the chosen GPU, or on the one that it prefers; loaded once. */
async function dawn(): Promise<GPU> {
  if (held !== null) return held;
  const { create } = await load();
  const wanted = process.env[GPU_VARIABLE] ?? "";
  held = wanted === "" ? create(OPTIONS) : dawnOn(create, chosen(wanted, await adapterNames(create)));
  return held;
}

const dawnOn = (create: Create, name: string): GPU => create([...OPTIONS, `adapter=${name}`]);

const fastest = (gpu: GPU): Promise<GPUAdapter | null> => gpu.requestAdapter({ powerPreference: "high-performance" });

/** The name among those of this machine that holds the words asked for. Throws InputError where it is none or several. */
export function chosen(wanted: string, names: readonly string[]): string {
  const matching = names.filter((name) => name.toLowerCase().includes(wanted.toLowerCase()));
  const [only] = matching;
  if (only !== undefined && (matching.length === 1 || matching.includes(wanted))) {
    return matching.length === 1 ? only : wanted;
  }
  const listed = names.map(shown).join(", ");
  throw new InputError(
    `train: --gpu must be part of the name of one GPU, got ${shown(wanted)}, ${matching.length === 0 ? "of none" : "of several"}; there are: ${listed === "" ? "none" : listed}`,
  );
}

/** Names of all adapters: Dawn lists them when it is asked for one that cannot be. */
async function adapterNames(create: Create): Promise<readonly string[]> {
  try {
    await create(["adapter=none of them"]).requestAdapter();
    return [];
  } catch (error) {
    const listed = (error instanceof Error ? error.message : "").matchAll(/name: '([^']*)'/g);
    return [...new Set([...listed].map(([, name = ""]) => name))];
  }
}

/** InputError with the line to type where Dawn is not installed. */
async function load(): Promise<typeof import("webgpu")> {
  try {
    return await import("webgpu");
  } catch (error) {
    const absent = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    throw new InputError(
      `train: --backend webgpu needs the package webgpu, got ${absent ? "none" : reasonOf(error)}; type: npm install ${WEBGPU_PINNED}`,
    );
  }
}

/** The adapters that WebGPU offers here: the one that is taken first, then the others. */
export async function adapters(): Promise<readonly AdapterDescription[]> {
  const { create } = await load();
  const taken = await fastest(await dawn());
  if (taken === null) return [];
  const others: AdapterDescription[] = [];
  let first: AdapterDescription | null = null;
  for (const name of await adapterNames(create)) {
    const adapter = await fastest(dawnOn(create, name));
    if (adapter === null) continue;
    if (first === null && identity(adapter) === identity(taken)) first = describe(name, adapter);
    else others.push(describe(name, adapter));
  }
  return [first ?? describe(identity(taken), taken), ...others];
}

const identity = ({ info }: GPUAdapter): string =>
  [info.vendor, info.architecture, info.device, info.description].filter((part) => part !== "").join(" ");

let opened: NodeGpu | null = null;

/** The GPU, ready: one for all runs of a process, another once it is lost. Throws InputError where there is none. */
export async function nodeGpu(): Promise<NodeGpu> {
  if (opened?.isUsable()) return opened;
  const [description] = await adapters();
  const adapter = await fastest(await dawn());
  if (description === undefined || adapter === null) {
    throw new InputError(
      "train: --backend webgpu needs a GPU with a driver for Vulkan, Metal or Direct3D 12, got none; install the driver, or take --backend wasm",
    );
  }
  const device = await adapter.requestDevice({ requiredLimits: { ...description.limits } });
  opened = { ...gpuOn(device), adapter: description };
  return opened;
}

/** How a run file names it. */
export const deviceName = ({ name, driver }: AdapterDescription): string => `${name} (${driver})`;

function describe(name: string, adapter: GPUAdapter): AdapterDescription {
  const { description } = adapter.info;
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
