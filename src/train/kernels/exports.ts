// What dist/kernels.wasm (assembly/) exports, and how an instance of it comes to lie on a heap: that of tfjs, in every
// thread of a team.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { InputError } from "../../base/errors.js";

/** What dist/kernels.wasm exports; pointers are byte addresses, lengths count elements. Documented in assembly/. */
export interface Kernels {
  scratchBytes(inputs: number, outputs: number): number;
  forward(x: number, w: number, y: number, scratch: number, rows: number, inputs: number, outputs: number): void;
  inputGradient(
    dy: number,
    w: number,
    dx: number,
    scratch: number,
    rows: number,
    inputs: number,
    outputs: number,
  ): void;
  weightGradient(
    x: number,
    dy: number,
    dw: number,
    scratch: number,
    rows: number,
    inputs: number,
    outputs: number,
    firstOutput: number,
    count: number,
  ): void;
  probabilityBytes(batch: number, time: number, heads: number): number;
  attentionScratchBytes(time: number, headWidth: number): number;
  attentionForward(
    qkv: number,
    table: number,
    out: number,
    probabilities: number,
    scratch: number,
    ...lengths: AttentionLengths
  ): void;
  attentionBackward(
    qkv: number,
    table: number,
    probabilities: number,
    dout: number,
    dqkv: number,
    scratch: number,
    ...lengths: AttentionLengths
  ): void;
  rmsNormForward(x: number, gain: number, y: number, rows: number, width: number): void;
  rmsNormBackward(x: number, gain: number, dy: number, dx: number, dgain: number, rows: number, width: number): void;
  add(x: number, y: number, z: number, count: number): void;
  reluSquaredForward(x: number, y: number, count: number): void;
  reluSquaredBackward(x: number, dy: number, dx: number, count: number): void;
  crossEntropyForward(
    logits: number,
    targets: number,
    loss: number,
    logSums: number,
    rows: number,
    vocabulary: number,
  ): number;
  crossEntropyBackward(
    logits: number,
    targets: number,
    logSums: number,
    dloss: number,
    dlossStep: number,
    factor: number,
    dlogits: number,
    rows: number,
    vocabulary: number,
  ): void;
  mean(x: number, to: number, count: number): void;
  embeddingForward(table: number, ids: number, out: number, rows: number, vocabulary: number, width: number): number;
  embeddingBackward(ids: number, dy: number, dtable: number, rows: number, vocabulary: number, width: number): void;
  adamwStep(
    parameter: number,
    gradient: number,
    first: number,
    second: number,
    count: number,
    learningRate: number,
    beta1: number,
    rest1: number,
    beta2: number,
    rest2: number,
    epsilon: number,
    decay: number,
    inverse1: number,
    inverse2: number,
    gradientScale: number,
  ): void;
  sumOfSquares(x: number, count: number): number;
  meanPoolForward(x: number, y: number, examples: number, time: number, width: number): void;
  meanPoolBackward(dy: number, dx: number, examples: number, time: number, width: number): void;
  sigmoidLossForward(
    s: number,
    logScale: number,
    bias: number,
    losses: number,
    first: number,
    rows: number,
    n: number,
  ): void;
  sigmoidLossBackward(
    s: number,
    logScale: number,
    bias: number,
    dlosses: number,
    step: number,
    factor: number,
    ds: number,
    dlogScale: number,
    dbias: number,
    n: number,
  ): void;
}
type AttentionLengths = readonly [
  batch: number,
  time: number,
  heads: number,
  headWidth: number,
  scale: number,
  causal: number,
];

/** All exports in a fixed order: threads name a kernel by its place. */
export const NAMES: readonly (keyof Kernels)[] = [
  "scratchBytes",
  "forward",
  "inputGradient",
  "weightGradient",
  "probabilityBytes",
  "attentionScratchBytes",
  "attentionForward",
  "attentionBackward",
  "rmsNormForward",
  "rmsNormBackward",
  "add",
  "reluSquaredForward",
  "reluSquaredBackward",
  "crossEntropyForward",
  "crossEntropyBackward",
  "mean",
  "embeddingForward",
  "embeddingBackward",
  "adamwStep",
  "sumOfSquares",
  "meanPoolForward",
  "meanPoolBackward",
  "sigmoidLossForward",
  "sigmoidLossBackward",
];

/** dist/kernels.wasm, compiled. Throws InputError when it is not built. */
export async function compileKernels(): Promise<WebAssembly.Module> {
  const url = new URL("../../../dist/kernels.wasm", import.meta.url);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await readFile(url));
  } catch {
    throw new InputError(`kernels: ${fileURLToPath(url)} must exist, got none; type: npm run build`);
  }
  return WebAssembly.compile(bytes);
}

/** The kernels on a heap. The one place where the word of assembly/ is taken for the types of its exports. */
export function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const found: unknown = new WebAssembly.Instance(module, { env: { memory } }).exports;
  if (!isKernels(found)) throw new Error("kernels: dist/kernels.wasm is of another version; type: npm run build");
  return found;
}

/** A kernel by its name: what it returns, 0 for one that returns nothing. */
export function callKernel(kernels: Kernels, name: keyof Kernels, args: Iterable<number>): number {
  const kernel: (...args: number[]) => unknown = kernels[name];
  const result = kernel(...args);
  return typeof result === "number" ? result : 0;
}

function isKernels(value: unknown): value is Kernels {
  return typeof value === "object" && value !== null && NAMES.every((name) => name in value);
}
