// Softmax cross-entropy over rows of logits [rows, vocabulary], targets int32.
import { expOfNegative, lanes, logarithm } from "./exponential";

function largest(x: usize, count: i32): f32 {
  let best = load<f32>(x);
  let j = 0;
  if (count >= 4) {
    let m = v128.load(x);
    for (; j + 4 <= count; j += 4) m = f32x4.pmax(m, v128.load(x + 4 * <usize>j));
    best = max<f32>(
      max<f32>(f32x4.extract_lane(m, 0), f32x4.extract_lane(m, 1)),
      max<f32>(f32x4.extract_lane(m, 2), f32x4.extract_lane(m, 3)),
    );
  }
  for (; j < count; j++) best = max<f32>(best, load<f32>(x + 4 * <usize>j));
  return best;
}

/**
 * loss = log Σ exp(logits) − logits[target] and logSums = log Σ exp(logits), per row.
 * Returns the first row whose target is outside the vocabulary, or −1.
 */
export function crossEntropyForward(
  logits: usize, targets: usize, loss: usize, logSums: usize, rows: i32, vocabulary: i32,
): i32 {
  for (let i = 0; i < rows; i++) {
    const target = load<i32>(targets + 4 * <usize>i);
    if (<u32>target >= <u32>vocabulary) return i;
    const top = largest(logits, vocabulary);
    const shift = f32x4.splat(top);
    let s = f32x4.splat(0);
    let j = 0;
    for (; j + 4 <= vocabulary; j += 4) {
      s = f32x4.add(s, expOfNegative(f32x4.sub(v128.load(logits + 4 * <usize>j), shift)));
    }
    let total = lanes(s);
    for (; j < vocabulary; j++) {
      total += f32x4.extract_lane(expOfNegative(f32x4.splat(load<f32>(logits + 4 * <usize>j) - top)), 0);
    }
    // A NaN among the logits must reach the loss; the logarithm takes finite numbers alone.
    const log = total == total ? <f64>top + logarithm(<f64>total) : <f64>total;
    store<f32>(logSums + 4 * <usize>i, <f32>log);
    store<f32>(loss + 4 * <usize>i, <f32>(log - <f64>load<f32>(logits + 4 * <usize>target)));
    logits += 4 * <usize>vocabulary;
  }
  return -1;
}

/** dlogits = (softmax − one-hot) · factor · dloss[row · dlossStep]: step 0 for one gradient shared by all rows. */
export function crossEntropyBackward(
  logits: usize, targets: usize, logSums: usize, dloss: usize, dlossStep: i32, factor: f32,
  dlogits: usize, rows: i32, vocabulary: i32,
): void {
  for (let i = 0; i < rows; i++) {
    const weight = load<f32>(dloss + 4 * <usize>(i * dlossStep)) * factor;
    const scale = f32x4.splat(weight);
    const log = load<f32>(logSums + 4 * <usize>i);
    const shift = f32x4.splat(log);
    let j = 0;
    for (; j + 4 <= vocabulary; j += 4) {
      const at: usize = 4 * <usize>j;
      v128.store(dlogits + at, f32x4.mul(expOfNegative(f32x4.sub(v128.load(logits + at), shift)), scale));
    }
    for (; j < vocabulary; j++) {
      const at: usize = 4 * <usize>j;
      const p = f32x4.extract_lane(expOfNegative(f32x4.splat(load<f32>(logits + at) - log)), 0);
      store<f32>(dlogits + at, p * weight);
    }
    const hit = dlogits + 4 * <usize>load<i32>(targets + 4 * <usize>i);
    store<f32>(hit, load<f32>(hit) - weight);
    logits += 4 * <usize>vocabulary;
    dlogits += 4 * <usize>vocabulary;
  }
}

/** to = mean of x, summed in order in double precision. */
export function mean(x: usize, to: usize, count: i32): void {
  let total: f64 = 0;
  for (let i = 0; i < count; i++) total += load<f32>(x + 4 * <usize>i);
  store<f32>(to, <f32>(total / count));
}
