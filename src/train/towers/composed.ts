// The operations of towers composed from tfjs operations alone: what every backend but wasm runs, and the reference.
import type * as Tensorflow from "@tensorflow/tfjs";
import type { Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs";
import type { TowerOperations } from "./operations.js";

export function composedTowers(tf: typeof Tensorflow): TowerOperations {
  const sigmoidLoss = (similarities: Tensor2D, logScale: Tensor1D, bias: Tensor1D): Tensor1D =>
    tf.tidy(() => {
      const [n] = similarities.shape;
      const logits = similarities.mul(tf.exp(logScale)).add(bias); // [n, n]
      const signs = tf.eye(n).mul(2).sub(1);
      return tf.softplus(logits.mul(signs).neg()).sum(1).as1D(); // [n]
    });
  return {
    fullAttention: (qkv, { batch, time, heads }) =>
      tf.tidy(() => {
        const [rows, columns] = qkv.shape;
        const headWidth = columns / 3 / heads;
        const part = (k: number): Tensor4D =>
          tf.transpose(
            qkv.slice([0, (k * columns) / 3], [rows, columns / 3]).as4D(batch, time, heads, headWidth),
            [0, 2, 1, 3],
          ); // [B, H, T, K]
        const weights = tf.softmax(tf.matMul(part(0), part(1), false, true).mul(1 / Math.sqrt(headWidth))); // [B, H, T, T]
        return tf.transpose(tf.matMul(weights, part(2)), [0, 2, 1, 3]).as2D(rows, columns / 3);
      }),
    meanPool: (x, time) =>
      tf.tidy(() => {
        const [rows, width] = x.shape;
        return x
          .as3D(rows / time, time, width)
          .mean(1)
          .as2D(rows / time, width);
      }),
    similarities: (x, y) => tf.matMul(x, y, false, true),
    sigmoidLoss,
    meanSigmoidLoss: (similarities, logScale, bias) =>
      tf.tidy(() => sigmoidLoss(similarities, logScale, bias).mean().asScalar()),
  };
}
