// rinsight doctor: what this machine can train on and which backend would be taken.
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import type { Command } from "commander";
import { count, fixed } from "../base/format.js";
import { defaultBackend, loadBackend } from "../train/backend.js";
import type { BackendName } from "../train/configuration.js";
import { initialState } from "../train/learner.js";
import { learnersOn } from "../train/learners.js";
import { type Measured, thisProcessor, writeMeasured } from "../train/measured.js";
import { DEFAULT_STEP, stepSeconds } from "../train/step-speed.js";
import { describeTensorflow } from "../train/tensorflow/link.js";
import { openCorpus } from "../train/text/corpus.js";
import { adapters, deviceName } from "../train/webgpu/node-device.js";
import { newCommand } from "./command.js";
import { say } from "./terminal.js";

/** What each backend is measured for. */
const MEASURED_SECONDS = 1;

interface Finding {
  readonly ready: boolean;
  readonly detail: string;
}

interface Diagnosis {
  readonly node: Finding;
  readonly backends: Readonly<Record<BackendName, Finding>>;
  readonly taken: BackendName | null;
  /** Seconds of a training step of the default shape, where there is a real GPU to compare with. */
  readonly stepSeconds: Measured["seconds"] | null;
  readonly cores: number;
  readonly processor: string;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  readonly corpus: Finding;
}

export function command(): Command {
  return newCommand("doctor", "show what this machine can train on", "rinsight doctor").action(run);
}

async function run(flags: { readonly json?: true }): Promise<void> {
  const diagnosis = await diagnose();
  process.stdout.write(flags.json === true ? `${JSON.stringify(diagnosis, null, 2)}\n` : text(diagnosis));
}

async function diagnose(): Promise<Diagnosis> {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const recent = major > 20 || (major === 20 && minor >= 19);
  const backends = {
    tensorflow: tensorflow(),
    webgpu: await webgpu(),
    wasm: await loads("wasm"),
    cpu: await loads("cpu"),
  };
  const measured = backends.wasm.ready ? await measureGpu() : null;
  if (measured !== null) writeMeasured(measured);
  const preferred = await defaultBackend(measured);
  return {
    node: { ready: recent, detail: `${process.versions.node}${recent ? "" : "; Rinsight needs 20.19 or newer"}` },
    backends,
    taken: backends[preferred].ready ? preferred : null,
    stepSeconds: measured?.seconds ?? null,
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? "unknown",
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    corpus: await corpus(),
  };
}

function tensorflow(): Finding {
  const state = describeTensorflow();
  if (state.kind !== "ready") return { ready: false, detail: state.message };
  const library = state.library === null ? "" : ` from ${state.library}`;
  return { ready: true, detail: `TensorFlow ${state.version}${library} on ${state.devices.join(", ")}` };
}

async function webgpu(): Promise<Finding> {
  try {
    const found = await adapters();
    if (found.length === 0) return { ready: false, detail: "no GPU with a driver for Vulkan, Metal or Direct3D 12" };
    const lines = found.map(({ name, driver, software, features, limits }) => {
      const largest = `${Math.floor(limits.maxStorageBufferBindingSize / 2 ** 20)} MiB a buffer`;
      const workgroup = `${limits.maxComputeWorkgroupStorageSize / 1024} KiB and ${limits.maxComputeInvocationsPerWorkgroup} threads a workgroup`;
      return `${name}, ${driver}${software ? " (software, slow)" : ""}; ${largest}, ${workgroup}; ${features.join(" ")}`;
    });
    return { ready: true, detail: lines.join("\n                ") };
  } catch (error) {
    return { ready: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

/** A step on the GPU that would be taken and on this processor's cores; null where no real GPU is. */
async function measureGpu(): Promise<Measured | null> {
  const [gpu] = await adapters().catch(() => []);
  if (gpu === undefined || gpu.software) return null;
  const seconds = async (name: "webgpu" | "wasm") => {
    const { learner, useThreads } = await learnersOn(name);
    await useThreads(availableParallelism());
    return stepSeconds((run) => learner(run, initialState(run)), DEFAULT_STEP, MEASURED_SECONDS);
  };
  return {
    gpu: deviceName(gpu),
    processor: thisProcessor(),
    seconds: { webgpu: await seconds("webgpu"), wasm: await seconds("wasm") },
  };
}

async function loads(name: "wasm" | "cpu"): Promise<Finding> {
  try {
    const { tf } = await loadBackend(name);
    const how = name === "wasm" ? "WebAssembly, kernels of our own" : "plain JavaScript, to test the others";
    return { ready: true, detail: `${how}, tfjs ${tf.version_core}` };
  } catch (error) {
    return { ready: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

async function corpus(): Promise<Finding> {
  try {
    let prepared = true;
    const found = await openCorpus({
      path: null,
      tokenizer: "bpe",
      vocabulary: 1024,
      onMessage: (message) => {
        prepared = false;
        say(message);
      },
    });
    found.close();
    const { train, validation } = found.tokens;
    return {
      ready: true,
      detail: `${found.name} ${found.hash}: ${count(train)} training and ${count(validation)} validation tokens${prepared ? "" : ", prepared just now"}`,
    };
  } catch (error) {
    return { ready: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

const speeds = ({ webgpu, wasm }: Measured["seconds"]): string =>
  `${fixed(1000 * webgpu, 1)} ms on webgpu, ${fixed(1000 * wasm, 1)} ms on wasm (default shape of rinsight train)`;

function text({
  node,
  backends,
  taken,
  stepSeconds,
  cores,
  processor,
  memoryBytes,
  freeMemoryBytes,
  corpus,
}: Diagnosis): string {
  const mark = ({ ready, detail }: Finding) => `${ready ? "ok" : "--"}  ${detail}`;
  const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const rows: readonly (readonly [string, string])[] = [
    ["node", mark(node)],
    ...Object.entries(backends).map(([name, finding]) => [name, mark(finding)] as const),
    ["taken", taken ?? "none: see above"],
    ...(stepSeconds === null ? [] : [["a step", speeds(stepSeconds)] as const]),
    ["cores", `${cores} (${processor})`],
    ["memory", `${gibibytes(memoryBytes)}, ${gibibytes(freeMemoryBytes)} free`],
    ["corpus", mark(corpus)],
  ];
  return `${rows.map(([name, value]) => `${name.padEnd(12)}${value}`).join("\n")}\n`;
}
