// Attention as an operation on the heap: causal with rotary positions, or full without (towers/operations.ts).
import type { Tensor2D } from "@tensorflow/tfjs";
import type { AttentionShape } from "../operations.js";
import { check } from "./check.js";
import type { Heap } from "./module.js";

/** Full attention turns nothing: its positions are in its input. */
export function attentionOn(heap: Heap, mask: "causal" | "none"): (qkv: Tensor2D, shape: AttentionShape) => Tensor2D {
  const { kernels, address, split } = heap;
  return (qkv, { batch, time, heads }) => {
    const [rows, columns] = qkv.shape;
    const headWidth = columns / 3 / heads;
    check(rows === batch * time, `attention: qkv must have batch · time = ${batch * time} rows, got ${rows}`);
    check(
      Number.isInteger(headWidth / 2),
      `attention: qkv must have 3 · heads · K columns with K even, got ${columns} for ${heads} heads`,
    );
    const scale = 1 / Math.sqrt(headWidth);
    const lengths = [time, heads, headWidth, scale, mask === "causal" ? 1 : 0] as const;
    const matrixBytes = (4 * time * columns) / 3;
    const keptBytes = kernels.probabilityBytes(1, time, heads);
    const table = mask === "causal" ? heap.rotary(time, headWidth) : heap.unturned(time, headWidth);
    const bytes = kernels.attentionScratchBytes(time, headWidth);
    return heap.differentiable([qkv], () => {
      const value = heap.matrix(rows, columns / 3);
      const kept = heap.vector((batch * keptBytes) / 4);
      split(batch, 1, bytes, (sequence, count, scratch) => [
        "attentionForward",
        address(qkv) + 3 * sequence * matrixBytes,
        table,
        address(value) + sequence * matrixBytes,
        address(kept) + sequence * keptBytes,
        scratch,
        count,
        ...lengths,
      ]);
      const gradient = (dy: Tensor2D) => {
        const dqkv = heap.matrix(rows, columns);
        split(batch, 1, bytes, (sequence, count, scratch) => [
          "attentionBackward",
          address(qkv) + 3 * sequence * matrixBytes,
          table,
          address(kept) + sequence * keptBytes,
          address(dy) + sequence * matrixBytes,
          address(dqkv) + 3 * sequence * matrixBytes,
          scratch,
          count,
          ...lengths,
        ]);
        return [dqkv];
      };
      return { value, saved: [qkv, kept], gradient };
    });
  };
}
