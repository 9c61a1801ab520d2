// Matrix products in the three orientations of a linear layer y = x · w, on the register blocks of block.ts.
// Lengths: rows N, inputs I, outputs O; x [N, I], w [I, O], y [N, O].
import { columnBlock, rowBlock, singleRow } from "./block";

/** Inner length taken at a time: four rows of A and a panel of B (24 kB) stay in the first-level cache. */
const DEPTH: i32 = 512;
/** Panels of B gone over for each four rows of A: with DEPTH, 512 kB of the second-level cache. */
const PANELS: i32 = 32;
/** Rows of x and dy packed at a time for a weight gradient. */
const ROWS: i32 = 256;
/** One 4 × 8 block, for the ragged edge. */
const TILE: usize = 128;

// @ts-ignore: decorator
@inline
function panelsOf(columns: i32): i32 {
  return (columns + 7) >> 3;
}

/** Bytes of scratch that any of the three products of this shape needs. */
export function scratchBytes(inputs: i32, outputs: i32): usize {
  const forward = panelsOf(outputs) * 8 * inputs;
  const input = panelsOf(inputs) * 8 * outputs;
  const weight = ROWS * (panelsOf(outputs) * 8 + ((inputs + 3) & ~3));
  return TILE + 4 * <usize>max(max(forward, input), weight);
}

/** y = x · w. */
export function forward(x: usize, w: usize, y: usize, scratch: usize, rows: i32, inputs: i32, outputs: i32): void {
  packColumns(w, 4 * outputs, scratch + TILE, inputs, outputs);
  product(x, scratch + TILE, y, scratch, rows, inputs, outputs);
}

/** dx = dy · wᵀ. */
export function inputGradient(dy: usize, w: usize, dx: usize, scratch: usize, rows: i32, inputs: i32, outputs: i32): void {
  packRows(w, 4 * outputs, scratch + TILE, inputs, outputs);
  product(dy, scratch + TILE, dx, scratch, rows, outputs, inputs);
}

/**
 * `count` columns from `first` on of dw = xᵀ · dy; sums over 256 rows at a time, then over those sums, in order: columns
 * come out the same whichever call they are in.
 */
export function weightGradient(
  x: usize, dy: usize, dw: usize, scratch: usize, rows: i32, inputs: i32, outputs: i32, first: i32, count: i32,
): void {
  const tile = scratch;
  const groups = inputs >> 2;
  const panels = panelsOf(count);
  const stride: usize = 4 * outputs;
  dy += 4 * <usize>first;
  dw += 4 * <usize>first;
  // Once at least: without rows the gradient is zero.
  for (let start = 0; start == 0 || start < rows; start += ROWS) {
    const depth = min(ROWS, rows - start);
    const accumulate = start > 0;
    const left = scratch + TILE;
    const right = left + 16 * <usize>depth * ((inputs + 3) >> 2);
    packGroups(x + 4 * <usize>start * inputs, 4 * inputs, left, depth, inputs);
    packColumns(dy + stride * start, stride, right, depth, count);
    for (let panel = 0; panel < panels; panel++) {
      const b = right + 32 * <usize>depth * panel;
      const c = dw + 32 * <usize>panel;
      const width = min(8, count - 8 * panel);
      const whole = width == 8 ? groups : 0;
      columnBlock(left, 16, 16 * depth, b, c, stride, depth, whole, accumulate);
      for (let i = 4 * whole; i < inputs; i += 4) {
        columnBlock(left + 4 * <usize>depth * i, 16, 0, b, tile, 32, depth, 1, false);
        copyTile(tile, c + stride * i, stride, min(4, inputs - i), width, accumulate);
      }
    }
  }
}

