// Mean over the rows of an example: x [examples · time, width] → [examples, width], rows added in order.

/** y = Σ over time of x / time. */
export function meanPoolForward(x: usize, y: usize, examples: i32, time: i32, width: i32): void {
  const stride: usize = 4 * <usize>width;
  const share: f32 = 1 / <f32>time;
  for (let b = 0; b < examples; b++) {
    memory.copy(y, x, stride);
    x += stride;
    for (let t = 1; t < time; t++) {
      for (let j = 0; j < width; j++) {
        const at: usize = 4 * <usize>j;
        store<f32>(y + at, load<f32>(y + at) + load<f32>(x + at));
      }
      x += stride;
    }
    for (let j = 0; j < width; j++) store<f32>(y + 4 * <usize>j, load<f32>(y + 4 * <usize>j) * share);
    y += stride;
  }
}

/** dx = dy / time in every row of the example. */
export function meanPoolBackward(dy: usize, dx: usize, examples: i32, time: i32, width: i32): void {
  const stride: usize = 4 * <usize>width;
  const share: f32 = 1 / <f32>time;
  for (let b = 0; b < examples; b++) {
    for (let t = 0; t < time; t++) {
      for (let j = 0; j < width; j++) store<f32>(dx + 4 * <usize>j, load<f32>(dy + 4 * <usize>j) * share);
      dx += stride;
    }
    dy += stride;
  }
}
