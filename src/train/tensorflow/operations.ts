// The operations of the model on TensorFlow's own kernels: each forward and each gradient as few, large calls.
// Same functions as composed.ts, which they are tested against. On the CPU one layer spends most of its time in matrix
// products then; composed from tfjs operations half of it went into reshapes, gathers, transposes and temporaries.
import type * as Tensorflow from "@tensorflow/tfjs";
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs";
import type { AttentionShape, Operations, OptimizerKernels } from "../operations.js";
import { type Native, native } from "./native.js";

const ROTARY_BASE = 10_000;
const NORM_EPSILON = 1e-6;
/** Added to scores of the future: e^−1e9 is 0 in every float format. */
const MASKED = -1e9;

export function tensorflowOperations(tf: typeof Tensorflow): Operations {
  const op = native(tf);

  /** A differentiable operation; `backward` sees what `forward` lists as `saved`, the engine frees the rest, inputs too. */
  const differentiable = <T extends Tensor>(
    inputs: readonly Tensor[],
    forward: () => { readonly value: Tensor; readonly saved: readonly Tensor[] },
    backward: (dy: Tensor, saved: readonly Tensor[]) => Tensor[],
  ): T =>
    tf.customGrad((...rest) => {
      const save = rest.at(-1);
      const { value, saved } = forward();
      if (typeof save === "function") save([...saved]);
      // The engine types gradients and results by rank; the shapes below say more than it can check.
      return { value: value as T, gradFunc: (dy: T, kept: Tensor[]) => tf.tidy(() => backward(dy, kept)) };
    })(...inputs);

  const logProbabilities = (logits: Tensor2D, targets: Tensor1D): { log: Tensor; chosen: Tensor } => {
    const [rows, vocabulary] = logits.shape;
    const log = op.logSoftmax(logits); // [N, V]
    const starts = op.kept(`starts ${rows} ${vocabulary}`, () => tf.range(0, rows * vocabulary, vocabulary, "int32"));
    return { log, chosen: op.gather(op.reshape(log, [-1]), tf.add(starts, targets)) }; // [N]
  };
  /** ∂/∂logits of Σ weight · crossEntropy: weight · (probabilities − one-hot). */
  const logitsGradient = (log: Tensor, targets: Tensor, weight: Tensor): Tensor => {
    const [, vocabulary = 0] = log.shape;
    return op.multiply(op.subtract(op.exp(log), tf.oneHot(targets, vocabulary, 1, 0, "float32")), weight); // [N, V]
  };

  return {
    embedding: (table, ids) =>
      differentiable(
        [table],
        () => ({ value: op.gather(table, ids), saved: [ids] }),
        (dy, [places = ids]) => [op.segmentSum(dy, places, table.shape[0])],
      ),

    rmsNorm: (x, gain) =>
      differentiable(
        [x, gain],
        () => {
          const epsilon = op.kept("norm epsilon", () => tf.scalar(NORM_EPSILON));
          const scale = op.rsqrt(op.add(op.lastMean(op.square(x)), epsilon)); // [N, 1]
          const unit = op.multiply(x, scale); // [N, E]
          return { value: op.multiply(unit, gain), saved: [scale, unit, gain] };
        },
        (dy, [scale = dy, unit = dy, gains = dy]) => {
          const slope = op.multiply(dy, unit); // [N, E]
          const column = op.multiply(
            gains,
            op.kept(`1/${x.shape[1]}`, () => tf.scalar(1 / x.shape[1])),
          );
          const mean = op.product(slope, op.reshape(column, [-1, 1]), false, false); // [N, 1]: mean of dy · gain · unit
          const dx = op.multiply(op.subtract(op.multiply(dy, gains), op.multiply(unit, mean)), scale);
          return [dx, op.firstSum(slope)];
        },
      ),

    linear: (x, w) =>
      differentiable(
        [x, w],
        () => ({ value: op.product(x, w, false, false), saved: [x, w] }),
        (dy, [input = dy, weight = dy]) => [op.product(dy, weight, false, true), op.product(input, dy, true, false)],
      ),

    attention: (qkv, shape) => {
      const { forward, backward } = attention(tf, op, qkv.shape, shape);
      return differentiable(
        [qkv],
        () => forward(qkv),
        (dy, saved) => [backward(dy, saved)],
      );
    },

    reluSquared: (x) =>
      differentiable(
        [x],
        () => {
          const positive = op.relu(x);
          return { value: op.square(positive), saved: [positive] };
        },
        (dy, [positive = dy]) => [op.multiply(op.add(dy, dy), positive)],
      ),

    add: (x, y) =>
      differentiable(
        [x, y],
        () => ({ value: op.add(x, y), saved: [] }),
        (dy) => [dy.clone(), dy.clone()],
      ),

    crossEntropy: (logits, targets) =>
      differentiable<Tensor1D>(
        [logits],
        () => {
          const { log, chosen } = logProbabilities(logits, targets);
          return { value: tf.neg(chosen), saved: [log, targets] };
        },
        (dy, [log = dy, ids = dy]) => [logitsGradient(log, ids, op.reshape(dy, [-1, 1]))],
      ),

    meanCrossEntropy: (logits, targets) =>
      differentiable<Scalar>(
        [logits],
        () => {
          const { log, chosen } = logProbabilities(logits, targets);
          return { value: tf.neg(tf.mean(chosen)), saved: [log, targets] };
        },
        (dy, [log = dy, ids = dy]) => [logitsGradient(log, ids, tf.div(dy, logits.shape[0]))],
      ),
  };
}