/** C[rows, columns] = A[rows, depth] · B, B packed in panels. */
function product(a: usize, packed: usize, c: usize, tile: usize, rows: i32, depth: i32, columns: i32): void {
  const aStride: usize = 4 * depth;
  const cStride: usize = 4 * columns;
  const panelStride: usize = 32 * depth;
  const whole = columns >> 3;
  const rest = columns & 7;
  const blocks = rows & ~3;
  if (depth == 0) memory.fill(c, 0, cStride * rows);
  for (let k = 0; k < depth; k += DEPTH) {
    const length = min(DEPTH, depth - k);
    const accumulate = k > 0;
    const left = a + 4 * <usize>k;
    const right = packed + 32 * <usize>k;
    for (let first = 0; first < whole; first += PANELS) {
      const count = min(PANELS, whole - first);
      const b = right + panelStride * first;
      const to = c + 32 * <usize>first;
      for (let row = 0; row < blocks; row += 4) {
        rowBlock(left + aStride * row, aStride, b, panelStride, to + cStride * row, cStride, length, count, accumulate);
      }
      for (let row = blocks; row < rows; row++) {
        singleRow(left + aStride * row, b, panelStride, to + cStride * row, length, count, accumulate);
      }
    }
    if (rest > 0) {
      const b = right + panelStride * whole;
      const to = c + 32 * <usize>whole;
      for (let row = 0; row < blocks; row += 4) {
        rowBlock(left + aStride * row, aStride, b, panelStride, tile, 32, length, 1, false);
        copyTile(tile, to + cStride * row, cStride, 4, rest, accumulate);
      }
      for (let row = blocks; row < rows; row++) {
        singleRow(left + aStride * row, b, panelStride, tile, length, 1, false);
        copyTile(tile, to + cStride * row, cStride, 1, rest, accumulate);
      }
    }
  }
}

function copyTile(tile: usize, c: usize, cStride: usize, rows: i32, columns: i32, accumulate: bool): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = c + cStride * i + 4 * <usize>j;
      const value = load<f32>(tile + 32 * <usize>i + 4 * <usize>j);
      store<f32>(at, accumulate ? load<f32>(at) + value : value);
    }
  }
}

/** Panels of 8 columns of a matrix [rows, columns] with `stride` bytes a row; the last one filled up with zeros. */
export function packColumns(from: usize, stride: usize, to: usize, rows: i32, columns: i32): void {
  const whole = columns & ~7;
  const size: usize = 32 * <usize>rows;
  for (let k = 0; k < rows; k++) {
    const row = from + stride * k;
    let at = to + 32 * <usize>k;
    for (let j = 0; j < whole; j += 8) {
      v128.store(at, v128.load(row + 4 * <usize>j));
      v128.store(at, v128.load(row + 4 * <usize>j, 16), 16);
      at += size;
    }
    if (whole < columns) {
      for (let j = 0; j < 8; j++) {
        store<f32>(at + 4 * <usize>j, whole + j < columns ? load<f32>(row + 4 * <usize>(whole + j)) : 0);
      }
    }
  }
}

/** Panels of 8 rows of a matrix [rows, columns]: the same as packColumns of its transpose. */
export function packRows(from: usize, stride: usize, to: usize, rows: i32, columns: i32): void {
  for (let panel = 0; panel < rows; panel += 8) {
    const row = from + stride * panel;
    const count = min(8, rows - panel);
    let k = 0;
    if (count == 8) {
      for (; k + 4 <= columns; k += 4) {
        transpose(row + 4 * <usize>k, stride, to);
        transpose(row + 4 * stride + 4 * <usize>k, stride, to + 16);
        to += 128;
      }
    }
    for (; k < columns; k++) {
      for (let j = 0; j < 8; j++) {
        store<f32>(to + 4 * <usize>j, j < count ? load<f32>(row + stride * j + 4 * <usize>k) : 0);
      }
      to += 32;
    }
  }
}

/** A 4 × 4 block turned over, into rows 32 bytes apart. */
// @ts-ignore: decorator
@inline
function transpose(from: usize, stride: usize, to: usize): void {
  const r0 = v128.load(from), r1 = v128.load(from + stride);
  const r2 = v128.load(from + 2 * stride), r3 = v128.load(from + 3 * stride);
  const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const c = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(a, c, 0, 1, 4, 5));
  v128.store(to, v128.shuffle<f32>(a, c, 2, 3, 6, 7), 32);
  v128.store(to, v128.shuffle<f32>(b, d, 0, 1, 4, 5), 64);
  v128.store(to, v128.shuffle<f32>(b, d, 2, 3, 6, 7), 96);
}

/** Groups of 4 columns of a matrix [rows, columns]; the last one filled up with zeros. */
function packGroups(from: usize, stride: usize, to: usize, rows: i32, columns: i32): void {
  const whole = columns & ~3;
  const size: usize = 16 * <usize>rows;
  for (let k = 0; k < rows; k++) {
    const row = from + stride * k;
    let at = to + 16 * <usize>k;
    for (let j = 0; j < whole; j += 4) {
      v128.store(at, v128.load(row + 4 * <usize>j));
      at += size;
    }
    if (whole < columns) {
      for (let j = 0; j < 4; j++) {
        store<f32>(at + 4 * <usize>j, whole + j < columns ? load<f32>(row + 4 * <usize>(whole + j)) : 0);
      }
    }
  }
}
