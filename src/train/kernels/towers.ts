// The operations of towers on the heap, with their gradients.
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs";
import type { TowerOperations } from "../towers/operations.js";
import { attentionOn } from "./attention.js";
import { check } from "./check.js";
import type { Heap } from "./module.js";
import { productsOn } from "./products.js";

export function towerOperationsOn(heap: Heap): TowerOperations {
  const { kernels, address, split } = heap;
  const products = productsOn(heap);

  const meanPool = (x: Tensor2D, time: number): Tensor2D => {
    const [rows, width] = x.shape;
    const examples = rows / time;
    check(Number.isInteger(examples), `meanPool: rows must be a multiple of ${time}, got ${rows}; give whole examples`);
    return heap.differentiable([x], () => {
      const value = heap.matrix(examples, width);
      kernels.meanPoolForward(address(x), address(value), examples, time, width);
      const gradient = (dy: Tensor2D) => {
        const dx = heap.matrix(rows, width);
        kernels.meanPoolBackward(address(dy), address(dx), examples, time, width);
        return [dx];
      };
      return { value, saved: [], gradient };
    });
  };

  const similarities = (x: Tensor2D, y: Tensor2D): Tensor2D => {
    const [n, width] = x.shape;
    const [m, other] = y.shape;
    check(width === other, `similarities: both must have one width, got ${width} and ${other}; embed both alike`);
    return heap.differentiable([x, y], () => {
      const value = heap.matrix(n, m);
      products.inputGradient(address(x), address(y), address(value), n, m, width);
      const gradient = (ds: Tensor2D) => {
        const dx = heap.matrix(n, width);
        const dy = heap.matrix(m, width);
        products.forward(address(ds), address(y), address(dx), n, m, width);
        products.weightGradient(address(ds), address(x), address(dy), n, m, width);
        return [dx, dy];
      };
      return { value, saved: [x, y], gradient };
    });
  };

  const rowLosses = (s: Tensor2D, logScale: Tensor1D, bias: Tensor1D) => {
    const [n, m] = s.shape;
    check(n === m, `sigmoidLoss: similarities must be square, got [${n}, ${m}]; give as many captions as pictures`);
    const losses = heap.vector(n);
    split(n, 1, 0, (row, count) => [
      "sigmoidLossForward",
      address(s) + 4 * row * n,
      address(logScale),
      address(bias),
      address(losses) + 4 * row,
      row,
      count,
      n,
    ]);
    /** `step` and `factor` as in the cross-entropy: 0 and 1/n for the mean, 1 and 1 for the losses of the rows. */
    const gradient = (dlosses: Tensor, step: 0 | 1, factor: number) => {
      const ds = heap.matrix(n, n);
      const dlogScale = heap.vector(1);
      const dbias = heap.vector(1);
      kernels.sigmoidLossBackward(
        address(s),
        address(logScale),
        address(bias),
        address(dlosses),
        step,
        factor,
        address(ds),
        address(dlogScale),
        address(dbias),
        n,
      );
      return [ds, dlogScale, dbias];
    };
    return { losses, saved: [s, logScale, bias], gradient };
  };

  return {
    fullAttention: attentionOn(heap, "none"),
    meanPool,
    similarities,
    sigmoidLoss: (s, logScale, bias) =>
      heap.differentiable([s, logScale, bias], () => {
        const { losses, saved, gradient } = rowLosses(s, logScale, bias);
        return { value: losses, saved, gradient: (dy) => gradient(dy, 1, 1) };
      }),
    meanSigmoidLoss: (s, logScale, bias) =>
      heap.differentiable([s, logScale, bias], () => {
        const { losses, saved, gradient } = rowLosses(s, logScale, bias);
        const value = heap.scalar();
        kernels.mean(address(losses), address(value), losses.size);
        return { value, saved, gradient: (dy) => gradient(dy, 0, 1 / losses.size) };
      }),
  };
}
