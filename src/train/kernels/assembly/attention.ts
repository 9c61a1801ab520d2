// Softmax attention with rotary positions, forward and backward, one head of one sequence at a time: causal, or over all
// positions where `causal` is false.
// qkv [batch · time, 3E] holds queries, keys, values side by side; head h has the columns h · K … of each.
// Inside, time and K are filled up with zeros to multiples of 8 (`length`, `depth`), so that no block has a ragged edge;
// under the causal mask, key columns after a block of four queries are never computed.
import { columnBlock, rowBlock } from "./block";
import { expOfNegative, lanes } from "./exponential";
import { packColumns, packRows } from "./product";

// @ts-ignore: decorator
@inline
function padded(n: i32): i32 {
  return (n + 7) & ~7;
}

/** Bytes between rows of probabilities: 64 more than needed, so that columns do not all fall into a few cache sets. */
// @ts-ignore: decorator
@inline
function scoreStride(length: i32): usize {
  return 4 * <usize>(length + 16);
}

/** Bytes of the probabilities that forward keeps for backward. */
export function probabilityBytes(batch: i32, time: i32, heads: i32): usize {
  const length = padded(time);
  return <usize>(batch * heads) * <usize>length * scoreStride(length);
}

/** Bytes of scratch for either direction. */
export function attentionScratchBytes(time: i32, headWidth: i32): usize {
  const length = padded(time);
  return 7 * 4 * <usize>length * padded(headWidth) + <usize>length * scoreStride(length);
}

/**
 * Rows of one head, turned by their position and scaled, to [length, depth]; halves turned as in GPT-NeoX:
 * (a, b) → (a cos − b sin, b cos + a sin), where b lies half a head after a. `sign` −1 turns back.
 */
function rotate(
  from: usize, fromStride: usize, to: usize, toStride: usize, table: usize, time: i32, headWidth: i32, scale: f32, sign: f32,
): void {
  const half = headWidth >> 1;
  const other: usize = 4 * <usize>half;
  for (let t = 0; t < time; t++) {
    const cosine = table + 8 * <usize>(t * half);
    const sine = cosine + other;
    let j = 0;
    for (; j + 4 <= half; j += 4) {
      const at: usize = 4 * <usize>j;
      const a = f32x4.mul(v128.load(from + at), f32x4.splat(scale));
      const b = f32x4.mul(v128.load(from + other + at), f32x4.splat(scale));
      const c = v128.load(cosine + at);
      const s = f32x4.mul(v128.load(sine + at), f32x4.splat(sign));
      v128.store(to + at, f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, s)));
      v128.store(to + other + at, f32x4.add(f32x4.mul(b, c), f32x4.mul(a, s)));
    }
    for (; j < half; j++) {
      const at: usize = 4 * <usize>j;
      const a = load<f32>(from + at) * scale;
      const b = load<f32>(from + other + at) * scale;
      const c = load<f32>(cosine + at);
      const s = load<f32>(sine + at) * sign;
      store<f32>(to + at, a * c - b * s);
      store<f32>(to + other + at, b * c + a * s);
    }
    from += fromStride;
    to += toStride;
  }
}

function copyRows(from: usize, fromStride: usize, to: usize, toStride: usize, rows: i32, width: i32): void {
  for (let i = 0; i < rows; i++) {
    let j = 0;
    for (; j + 4 <= width; j += 4) v128.store(to + 4 * <usize>j, v128.load(from + 4 * <usize>j));
    for (; j < width; j++) store<f32>(to + 4 * <usize>j, load<f32>(from + 4 * <usize>j));
    from += fromStride;
    to += toStride;
  }
}

/** Softmax over the first `count` scores of a row, zeros up to `width`. */
function softmaxRow(row: usize, count: i32, width: i32): void {
  for (let j = count; j < width; j++) store<f32>(row + 4 * <usize>j, -Infinity);
  let m = v128.load(row);
  for (let j = 4; j < width; j += 4) m = f32x4.pmax(m, v128.load(row + 4 * <usize>j));
  const shift = f32x4.splat(max<f32>(
    max<f32>(f32x4.extract_lane(m, 0), f32x4.extract_lane(m, 1)),
    max<f32>(f32x4.extract_lane(m, 2), f32x4.extract_lane(m, 3)),
  ));
  let low = f32x4.splat(0), high = f32x4.splat(0);
  for (let j = 0; j < width; j += 8) {
    const at = row + 4 * <usize>j;
    const a = expOfNegative(f32x4.sub(v128.load(at), shift));
    const b = expOfNegative(f32x4.sub(v128.load(at, 16), shift));
    v128.store(at, a);
    v128.store(at, b, 16);
    low = f32x4.add(low, a);
    high = f32x4.add(high, b);
  }
  const scale = f32x4.splat(1 / lanes(f32x4.add(low, high)));
  for (let j = 0; j < width; j += 4) {
    const at = row + 4 * <usize>j;
    v128.store(at, f32x4.mul(v128.load(at), scale));
  }
}

