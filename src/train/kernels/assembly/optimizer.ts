// AdamW over one parameter buffer, in place, and the sum of squares for the global-norm clip.

/**
 * g = gradientScale · gradient; m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²;
 * p ← p − lr · (m · inverse1 / (√(v · inverse2) + ε) + decay · p), where inverseN = 1 / biasCorrectionN.
 */
export function adamwStep(
  parameter: usize, gradient: usize, first: usize, second: usize, count: i32, learningRate: f32, beta1: f32, rest1: f32,
  beta2: f32, rest2: f32, epsilon: f32, decay: f32, inverse1: f32, inverse2: f32, gradientScale: f32,
): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at: usize = 4 * <usize>i;
    const g = f32x4.mul(v128.load(gradient + at), f32x4.splat(gradientScale));
    const m = f32x4.add(f32x4.mul(v128.load(first + at), f32x4.splat(beta1)), f32x4.mul(g, f32x4.splat(rest1)));
    const v = f32x4.add(
      f32x4.mul(v128.load(second + at), f32x4.splat(beta2)),
      f32x4.mul(f32x4.mul(g, g), f32x4.splat(rest2)),
    );
    v128.store(first + at, m);
    v128.store(second + at, v);
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(v, f32x4.splat(inverse2))), f32x4.splat(epsilon));
    const p = v128.load(parameter + at);
    const step = f32x4.add(f32x4.div(f32x4.mul(m, f32x4.splat(inverse1)), root), f32x4.mul(p, f32x4.splat(decay)));
    v128.store(parameter + at, f32x4.sub(p, f32x4.mul(step, f32x4.splat(learningRate))));
  }
  for (; i < count; i++) {
    const at: usize = 4 * <usize>i;
    const g = load<f32>(gradient + at) * gradientScale;
    const m = load<f32>(first + at) * beta1 + g * rest1;
    const v = load<f32>(second + at) * beta2 + g * g * rest2;
    store<f32>(first + at, m);
    store<f32>(second + at, v);
    const p = load<f32>(parameter + at);
    const step = m * inverse1 / (sqrt<f32>(v * inverse2) + epsilon) + p * decay;
    store<f32>(parameter + at, p - step * learningRate);
  }
}

/** Σ x² in double precision: two lanes of alternating pairs, then the two, then the rest in order. */
export function sumOfSquares(x: usize, count: i32): f64 {
  let low = f64x2.splat(0), high = f64x2.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const v = v128.load(x + 4 * <usize>i);
    const a = f64x2.promote_low_f32x4(v);
    const b = f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const both = f64x2.add(low, high);
  let total = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; i < count; i++) {
    const v = <f64>load<f32>(x + 4 * <usize>i);
    total += v * v;
  }
  return total;
}
