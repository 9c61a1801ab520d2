// Element-wise operations over buffers of `count` floats.

/** z = x + y. */
export function add(x: usize, y: usize, z: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at: usize = 4 * <usize>i;
    v128.store(z + at, f32x4.add(v128.load(x + at), v128.load(y + at)));
  }
  for (; i < count; i++) {
    const at: usize = 4 * <usize>i;
    store<f32>(z + at, load<f32>(x + at) + load<f32>(y + at));
  }
}

/** y = max(x, 0)²; NaN stays NaN. */
export function reluSquaredForward(x: usize, y: usize, count: i32): void {
  const zero = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at: usize = 4 * <usize>i;
    const v = f32x4.pmax(v128.load(x + at), zero);
    v128.store(y + at, f32x4.mul(v, v));
  }
  for (; i < count; i++) {
    const at: usize = 4 * <usize>i;
    const v = max<f32>(load<f32>(x + at), 0);
    store<f32>(y + at, v * v);
  }
}

/** dx = 2 max(x, 0) · dy. */
export function reluSquaredBackward(x: usize, dy: usize, dx: usize, count: i32): void {
  const zero = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at: usize = 4 * <usize>i;
    const v = f32x4.pmax(v128.load(x + at), zero);
    v128.store(dx + at, f32x4.mul(f32x4.add(v, v), v128.load(dy + at)));
  }
  for (; i < count; i++) {
    const at: usize = 4 * <usize>i;
    const v = max<f32>(load<f32>(x + at), 0);
    store<f32>(dx + at, (v + v) * load<f32>(dy + at));
  }
}
