// The operations and the optimizer step of the wasm backend: own kernels on the tfjs heap, with their gradients.
import type * as Tensorflow from "@tensorflow/tfjs";
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs";
import type { Operations, OptimizerKernels } from "../operations.js";
import type { TowerOperations } from "../towers/operations.js";
import { attentionOn } from "./attention.js";
import { check } from "./check.js";
import { type Heap, openHeap } from "./module.js";
import { productsOn } from "./products.js";
import { towerOperationsOn } from "./towers.js";

export interface WasmKernels {
  readonly operations: Operations & TowerOperations;
  /** Steps change the data of the variables themselves: a tensor that shares it (the one a variable was made of) too. */
  readonly optimizer: OptimizerKernels;
  /** Threads from now on: it shows in the speed alone, in no bit. */
  useThreads(threads: number): Promise<void>;
}

/** The kernels on the current tfjs backend, which must be wasm; InputError when dist/kernels.wasm is not built. */
export async function wasmKernels(tf: typeof Tensorflow): Promise<WasmKernels> {
  const heap = await openHeap(tf);
  return {
    operations: { ...operationsOn(heap), ...towerOperationsOn(heap) },
    optimizer: optimizerOn(heap),
    useThreads: heap.useThreads,
  };
}

function operationsOn(heap: Heap): Operations {
  const { kernels, address, split } = heap;
  const products = productsOn(heap);
  const elementwise = (
    kernel: "add" | "reluSquaredForward" | "reluSquaredBackward",
    tensors: readonly Tensor[],
    size: number,
  ) => split(size, 4, 0, (from, count) => [kernel, ...tensors.map((tensor) => address(tensor) + 4 * from), count]);

  const embedding = (table: Tensor2D, ids: Tensor1D): Tensor2D => {
    const [vocabulary, width] = table.shape;
    const [rows] = ids.shape;
    check(ids.dtype === "int32", `embedding: ids must be int32, got ${ids.dtype}; cast them`);
    return heap.differentiable([table], () => {
      const value = heap.matrix(rows, width);
      const bad = kernels.embeddingForward(address(table), address(ids), address(value), rows, vocabulary, width);
      check(
        bad < 0,
        `embedding: ids must lie in 0 … ${vocabulary - 1}, got another at row ${bad}; check the tokenizer`,
      );
      const gradient = (dy: Tensor2D) => {
        const dtable = heap.matrix(vocabulary, width);
        kernels.embeddingBackward(address(ids), address(dy), address(dtable), rows, vocabulary, width);
        return [dtable];
      };
      return { value, saved: [ids], gradient };
    });
  };

  const rmsNorm = (x: Tensor2D, gain: Tensor1D): Tensor2D => {
    const [rows, width] = x.shape;
    check(gain.size === width, `rmsNorm: gain must have ${width} entries, got ${gain.size}; give one a column`);
    return heap.differentiable([x, gain], () => {
      const value = heap.matrix(rows, width);
      const [from, to] = [address(x), address(value)];
      split(rows, 1, 0, (row, count) => {
        const at = 4 * row * width;
        return ["rmsNormForward", from + at, address(gain), to + at, count, width];
      });
      const gradient = (dy: Tensor2D) => {
        const dx = heap.matrix(rows, width);
        const dgain = heap.vector(width);
        kernels.rmsNormBackward(address(x), address(gain), address(dy), address(dx), address(dgain), rows, width);
        return [dx, dgain];
      };
      return { value, saved: [x, gain], gradient };
    });
  };

  const linear = (x: Tensor2D, w: Tensor2D): Tensor2D => {
    const [rows, inputs] = x.shape;
    const outputs = w.shape[1];
    check(w.shape[0] === inputs, `linear: w must have ${inputs} rows, got ${w.shape[0]}; one for each column of x`);
    return heap.differentiable([x, w], () => {
      const value = heap.matrix(rows, outputs);
      products.forward(address(x), address(w), address(value), rows, inputs, outputs);
      const gradient = (dy: Tensor2D) => {
        const dx = heap.matrix(rows, inputs);
        const dw = heap.matrix(inputs, outputs);
        products.inputGradient(address(dy), address(w), address(dx), rows, inputs, outputs);
        products.weightGradient(address(x), address(dy), address(dw), rows, inputs, outputs);
        return [dx, dw];
      };
      return { value, saved: [x, w], gradient };
    });
  };

  const reluSquared = (x: Tensor2D): Tensor2D =>
    heap.differentiable([x], () => {
      const value = heap.matrix(...x.shape);
      elementwise("reluSquaredForward", [x, value], x.size);
      const gradient = (dy: Tensor2D) => {
        const dx = heap.matrix(...x.shape);
        elementwise("reluSquaredBackward", [x, dy, dx], x.size);
        return [dx];
      };
      return { value, saved: [x], gradient };
    });

  const add = (x: Tensor2D, y: Tensor2D): Tensor2D => {
    check(
      x.shape[0] === y.shape[0] && x.shape[1] === y.shape[1],
      `add: both must have one shape, got [${x.shape}] and [${y.shape}]; nothing is broadcast`,
    );
    return heap.differentiable([x, y], () => {
      const value = heap.matrix(...x.shape);
      elementwise("add", [x, y, value], x.size);
      // Not dy itself twice: tfjs disposes of a gradient when it has added to it.
      return { value, saved: [], gradient: (dy: Tensor2D) => [dy.clone(), dy.clone()] };
    });
  };

  const rowLosses = (logits: Tensor2D, targets: Tensor1D) => {
    const [rows, vocabulary] = logits.shape;
    check(targets.dtype === "int32", `crossEntropy: targets must be int32, got ${targets.dtype}; cast them`);
    check(targets.size === rows, `crossEntropy: targets must have ${rows} entries, got ${targets.size}; one a row`);
    const losses = heap.vector(rows);
    const logSums = heap.vector(rows);
    const starts: number[] = [];
    const bad = split(rows, 1, 0, (row, count) => {
      starts.push(row);
      return [
        "crossEntropyForward",
        address(logits) + 4 * row * vocabulary,
        address(targets) + 4 * row,
        address(losses) + 4 * row,
        address(logSums) + 4 * row,
        count,
        vocabulary,
      ];
    });
    const part = bad.findIndex((row) => row >= 0);
    check(
      part < 0,
      `crossEntropy: targets must lie in 0 … ${vocabulary - 1}, got another at row ${(starts[part] ?? 0) + (bad[part] ?? 0)}; check the tokenizer`,
    );
    /** `step` 0 and `factor` 1/rows for the mean, 1 and 1 for the losses of the rows. */
    const gradient = (dloss: Tensor, step: 0 | 1, factor: number) => {
      const dlogits = heap.matrix(rows, vocabulary);
      split(rows, 1, 0, (row, count) => [
        "crossEntropyBackward",
        address(logits) + 4 * row * vocabulary,
        address(targets) + 4 * row,
        address(logSums) + 4 * row,
        address(dloss) + 4 * row * step,
        step,
        factor,
        address(dlogits) + 4 * row * vocabulary,
        count,
        vocabulary,
      ]);
      return [dlogits];
    };
    return { losses, saved: [logits, targets, logSums], gradient };
  };

  const crossEntropy = (logits: Tensor2D, targets: Tensor1D): Tensor1D =>
    heap.differentiable([logits], () => {
      const { losses, saved, gradient } = rowLosses(logits, targets);
      return { value: losses, saved, gradient: (dy) => gradient(dy, 1, 1) };
    });

  const meanCrossEntropy = (logits: Tensor2D, targets: Tensor1D): Scalar =>
    heap.differentiable([logits], () => {
      const { losses, saved, gradient } = rowLosses(logits, targets);
      const value = heap.scalar();
      kernels.mean(address(losses), address(value), losses.size);
      return { value, saved, gradient: (dy) => gradient(dy, 0, 1 / losses.size) };
    });

  const attention = attentionOn(heap, "causal");
  return { embedding, rmsNorm, linear, attention, reluSquared, add, crossEntropy, meanCrossEntropy };
}

function optimizerOn({ kernels, address }: Heap): OptimizerKernels {
  return {
    adamwStep: ({ parameter, gradient, firstMoment, secondMoment }, settings) =>
      kernels.adamwStep(
        address(parameter),
        address(gradient),
        address(firstMoment),
        address(secondMoment),
        parameter.size,
        settings.learningRate,
        settings.beta1,
        1 - settings.beta1,
        settings.beta2,
        1 - settings.beta2,
        settings.epsilon,
        settings.weightDecay,
        1 / settings.biasCorrection1,
        1 / settings.biasCorrection2,
        settings.gradientScale,
      ),
    sumOfSquares: (x) => kernels.sumOfSquares(address(x), x.size),
  };
}