/** Causal attention over qkv [N, 3E] and its gradient, with queries and keys in one piece wherever they can be. */
function attention(
  tf: typeof Tensorflow,
  op: Native,
  [rows, columns]: readonly [number, number],
  { batch, time, heads }: AttentionShape,
) {
  const headWidth = columns / 3 / heads;
  const { cosines, sines, quarter } = rotary(tf, op, time, headWidth);
  const future = op.kept(`future ${time}`, () =>
    tf.tensor2d(
      Float32Array.from({ length: time * time }, (_, i) => (i % time > Math.floor(i / time) ? MASKED : 0)),
      [time, time],
    ),
  );
  const pairs = [2 * heads, batch, time, headWidth];
  const flat = [2 * heads * batch, time * headWidth];
  /** x · cosines + rotated(x) · sines over [2H, B, T, K]. */
  const rotate = (x: Tensor): Tensor => {
    const turned = op.reshape(op.product(op.reshape(x, [-1, headWidth]), quarter, false, false), flat);
    return op.reshape(op.add(op.multiply(op.reshape(x, flat), cosines), op.multiply(turned, sines)), pairs);
  };
  const rotateBack = (dy: Tensor): Tensor => {
    const rows2d = op.reshape(dy, flat);
    const turned = op.product(op.reshape(op.multiply(rows2d, sines), [-1, headWidth]), quarter, false, true);
    return op.reshape(op.add(op.multiply(rows2d, cosines), op.reshape(turned, flat)), pairs);
  };

  return {
    forward: (qkv: Tensor2D) => {
      const byHead = op.transpose(op.reshape(qkv, [batch, time, 3 * heads, headWidth]), [2, 0, 1, 3]); // [3H, B, T, K]
      const [both = qkv, values = qkv] = op.split(byHead, [2 * heads, heads]);
      const [queries = qkv, keys = qkv] = op.split(rotate(both), [heads, heads]); // [H, B, T, K], 1/√K inside
      const weights = op.softmax(op.add(op.product(queries, keys, false, true), future)); // [H, B, T, T]
      const mixed = op.product(weights, values, false, false); // [H, B, T, K]
      const value = op.reshape(op.transpose(mixed, [1, 2, 0, 3]), [rows, columns / 3]);
      return { value, saved: [queries, keys, values, weights, mixed] };
    },
    backward: (dy: Tensor, [queries = dy, keys = dy, values = dy, weights = dy, mixed = dy]: readonly Tensor[]) => {
      const d = op.transpose(op.reshape(dy, [batch, time, heads, headWidth]), [2, 0, 1, 3]); // [H, B, T, K]
      const dWeights = op.product(d, values, false, true); // [H, B, T, T]
      // Σ_s weights · dWeights = d · mixed: over K entries instead of T (Dao et al. 2022, appendix B.2).
      const dScores = op.multiply(weights, op.subtract(dWeights, op.lastSum(op.multiply(d, mixed))));
      const dBoth = op.concat(op.product(dScores, keys, false, false), op.product(dScores, queries, true, false));
      const dAll = op.concat(rotateBack(dBoth), op.product(weights, d, true, false)); // [3H, B, T, K]
      return op.reshape(op.transpose(dAll, [1, 2, 0, 3]), [rows, columns]);
    },
  };
}

