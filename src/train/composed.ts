// The operations and the optimizer step composed from tfjs operations alone: what the `cpu` backend runs, and the
// reference that every faster version is tested against.
import type * as Tensorflow from "@tensorflow/tfjs";
import type { Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs";
import type { AttentionShape, Operations, OptimizerKernels } from "./operations.js";

const ROTARY_BASE = 10_000;
const NORM_EPSILON = 1e-6;
/** Added to scores of the future: e^−1e9 is 0 in every float format. */
const MASKED = -1e9;

export function composedOperations(tf: typeof Tensorflow): Operations {
  const crossEntropy = (logits: Tensor2D, targets: Tensor1D): Tensor1D =>
    tf.tidy(() => {
      const [, vocabulary] = logits.shape;
      const chosen = logits.mul(tf.oneHot(targets, vocabulary)).sum(1); // [N]
      return tf.logSumExp(logits, 1).sub(chosen).as1D(); // [N]
    });
  return {
    embedding: (table, ids) => tf.gather(table, ids),
    rmsNorm: (x, gain) =>
      tf.tidy(() =>
        x
          .mul(tf.rsqrt(x.square().mean(1, true).add(NORM_EPSILON)))
          .mul(gain)
          .as2D(...x.shape),
      ),
    linear: (x, w) => tf.matMul(x, w),
    attention: (qkv, shape) => tf.tidy(() => attention(tf, qkv, shape)),
    reluSquared: (x) => tf.tidy(() => tf.square(tf.relu(x))),
    add: (x, y) => tf.add(x, y),
    crossEntropy,
    meanCrossEntropy: (logits, targets) => tf.tidy(() => crossEntropy(logits, targets).mean().asScalar()),
  };
}

function attention(tf: typeof Tensorflow, qkv: Tensor2D, { batch, time, heads }: AttentionShape): Tensor2D {
  const [rows, columns] = qkv.shape;
  const width = columns / 3;
  const headWidth = width / heads;
  const part = (k: number): Tensor4D =>
    tf.transpose(qkv.slice([0, k * width], [rows, width]).as4D(batch, time, heads, headWidth), [0, 2, 1, 3]); // [B, H, T, K]

  const half = headWidth / 2;
  const angles = Float32Array.from(
    { length: time * half },
    (_, i) => Math.floor(i / half) * ROTARY_BASE ** (-(i % half) / half),
  );
  const cosines = tf.tensor(angles.map(Math.cos), [1, 1, time, half]);
  const sines = tf.tensor(angles.map(Math.sin), [1, 1, time, half]);
  const rotate = (x: Tensor4D): Tensor4D => {
    const first = x.slice([0, 0, 0, 0], [batch, heads, time, half]);
    const second = x.slice([0, 0, 0, half], [batch, heads, time, half]);
    return tf
      .concat([first.mul(cosines).sub(second.mul(sines)), second.mul(cosines).add(first.mul(sines))], 3)
      .as4D(batch, heads, time, headWidth); // [B, H, T, K]
  };

  const future = tf.tensor(
    Float32Array.from({ length: time * time }, (_, i) => (i % time > Math.floor(i / time) ? MASKED : 0)),
    [1, 1, time, time],
  );
  const scores = tf.matMul(rotate(part(0)), rotate(part(1)), false, true); // [B, H, T, T]
  const weights = tf.softmax(scores.mul(1 / Math.sqrt(headWidth)).add(future));
  const mixed = tf.matMul(weights, part(2)); // [B, H, T, K]
  return tf.transpose(mixed, [0, 2, 1, 3]).as2D(rows, width);
}

export function composedOptimizer(tf: typeof Tensorflow): OptimizerKernels {
  return {
    adamwStep: ({ parameter, gradient, firstMoment, secondMoment }, settings) =>
      tf.tidy(() => {
        const { beta1, beta2, learningRate } = settings;
        const g = gradient.mul(settings.gradientScale);
        const m = firstMoment.mul(beta1).add(g.mul(1 - beta1));
        const v = secondMoment.mul(beta2).add(g.square().mul(1 - beta2));
        const direction = m
          .div(settings.biasCorrection1)
          .div(v.div(settings.biasCorrection2).sqrt().add(settings.epsilon))
          .add(parameter.mul(settings.weightDecay));
        firstMoment.assign(m);
        secondMoment.assign(v);
        parameter.assign(parameter.sub(direction.mul(learningRate)));
      }),
    sumOfSquares: (x) => tf.tidy(() => x.square().sum().dataSync()[0] ?? Number.NaN),
  };
}
