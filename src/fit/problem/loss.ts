// What a residual costs: squared r², Huber (r²/2 inside δ, δ(|r| − δ/2) outside, as in scipy and Chinchilla), absolute |r|.
import type { Loss } from "../record.js";

/** A smooth loss of one residual and what solvers need of it. */
export interface LossShape {
  rho(residual: number): number;
  /** ρ′(r)/r: the weight of the squared residual in iteratively reweighted least squares. */
  weight(residual: number): number;
  /** ρ″(r). */
  curvature(residual: number): number;
  /** Whether reweighted least squares are the loss itself and not a curve above it. */
  readonly quadratic: boolean;
}

const squared: LossShape = { rho: (r) => r * r, weight: () => 2, curvature: () => 2, quadratic: true };

function huber(delta: number): LossShape {
  return {
    rho: (r) => (Math.abs(r) <= delta ? 0.5 * r * r : delta * (Math.abs(r) - 0.5 * delta)),
    weight: (r) => (Math.abs(r) <= delta ? 1 : delta / Math.abs(r)),
    curvature: (r) => (Math.abs(r) <= delta ? 1 : 0),
    quadratic: false,
  };
}

/** |r| rounded off below `width`: Huber's loss over its δ. Solvers shrink the width; the absolute loss itself has no slope at 0. */
export function smoothedAbsolute(width: number): LossShape {
  const shape = huber(width);
  return {
    rho: (r) => shape.rho(r) / width,
    weight: (r) => shape.weight(r) / width,
    curvature: (r) => shape.curvature(r) / width,
    quadratic: false,
  };
}

/** The shape of a loss; the absolute one is exact in ρ and has zero curvature, for scoring only. */
export function lossShape(loss: Loss): LossShape {
  if (loss.kind === "squared") return squared;
  if (loss.kind === "huber") return huber(loss.delta);
  return { rho: Math.abs, weight: (r) => 1 / Math.max(Math.abs(r), 1e-300), curvature: () => 0, quadratic: false };
}

/** Width within which residuals count as near 0, for the density there: 1.06·σ·n^−1/5, σ from the median of the sizes. */
export function bandwidth(residuals: Float64Array): number {
  const sizes = residuals.map(Math.abs).sort();
  const spread = 1.4826 * (sizes[sizes.length >> 1] ?? Number.NaN);
  return Math.max(1.06 * spread * residuals.length ** -0.2, Number.MIN_VALUE);
}

/** The loss as it is, the absolute one rounded off at a width far below its residuals: for what needs a slope. */
export function withSlope(shape: LossShape, residuals: Float64Array): LossShape {
  return shape.curvature(0) > 0 ? shape : smoothedAbsolute(Math.max(bandwidth(residuals) * 1e-3, 1e-300));
}
