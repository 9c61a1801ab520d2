// RMSNorm: y = x · r · gain with r = 1 / √(mean(x²) + 1e-6) for each row of x [rows, width].
import { lanes } from "./exponential";

function inverseRms(x: usize, width: i32): f32 {
  let s = f32x4.splat(0);
  let j = 0;
  for (; j + 4 <= width; j += 4) {
    const v = v128.load(x + 4 * <usize>j);
    s = f32x4.add(s, f32x4.mul(v, v));
  }
  let total = lanes(s);
  for (; j < width; j++) {
    const v = load<f32>(x + 4 * <usize>j);
    total += v * v;
  }
  return 1 / sqrt<f32>(total / <f32>width + 1e-6);
}

export function rmsNormForward(x: usize, gain: usize, y: usize, rows: i32, width: i32): void {
  for (let i = 0; i < rows; i++) {
    const r = inverseRms(x, width);
    const scale = f32x4.splat(r);
    let j = 0;
    for (; j + 4 <= width; j += 4) {
      const at: usize = 4 * <usize>j;
      v128.store(y + at, f32x4.mul(f32x4.mul(v128.load(x + at), scale), v128.load(gain + at)));
    }
    for (; j < width; j++) {
      const at: usize = 4 * <usize>j;
      store<f32>(y + at, load<f32>(x + at) * r * load<f32>(gain + at));
    }
    x += 4 * <usize>width;
    y += 4 * <usize>width;
  }
}

/** dx = r · (g − x · r² · mean(g · x)) with g = dy · gain; dgain = Σ over rows of dy · x · r. */
export function rmsNormBackward(
  x: usize, gain: usize, dy: usize, dx: usize, dgain: usize, rows: i32, width: i32,
): void {
  memory.fill(dgain, 0, 4 * <usize>width);
  for (let i = 0; i < rows; i++) {
    const r = inverseRms(x, width);
    let s = f32x4.splat(0);
    const scale = f32x4.splat(r);
    let j = 0;
    for (; j + 4 <= width; j += 4) {
      const at: usize = 4 * <usize>j;
      const product = f32x4.mul(v128.load(dy + at), v128.load(x + at));
      s = f32x4.add(s, f32x4.mul(product, v128.load(gain + at)));
      v128.store(dgain + at, f32x4.add(v128.load(dgain + at), f32x4.mul(product, scale)));
    }
    let total = lanes(s);
    for (; j < width; j++) {
      const at: usize = 4 * <usize>j;
      const product = load<f32>(dy + at) * load<f32>(x + at);
      total += product * load<f32>(gain + at);
      store<f32>(dgain + at, load<f32>(dgain + at) + product * r);
    }
    const along = total / <f32>width * r * r;
    const shift = f32x4.splat(along);
    for (j = 0; j + 4 <= width; j += 4) {
      const at: usize = 4 * <usize>j;
      const g = f32x4.mul(v128.load(dy + at), v128.load(gain + at));
      v128.store(dx + at, f32x4.mul(scale, f32x4.sub(g, f32x4.mul(v128.load(x + at), shift))));
    }
    for (; j < width; j++) {
      const at: usize = 4 * <usize>j;
      store<f32>(dx + at, r * (load<f32>(dy + at) * load<f32>(gain + at) - load<f32>(x + at) * along));
    }
    x += 4 * <usize>width;
    dy += 4 * <usize>width;
    dx += 4 * <usize>width;
  }
}
