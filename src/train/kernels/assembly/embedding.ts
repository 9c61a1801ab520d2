// Embedding look-up and the gradient of its table, rows taken in order.

/** out[i] = table[ids[i]]; returns the first row whose id is outside the vocabulary, or −1. */
export function embeddingForward(table: usize, ids: usize, out: usize, rows: i32, vocabulary: i32, width: i32): i32 {
  const stride: usize = 4 * <usize>width;
  for (let i = 0; i < rows; i++) {
    const id = load<i32>(ids + 4 * <usize>i);
    if (<u32>id >= <u32>vocabulary) return i;
    memory.copy(out + stride * i, table + stride * id, stride);
  }
  return -1;
}

/** dtable[ids[i]] += dy[i], from zero. */
export function embeddingBackward(ids: usize, dy: usize, dtable: usize, rows: i32, vocabulary: i32, width: i32): void {
  const stride: usize = 4 * <usize>width;
  memory.fill(dtable, 0, stride * vocabulary);
  for (let i = 0; i < rows; i++) {
    const to = dtable + stride * load<i32>(ids + 4 * <usize>i);
    let j = 0;
    for (; j + 4 <= width; j += 4) {
      const at: usize = 4 * <usize>j;
      v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(dy + at)));
    }
    for (; j < width; j++) {
      const at: usize = 4 * <usize>j;
      store<f32>(to + at, load<f32>(to + at) + load<f32>(dy + at));
    }
    dy += stride;
  }
}
