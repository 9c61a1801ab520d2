// What towers need beyond the operations of a language model. Backends of tensors have them: kernels/towers.ts on wasm,
// the composition of tfjs operations (composed.ts) on the others, which is the reference.
import type { Scalar, Tensor1D, Tensor2D } from "@tensorflow/tfjs";
import type { AttentionShape } from "../operations.js";

export interface TowerOperations {
  /** Softmax attention over all positions, scale 1/√K, no mask, nothing turned; qkv [N, 3E] as in attention → [N, E]. */
  fullAttention(qkv: Tensor2D, shape: AttentionShape): Tensor2D;
  /** Mean over the `time` rows of each example; x [B · time, E] → [B, E]. */
  meanPool(x: Tensor2D, time: number): Tensor2D;
  /** x · yᵀ; x [n, E], y [m, E] → [n, m]. */
  similarities(x: Tensor2D, y: Tensor2D): Tensor2D;
  /**
   * Sigmoid loss of SigLIP (Zhai et al. 2023, arXiv 2303.15343) per row of similarities s [n, n], in nats:
   * −Σ over j of log σ(z_ij (e^τ s_ij + b)), z = 1 where i = j and −1 elsewhere; τ and b of one entry each → [n].
   */
  sigmoidLoss(similarities: Tensor2D, logScale: Tensor1D, bias: Tensor1D): Tensor1D;
  /** Mean of these losses: the training loss, one fused gradient. */
  meanSigmoidLoss(similarities: Tensor2D, logScale: Tensor1D, bias: Tensor1D): Scalar;
}