/** out [batch · time, E]; table [time, cosines K/2 then sines K/2]; keeps the probabilities. */
export function attentionForward(
  qkv: usize, table: usize, out: usize, probabilities: usize, scratch: usize,
  batch: i32, time: i32, heads: i32, headWidth: i32, scale: f32, causal: bool,
): void {
  const length = padded(time), depth = padded(headWidth);
  const stride: usize = 4 * heads * headWidth;
  const rowBytes: usize = 4 * depth;
  const matrix = rowBytes * length;
  const scores = scoreStride(length);
  const q = scratch, k = q + matrix, keys = k + matrix, v = keys + matrix, values = v + matrix, o = values + matrix;
  memory.fill(scratch, 0, 6 * matrix);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const from = qkv + 3 * stride * (b * time) + 4 * <usize>(h * headWidth);
      rotate(from, 3 * stride, q, rowBytes, table, time, headWidth, scale, 1);
      rotate(from + stride, 3 * stride, k, rowBytes, table, time, headWidth, 1, 1);
      copyRows(from + 2 * stride, 3 * stride, v, rowBytes, time, headWidth);
      packRows(k, rowBytes, keys, length, depth);
      packColumns(v, rowBytes, values, length, depth);
      for (let i = 0; i < length; i += 4) {
        const panels = causal ? (i + 11) >> 3 : length >> 3;
        const row = probabilities + scores * i;
        rowBlock(q + rowBytes * i, rowBytes, keys, 8 * rowBytes, row, scores, depth, panels, false);
        for (let r = 0; r < 4; r++) softmaxRow(row + scores * r, causal ? i + r + 1 : time, 8 * panels);
        rowBlock(row, scores, values, 32 * length, o + rowBytes * i, rowBytes, causal ? i + 4 : length, depth >> 3, false);
      }
      copyRows(o, rowBytes, out + stride * (b * time) + 4 * <usize>(h * headWidth), stride, time, headWidth);
      probabilities += scores * length;
    }
  }
}

/** dscore = p · (dp − Σ p · dp) over the first `width` entries of a row, in place of dp. */
function softmaxRowBackward(p: usize, dp: usize, width: i32): void {
  let low = f32x4.splat(0), high = f32x4.splat(0);
  for (let j = 0; j < width; j += 8) {
    const at: usize = 4 * <usize>j;
    low = f32x4.add(low, f32x4.mul(v128.load(p + at), v128.load(dp + at)));
    high = f32x4.add(high, f32x4.mul(v128.load(p + at, 16), v128.load(dp + at, 16)));
  }
  const shift = f32x4.splat(lanes(f32x4.add(low, high)));
  for (let j = 0; j < width; j += 4) {
    const at: usize = 4 * <usize>j;
    v128.store(dp + at, f32x4.mul(v128.load(p + at), f32x4.sub(v128.load(dp + at), shift)));
  }
}

/** dqkv [batch · time, 3E] from dout [batch · time, E] and the kept probabilities. */
export function attentionBackward(
  qkv: usize, table: usize, probabilities: usize, dout: usize, dqkv: usize, scratch: usize,
  batch: i32, time: i32, heads: i32, headWidth: i32, scale: f32, causal: bool,
): void {
  const length = padded(time), depth = padded(headWidth);
  const stride: usize = 4 * heads * headWidth;
  const rowBytes: usize = 4 * depth;
  const matrix = rowBytes * length;
  const panel: usize = 32 * length;
  const scores = scoreStride(length);
  const whole = scratch, queries = whole + matrix, keys = queries + matrix;
  const values = keys + matrix, gradients = values + matrix, g = gradients + matrix, result = g + matrix;
  const ds = result + matrix;
  memory.fill(scratch, 0, 7 * matrix);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const column: usize = 4 * <usize>(h * headWidth);
      const from = qkv + 3 * stride * (b * time) + column;
      const to = dqkv + 3 * stride * (b * time) + column;
      rotate(from, 3 * stride, whole, rowBytes, table, time, headWidth, scale, 1);
      packColumns(whole, rowBytes, queries, length, depth);
      rotate(from + stride, 3 * stride, whole, rowBytes, table, time, headWidth, 1, 1);
      packColumns(whole, rowBytes, keys, length, depth);
      copyRows(from + 2 * stride, 3 * stride, whole, rowBytes, time, headWidth);
      packRows(whole, rowBytes, values, length, depth);
      copyRows(dout + stride * (b * time) + column, stride, g, rowBytes, time, headWidth);
      packColumns(g, rowBytes, gradients, length, depth);
      for (let i = 0; i < length; i += 4) {
        const panels = causal ? (i + 11) >> 3 : length >> 3;
        const row = ds + scores * i;
        rowBlock(g + rowBytes * i, rowBytes, values, 8 * rowBytes, row, scores, depth, panels, false);
        for (let r = 0; r < 4; r++) {
          softmaxRowBackward(probabilities + scores * (i + r), row + scores * r, 8 * panels);
        }
        rowBlock(row, scores, keys, panel, result + rowBytes * i, rowBytes, causal ? i + 4 : length, depth >> 3, false);
      }
      rotate(result, rowBytes, to, 3 * stride, table, time, headWidth, scale, -1);
      transposedProduct(ds, scores, queries, result, rowBytes, length, depth, causal);
      rotate(result, rowBytes, to + stride, 3 * stride, table, time, headWidth, 1, -1);
      transposedProduct(probabilities, scores, gradients, result, rowBytes, length, depth, causal);
      copyRows(result, rowBytes, to + 2 * stride, 3 * stride, time, headWidth);
      probabilities += scores * length;
    }
  }
}

/** C[length, depth] = Aᵀ · B; of a lower triangular A (causal), row j of C takes the rows of A from j on. */
function transposedProduct(
  a: usize, aStride: usize, b: usize, c: usize, cStride: usize, length: i32, depth: i32, causal: bool,
): void {
  for (let j = 0; j < length; j += 4) {
    const first = causal ? j : 0;
    for (let panel = 0; panel < depth >> 3; panel++) {
      const right = b + 32 * <usize>(length * panel + first);
      const left = a + aStride * first + 4 * <usize>j;
      columnBlock(left, aStride, 0, right, c + cStride * j + 32 * <usize>panel, cStride, length - first, 1, false);
    }
  }
}
