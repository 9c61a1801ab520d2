// The compiled kernels (assembly/, built to dist/kernels.wasm) on the heap of the tfjs wasm backend: addresses of
// tensors, new tensors, scratch memory, and how a kernel becomes an operation that tfjs can differentiate.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type * as Tensorflow from "@tensorflow/tfjs";
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs";
import { InputError } from "../../base/errors.js";
import { rotaryTable } from "./rotary.js";

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
}
type AttentionLengths = readonly [batch: number, time: number, heads: number, headWidth: number, scale: number];

/** A value, what must live until its gradients are taken, and the gradients, one for each input. */
interface Forward<T extends Tensor> {
  readonly value: T;
  readonly saved: readonly Tensor[];
  readonly gradient: (dy: T) => Tensor[];
}

/** The heap shared with tfjs. Addresses hold as long as the tensor's data lives, also when the memory grows. */
export interface Heap {
  readonly kernels: Kernels;
  address(tensor: Tensor): number;
  scalar(): Scalar;
  vector(length: number): Tensor1D;
  matrix(rows: number, columns: number): Tensor2D;
  /** At least so many bytes, 64-byte aligned, valid until the next call. */
  scratch(bytes: number): number;
  /** Address of the rotary table [time, headWidth]; made once. */
  rotary(time: number, headWidth: number): number;
  /** What `run` gives, as a function of `inputs` for tfjs; what it saved may still be addressed by the gradient. */
  differentiable<T extends Tensor>(inputs: readonly Tensor[], run: () => Forward<T>): T;
}

/** Places the kernels on the heap of the current tfjs backend, which must be wasm. InputError when they are not built. */
export async function openHeap(tf: typeof Tensorflow): Promise<Heap> {
  const { BackendWasm } = await import("@tensorflow/tfjs-backend-wasm");
  const backend = tf.backend();
  if (!(backend instanceof BackendWasm)) {
    throw new InputError(
      `kernels: the tfjs backend must be wasm, got ${tf.getBackend()}; call tf.setBackend("wasm") first`,
    );
  }
  // tfjs clones every tensor that it keeps for a gradient, and its wasm backend copies the data each time: count
  // references instead, as its cpu backend does. Nothing writes into a tensor but the optimizer, between steps.
  tf.unregisterKernel("Identity", "wasm");
  tf.registerKernel({
    kernelName: "Identity",
    backendName: "wasm",
    kernelFunc: ({ inputs }) => {
      const { x } = inputs;
      if (x === undefined) throw new Error("kernels: Identity takes a tensor");
      backend.incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    },
  });
  const memory = memoryOf(backend.wasm);
  const kernels = await instantiate(memory);
  const engine = tf.engine();
  const output = (shape: number[]): Tensor =>
    engine.makeTensorFromTensorInfo(backend.makeOutput(shape, "float32"), backend);

  // Memory that tfjs knows of but the engine does not count as tensors.
  const claim = (bytes: number) => backend.makeOutput([Math.ceil(bytes / 4)], "float32").dataId;
  let scratch = claim(64);
  let scratchSize = 0;
  const tables = new Map<string, number>();
  return {
    kernels,
    address: (tensor) => backend.getMemoryOffset(tensor.dataId),
    scalar: () => ranked(output([]), isScalar),
    vector: (length) => ranked(output([length]), isVector),
    matrix: (rows, columns) => ranked(output([rows, columns]), isMatrix),
    scratch: (bytes) => {
      if (bytes > scratchSize) {
        backend.disposeData(scratch);
        scratch = claim(bytes + 64);
        scratchSize = bytes;
      }
      return 64 * Math.ceil(backend.getMemoryOffset(scratch) / 64);
    },
    rotary: (time, headWidth) => {
      const key = `${time}×${headWidth}`;
      let address = tables.get(key);
      if (address === undefined) {
        const values = rotaryTable(time, headWidth);
        address = backend.getMemoryOffset(claim(values.byteLength));
        new Float32Array(memory.buffer, address, values.length).set(values);
        tables.set(key, address);
      }
      return address;
    },
    differentiable: <T extends Tensor>(inputs: readonly Tensor[], run: () => Forward<T>) =>
      tf.customGrad<T>((...args) => {
        const { value, saved, gradient } = run();
        const save = args[args.length - 1];
        if (typeof save === "function") save([...saved]);
        return { value, gradFunc: (dy) => gradient(dy) };
      })(...inputs),
  };
}

function memoryOf(wasm: object): WebAssembly.Memory {
  const exported = "asm" in wasm ? wasm.asm : undefined;
  if (typeof exported === "object" && exported !== null && "memory" in exported) {
    if (exported.memory instanceof WebAssembly.Memory) return exported.memory;
  }
  throw new Error("kernels: the heap of @tensorflow/tfjs-backend-wasm is not where version 4.22.0 keeps it");
}

async function instantiate(memory: WebAssembly.Memory): Promise<Kernels> {
  const url = new URL("../../../dist/kernels.wasm", import.meta.url);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await readFile(url));
  } catch {
    throw new InputError(`kernels: ${fileURLToPath(url)} must exist, got none; type: npm run build`);
  }
  const module = await WebAssembly.compile(bytes);
  return exportsOf(await WebAssembly.instantiate(module, { env: { memory } }));
}

/** The one place where the word of assembly/ is taken for the types of its exports. */
function exportsOf(instance: WebAssembly.Instance): Kernels {
  const found: unknown = instance.exports;
  if (!isKernels(found)) throw new Error("kernels: dist/kernels.wasm is of another version; type: npm run build");
  return found;
}

const NAMES: readonly (keyof Kernels)[] = [
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
];

function isKernels(value: unknown): value is Kernels {
  return typeof value === "object" && value !== null && NAMES.every((name) => name in value);
}

const isScalar = (tensor: Tensor): tensor is Scalar => tensor.rank === 0;
const isVector = (tensor: Tensor): tensor is Tensor1D => tensor.rank === 1;
const isMatrix = (tensor: Tensor): tensor is Tensor2D => tensor.rank === 2;

function ranked<T extends Tensor>(tensor: Tensor, holds: (tensor: Tensor) => tensor is T): T {
  if (!holds(tensor)) throw new Error(`kernels: unexpected rank ${tensor.rank}`);
  return tensor;
}
