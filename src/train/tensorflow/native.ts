// The raw door into TensorFlow: its own kernels by name, without what tfjs puts between (shape checks, reshapes, tapes).
// An eager call costs some 20 µs, so the operations above it are few and large.
import type * as Tensorflow from "@tensorflow/tfjs";
import type { Tensor } from "@tensorflow/tfjs";

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** What tfjs-node's backend offers beyond the tfjs interface (nodejs_kernel_backend.ts, tfjs_binding.ts). */
interface NodeBackend {
  readonly binding: Readonly<Record<"TF_ATTR_TYPE" | "TF_ATTR_BOOL" | "TF_ATTR_INT" | "TF_FLOAT" | "TF_INT32", number>>;
  executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly Tensor[]): Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly Tensor[],
    outputs: number,
  ): Tensor[];
}

function isNodeBackend(backend: unknown): backend is NodeBackend {
  return typeof backend === "object" && backend !== null && "executeSingleOutput" in backend && "binding" in backend;
}

export type Native = ReturnType<typeof native>;

/** TensorFlow's float32 kernels. The `tensorflow` backend must be the one in use. */
export function native(tf: typeof Tensorflow) {
  const backend: unknown = tf.backend();
  if (!isNodeBackend(backend)) throw new Error(`native: the tensorflow backend must be in use, got ${tf.getBackend()}`);
  const { binding } = backend;
  const type = (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_TYPE, value });
  const flag = (name: string, value: boolean): Attribute => ({ name, type: binding.TF_ATTR_BOOL, value });
  const int = (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_INT, value });
  const float = type("T", binding.TF_FLOAT);
  const run = (name: string, attributes: readonly Attribute[], ...inputs: Tensor[]): Tensor =>
    backend.executeSingleOutput(name, attributes, inputs);

  // Axes, permutations and factors are tensors to TensorFlow; each is made once.
  const constants = new Map<string, Tensor>();
  const kept = (key: string, make: () => Tensor): Tensor => {
    const known = constants.get(key);
    if (known !== undefined) return known;
    const made = tf.keep(tf.tidy(make));
    constants.set(key, made);
    return made;
  };
  const ints = (values: readonly number[]): Tensor =>
    kept(`ints ${values.join()}`, () => tf.tensor1d([...values], "int32"));
  const axis = (value: number): Tensor => kept(`axis ${value}`, () => tf.scalar(value, "int32"));

  const pairwise =
    (name: string) =>
    (x: Tensor, y: Tensor): Tensor =>
      run(name, [float], x, y);
  const single =
    (name: string) =>
    (x: Tensor): Tensor =>
      run(name, [float], x);
  const sumAttributes = (keep: boolean) => [flag("keep_dims", keep), float, type("Tidx", binding.TF_INT32)];

  return {
    /** A constant made once and kept for the life of the process. */
    kept,
    add: pairwise("AddV2"),
    subtract: pairwise("Sub"),
    multiply: pairwise("Mul"),
    divide: pairwise("RealDiv"),
    square: single("Square"),
    sqrt: single("Sqrt"),
    rsqrt: single("Rsqrt"),
    exp: single("Exp"),
    relu: single("Relu"),
    softmax: single("Softmax"),
    logSoftmax: single("LogSoftmax"),
    /** Σ x²/2 over all entries. */
    halfSumOfSquares: single("L2Loss"),
    /** Matrix product over the last two axes, either side transposed on the fly. */
    product: (x: Tensor, y: Tensor, transposeX: boolean, transposeY: boolean): Tensor =>
      run("BatchMatMulV2", [float, flag("adj_x", transposeX), flag("adj_y", transposeY)], x, y),
    /** Mean over the last axis, which stays with length 1. */
    lastMean: (x: Tensor): Tensor => run("Mean", sumAttributes(true), x, ints([x.rank - 1])),
    lastSum: (x: Tensor): Tensor => run("Sum", sumAttributes(true), x, ints([x.rank - 1])),
    firstSum: (x: Tensor): Tensor => run("Sum", sumAttributes(false), x, ints([0])),
    reshape: (x: Tensor, shape: readonly number[]): Tensor =>
      run("Reshape", [float, type("Tshape", binding.TF_INT32)], x, ints(shape)),
    transpose: (x: Tensor, order: readonly number[]): Tensor =>
      run("Transpose", [float, type("Tperm", binding.TF_INT32)], x, ints(order)),
    /** Parts of these lengths along the first axis: views, nothing is copied. */
    split: (x: Tensor, lengths: readonly number[]): Tensor[] =>
      backend.executeMultipleOutputs(
        "SplitV",
        [int("num_split", lengths.length), float, type("Tlen", binding.TF_INT32)],
        [x, ints(lengths), axis(0)],
        lengths.length,
      ),
    /** Joined along the first axis. */
    concat: (...parts: Tensor[]): Tensor =>
      run("ConcatV2", [int("N", parts.length), float, type("Tidx", binding.TF_INT32)], ...parts, axis(0)),
    /** Rows of x by int32 ids. */
    gather: (x: Tensor, ids: Tensor): Tensor =>
      run(
        "GatherV2",
        [
          type("Tparams", binding.TF_FLOAT),
          type("Tindices", binding.TF_INT32),
          type("Taxis", binding.TF_INT32),
          int("batch_dims", 0),
        ],
        x,
        ids,
        axis(0),
      ),
    /** Rows of x added up by int32 ids into [rows, …]: the gradient of gather. */
    segmentSum: (x: Tensor, ids: Tensor, rows: number): Tensor =>
      run(
        "UnsortedSegmentSum",
        [float, type("Tindices", binding.TF_INT32), type("Tnumsegments", binding.TF_INT32)],
        x,
        ids,
        axis(rows),
      ),
  };
}
