// The compiled kernels (assembly/, built to dist/kernels.wasm) on the heap of the tfjs wasm backend: addresses of
// tensors, new tensors, scratch memory, and how a kernel becomes an operation that tfjs can differentiate.
import type * as Tensorflow from "@tensorflow/tfjs";
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs";
import { InputError } from "../../base/errors.js";
import { compileKernels, type Kernels } from "./exports.js";
import { rotaryTable, unturnedTable } from "./rotary.js";
import type { Call } from "./seat.js";
import { openTeam } from "./team.js";

/** A value, what must live until its gradients are taken, and the gradients, one for each input. */
interface Forward<T extends Tensor> {
  readonly value: T;
  readonly saved: readonly Tensor[];
  readonly gradient: (dy: T) => Tensor[];
}

type Split = (from: number, count: number, scratch: number) => Call;

/** The heap shared with tfjs. Addresses hold as long as the tensor's data lives, also when the memory grows. */
export interface Heap {
  readonly kernels: Kernels;
  address(tensor: Tensor): number;
  scalar(): Scalar;
  vector(length: number): Tensor1D;
  matrix(rows: number, columns: number): Tensor2D;
  /**
   * Runs a kernel on `units` of work, each thread on its own range of whole `grain`s of them, and gives what the calls
   * returned, in order. `call` says what a range takes; its scratch has `bytes` bytes, 64-byte aligned.
   */
  split(units: number, grain: number, bytes: number, call: Split): readonly number[];
  /** Threads from now on. A result never depends on their number. */
  useThreads(threads: number): Promise<void>;
  /** Address of the rotary table [time, headWidth]; made once. */
  rotary(time: number, headWidth: number): number;
  /** The same for positions that turn nothing: cosines 1, sines 0. */
  unturned(time: number, headWidth: number): number;
  /** What `run` gives, as a function of `inputs` for tfjs; what it saved may still be addressed by the gradient. */
  differentiable<T extends Tensor>(inputs: readonly Tensor[], run: () => Forward<T>): T;
}

/** One heap a backend, as the backend itself is one a process: with its threads, its scratch and its tables. */
const heaps = new WeakMap<object, Promise<Heap>>();

/** The kernels on the heap of the current tfjs backend, which must be wasm. InputError when they are not built. */
export function openHeap(tf: typeof Tensorflow): Promise<Heap> {
  const backend = tf.backend();
  const heap = heaps.get(backend) ?? placeKernels(tf, backend);
  heaps.set(backend, heap);
  return heap;
}

async function placeKernels(tf: typeof Tensorflow, backend: object): Promise<Heap> {
  const { BackendWasm } = await import("@tensorflow/tfjs-backend-wasm");
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
  const team = openTeam(await compileKernels(), memory);
  const engine = tf.engine();
  const output = (shape: number[]): Tensor =>
    engine.makeTensorFromTensorInfo(backend.makeOutput(shape, "float32"), backend);

  // Memory that tfjs knows of but the engine does not count as tensors.
  const claim = (bytes: number) => backend.makeOutput([Math.ceil(bytes / 4)], "float32").dataId;
  let scratch = claim(64);
  let scratchSize = 0;
  const tables = new Map<string, number>();
  const scratchOf = (bytes: number): number => {
    if (bytes > scratchSize) {
      backend.disposeData(scratch);
      scratch = claim(bytes + 64);
      scratchSize = bytes;
    }
    return 64 * Math.ceil(backend.getMemoryOffset(scratch) / 64);
  };
  const table = (key: string, make: () => Float32Array): number => {
    let address = tables.get(key);
    if (address === undefined) {
      const values = make();
      address = backend.getMemoryOffset(claim(values.byteLength));
      new Float32Array(memory.buffer, address, values.length).set(values);
      tables.set(key, address);
    }
    return address;
  };
  return {
    kernels: team.kernels,
    split: (units, grain, bytes, call) => {
      const each = grain * Math.ceil(units / grain / team.threads());
      const stride = 64 * Math.ceil(bytes / 64);
      const own = scratchOf(stride * team.threads());
      const calls: Call[] = [];
      let from = 0;
      do {
        calls.push(call(from, Math.min(each, units - from), own + stride * calls.length));
        from += each;
      } while (from < units);
      return team.run(calls);
    },
    useThreads: team.useThreads,
    address: (tensor) => backend.getMemoryOffset(tensor.dataId),
    scalar: () => ranked(output([]), isScalar),
    vector: (length) => ranked(output([length]), isVector),
    matrix: (rows, columns) => ranked(output([rows, columns]), isMatrix),
    rotary: (time, headWidth) => table(`${time}×${headWidth}`, () => rotaryTable(time, headWidth)),
    unturned: (time, headWidth) => table(`${time}×${headWidth} unturned`, () => unturnedTable(time, headWidth)),
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
    if (exported.memory instanceof WebAssembly.Memory) {
      if (exported.memory.buffer instanceof SharedArrayBuffer) return exported.memory;
      throw new InputError(
        `kernels: the tfjs wasm backend must run on shared memory, got one that was started before Rinsight; let loadBackend("wasm") start it`,
      );
    }
  }
  throw new Error("kernels: the heap of @tensorflow/tfjs-backend-wasm is not where version 4.22.0 keeps it");
}

const isScalar = (tensor: Tensor): tensor is Scalar => tensor.rank === 0;
const isVector = (tensor: Tensor): tensor is Tensor1D => tensor.rank === 1;
const isMatrix = (tensor: Tensor): tensor is Tensor2D => tensor.rank === 2;

function ranked<T extends Tensor>(tensor: Tensor, holds: (tensor: Tensor) => tensor is T): T {
  if (!holds(tensor)) throw new Error(`kernels: unexpected rank ${tensor.rank}`);
  return tensor;
}