/**
 * Tables of the rotary positions, flat over [T · K], with K^(−1/4) inside so that a query times a key carries 1/√K; and
 * the quarter turn (x₁, x₂) → (−x₂, x₁) of the two halves as a K×K matrix: one product instead of two slices and a join.
 */
function rotary(tf: typeof Tensorflow, op: Native, time: number, headWidth: number) {
  const half = headWidth / 2;
  const table = (name: string, wave: (angle: number) => number): Tensor =>
    op.kept(`${name} ${time} ${headWidth}`, () =>
      tf.tensor1d(
        Float32Array.from({ length: time * headWidth }, (_, i) => {
          const angle = Math.floor(i / headWidth) * ROTARY_BASE ** (-(i % half) / half);
          return wave(angle) * headWidth ** -0.25;
        }),
      ),
    );
  const quarter = op.kept(`quarter ${headWidth}`, () =>
    tf.tensor2d(
      Float32Array.from({ length: headWidth * headWidth }, (_, i) => {
        const [from, to] = [Math.floor(i / headWidth), i % headWidth];
        return from === to + half ? -1 : from + half === to ? 1 : 0;
      }),
      [headWidth, headWidth],
    ),
  );
  return { cosines: table("cosines", Math.cos), sines: table("sines", Math.sin), quarter };
}

export function tensorflowOptimizer(tf: typeof Tensorflow): OptimizerKernels {
  const op = native(tf);
  return {
    adamwStep: ({ parameter, gradient, firstMoment, secondMoment }, settings) =>
      tf.tidy(() => {
        const { beta1, beta2, learningRate, gradientScale, weightDecay, epsilon } = settings;
        const root = Math.sqrt(settings.biasCorrection2);
        const scaled = (x: Tensor, factor: number) => op.multiply(x, tf.scalar(factor));
        const m = op.add(scaled(firstMoment, beta1), scaled(gradient, (1 - beta1) * gradientScale));
        const v = op.add(
          scaled(secondMoment, beta2),
          scaled(op.square(gradient), (1 - beta2) * gradientScale * gradientScale),
        );
        // (m / c₁) / (√(v / c₂) + ε) = (√c₂ / c₁) · m / (√v + ε√c₂): two passes fewer.
        const direction = op.divide(m, op.add(op.sqrt(v), tf.scalar(epsilon * root)));
        const moved = op.subtract(
          scaled(parameter, 1 - learningRate * weightDecay),
          scaled(direction, (learningRate * root) / settings.biasCorrection1),
        );
        firstMoment.assign(m);
        secondMoment.assign(v);
        parameter.assign(moved);
      }),
    sumOfSquares: (x) => tf.tidy(() => 2 * (op.halfSumOfSquares(x).dataSync()[0] ?? Number.NaN)),
  };
}
