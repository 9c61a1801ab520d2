// The sigmoid loss of SigLIP (arXiv 2303.15343) on similarities s [n, n], row i with column i the pair that belongs
// together: u = e^τ · s + b, loss of row i = Σ over j of log(1 + e^−zu), z = 1 on the diagonal and −1 off it.
import { expOfNegative, logarithm } from "./exponential";

/** e^x for x of either sign. */
function exponential(x: f32): f32 {
  const e = f32x4.extract_lane(expOfNegative(f32x4.splat(x > 0 ? -x : x)), 0);
  return x > 0 ? 1 / e : e;
}

/** Losses of `rows` rows of s from row `first` on. */
export function sigmoidLossForward(
  s: usize, logScale: usize, bias: usize, losses: usize, first: i32, rows: i32, n: i32,
): void {
  const scale = exponential(load<f32>(logScale));
  const b = load<f32>(bias);
  for (let i = first; i < first + rows; i++) {
    let total: f64 = 0;
    for (let j = 0; j < n; j++) {
      const u = scale * load<f32>(s + 4 * <usize>j) + b;
      // What a right answer lies on the wrong side of 0 by: log(1 + e^v) = max(v, 0) + log(1 + e^−|v|).
      const v = i == j ? -u : u;
      const e = f32x4.extract_lane(expOfNegative(f32x4.splat(v > 0 ? -v : v)), 0);
      total += <f64>max<f32>(v, 0) + (e == e ? logarithm(1 + <f64>e) : <f64>e);
    }
    store<f32>(losses + 4 * <usize>(i - first), <f32>total);
    s += 4 * <usize>n;
  }
}

/**
 * With g = dlosses[i] · (σ(v) · ∓1): ds = g · e^τ, dτ = Σ g · e^τ · s, db = Σ g. Both sums in double precision, in order.
 * dlosses has one entry a row, or one for all rows times `factor` (step 0), as in the cross-entropy.
 */
export function sigmoidLossBackward(
  s: usize, logScale: usize, bias: usize, dlosses: usize, step: i32, factor: f32,
  ds: usize, dlogScale: usize, dbias: usize, n: i32,
): void {
  const scale = exponential(load<f32>(logScale));
  const b = load<f32>(bias);
  let alongScale: f64 = 0, alongBias: f64 = 0;
  for (let i = 0; i < n; i++) {
    const weight = load<f32>(dlosses + 4 * <usize>(i * step)) * factor;
    for (let j = 0; j < n; j++) {
      const at: usize = 4 * <usize>j;
      const similarity = load<f32>(s + at);
      const u = scale * similarity + b;
      const v = i == j ? -u : u;
      const e = f32x4.extract_lane(expOfNegative(f32x4.splat(v > 0 ? -v : v)), 0);
      const wrong: f32 = (v > 0 ? <f32>1 : e) / (1 + e);
      const g = (i == j ? -wrong : wrong) * weight;
      store<f32>(ds + at, g * scale);
      alongScale += <f64>g * <f64>scale * <f64>similarity;
      alongBias += <f64>g;
    }
    s += 4 * <usize>n;
    ds += 4 * <usize>n;
  }
  store<f32>(dlogScale, <f32>alongScale);
  store<f32>(dbias, <f32>alongBias);
}
