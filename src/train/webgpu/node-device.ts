// The GPU of this machine, by npm's `webgpu` (Dawn: Metal, Vulkan, Direct3D 12).
import { InputError, reasonOf, shown } from "../../base/errors.js";
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

/** Names the GPU to train on where there are several: part of a name that `doctor` lists. Workers inherit it. */
export const GPU_VARIABLE = "RINSIGHT_GPU";

let held: GPU | null = null;

/** Dawn on the chosen GPU, or on the one that it prefers; loaded once. */
async function dawn(): Promise<GPU> {
  if (held !== null) return held;
  const { create } = await load();
  const wanted = process.env[GPU_VARIABLE] ?? "";
  held = create(wanted === "" ? OPTIONS : [...OPTIONS, `adapter=${chosen(wanted, adapterNames(create))}`]);
  return held;
}

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
function adapterNames(create: typeof import("webgpu").create): readonly string[] {
  try {
    create(["adapter=none of them"]);
    return [];
  } catch (error) {
    return [
      ...new Set(
        [...(error instanceof Error ? error.message : "").matchAll(/name: '([^']*)'/g)].map(([, name = ""]) => name),
      ),
    ];
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
  const found: AdapterDescription[] = [];
  for (const gpu of [await dawn(), ...adapterNames(create).map((name) => create([...OPTIONS, `adapter=${name}`]))]) {
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (adapter === null) continue;
    const described = describe(adapter);
    if (!found.some(({ name, driver }) => name === described.name && driver === described.driver)) {
      found.push(described);
    }
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

/** How a run file names it. */
export const deviceName = ({ name, driver }: AdapterDescription): string => `${name} (${driver})`;

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
