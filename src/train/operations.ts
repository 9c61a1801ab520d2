// The few operations a model is written on. Each is differentiable by tfjs; each backend may bring a faster version
// of the same function (kernels/, tensorflow/operations.ts), and the composition from tfjs operations (composed.ts) is
// the reference.
import type { Scalar, Tensor, Tensor1D, Tensor2D, Variable } from "@tensorflow/tfjs";

/** Batch and heads of an attention call; rows N = batch · time. */
export interface AttentionShape {
  readonly batch: number;
  readonly time: number;
  readonly heads: number;
}

/** On what a backend computes with: tensors of tfjs, or its own. */
export interface Operations<Matrix = Tensor2D, Vector = Tensor1D, Ids = Tensor1D, Loss = Scalar> {
  /** Rows of `table` [V, E] by `ids` int32 [N] → [N, E]. */
  embedding(table: Matrix, ids: Ids): Matrix;
  /** x / √(mean(x²) + 1e-6) · gain over the last axis; x [N, E], gain [E] → [N, E]. */
  rmsNorm(x: Matrix, gain: Vector): Matrix;
  /** x [N, I] · w [I, O] → [N, O]. */
  linear(x: Matrix, w: Matrix): Matrix;
  /**
   * Causal softmax attention with rotary positions on queries and keys (base 10,000, halves rotated as in GPT-NeoX),
   * scale 1/√K. qkv [N, 3E] holds queries, keys, values side by side, each E = heads · K wide → [N, E].
   */
  attention(qkv: Matrix, shape: AttentionShape): Matrix;
  /** max(x, 0)² (So et al. 2021): no transcendental function, so exact on every machine. */
  reluSquared(x: Matrix): Matrix;
  /** x + y, same shape: the residual stream. */
  add(x: Matrix, y: Matrix): Matrix;
  /** Cross-entropy per row in nats; logits [N, V], targets int32 [N] → [N]. */
  crossEntropy(logits: Matrix, targets: Ids): Vector;
  /** Mean cross-entropy over rows: the training loss, one fused gradient. */
  meanCrossEntropy(logits: Matrix, targets: Ids): Loss;
}

/** One parameter buffer of the optimizer: its gradient (left alone) and what a step changes in place. */
export interface AdamwBuffers {
  readonly parameter: Variable;
  readonly gradient: Tensor;
  /** Running mean of the gradient; zeros before the first step. */
  readonly firstMoment: Variable;
  /** Running mean of the squared gradient; zeros before the first step. */
  readonly secondMoment: Variable;
}

export interface AdamwSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** 1 − beta1^step, step from 1. */
  readonly biasCorrection1: number;
  /** 1 − beta2^step. */
  readonly biasCorrection2: number;
  /** Factor on the gradient before anything else: the global-norm clip. */
  readonly gradientScale: number;
}

export interface OptimizerKernels {
  /**
   * One AdamW step (Loshchilov & Hutter 2019, decoupled decay times the learning rate), in place, all element-wise:
   * g = gradientScale · gradient; m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²;
   * p ← p − lr · ((m / biasCorrection1) / (√(v / biasCorrection2) + ε) + weightDecay · p).
   */
  adamwStep(buffers: AdamwBuffers, settings: AdamwSettings): void;
  /** Σ x² over a tensor in a fixed order: a part of the squared global norm. */
  sumOfSquares(x: Tensor): number;
}
