// Register blocks: 4 rows × 8 columns of C, eight accumulators that stay in registers over the whole inner length.
// B comes in panels of 8 columns, each `panelStride` bytes after the one before, row k of a panel at k · 32 bytes.
// Not unrolled over k: V8 puts all loads of a loop's body before its arithmetic, so that two steps at once need 20
// registers of 15, and four accumulators go through the stack at every turn (27 GFLOP/s a core where this makes 38).

/** C[4, 8 · panels] = (or +=) A[4, depth] · B; A row-major. */
export function rowBlock(
  a: usize, aStride: usize, b: usize, panelStride: usize, c: usize, cStride: usize,
  depth: i32, panels: i32, accumulate: bool,
): void {
  for (let panel = 0; panel < panels; panel++) {
    let a0 = a, a1 = a + aStride, a2 = a + 2 * aStride, a3 = a + 3 * aStride;
    let p = b;
    let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
    let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
    for (let k = 0; k < depth; k++) {
      const b0 = v128.load(p), b1 = v128.load(p, 16);
      let s = v128.load32_splat(a0);
      c00 = f32x4.add(c00, f32x4.mul(s, b0)); c01 = f32x4.add(c01, f32x4.mul(s, b1));
      s = v128.load32_splat(a1);
      c10 = f32x4.add(c10, f32x4.mul(s, b0)); c11 = f32x4.add(c11, f32x4.mul(s, b1));
      s = v128.load32_splat(a2);
      c20 = f32x4.add(c20, f32x4.mul(s, b0)); c21 = f32x4.add(c21, f32x4.mul(s, b1));
      s = v128.load32_splat(a3);
      c30 = f32x4.add(c30, f32x4.mul(s, b0)); c31 = f32x4.add(c31, f32x4.mul(s, b1));
      a0 += 4; a1 += 4; a2 += 4; a3 += 4; p += 32;
    }
    store(c, c00, c01, accumulate);
    store(c + cStride, c10, c11, accumulate);
    store(c + 2 * cStride, c20, c21, accumulate);
    store(c + 3 * cStride, c30, c31, accumulate);
    b += panelStride;
    c += 32;
  }
}

/** The same for one row: what is left of a row count that is no multiple of 4. */
export function singleRow(
  a: usize, b: usize, panelStride: usize, c: usize, depth: i32, panels: i32, accumulate: bool,
): void {
  for (let panel = 0; panel < panels; panel++) {
    let c0 = f32x4.splat(0), c1 = f32x4.splat(0);
    for (let k = 0; k < depth; k++) {
      const s = v128.load32_splat(a + (<usize>k << 2));
      const p = b + (<usize>k << 5);
      c0 = f32x4.add(c0, f32x4.mul(s, v128.load(p)));
      c1 = f32x4.add(c1, f32x4.mul(s, v128.load(p, 16)));
    }
    store(c, c0, c1, accumulate);
    b += panelStride;
    c += 32;
  }
}

/**
 * C[4 · count, 8] = (or +=) Aᵀ · B for one panel of B; element (k, i) of A lies at a + k · aStride + 4 i within a group
 * of four, the next group `groupStride` bytes on.
 */
export function columnBlock(
  a: usize, aStride: usize, groupStride: usize, b: usize, c: usize, cStride: usize,
  depth: i32, count: i32, accumulate: bool,
): void {
  for (let group = 0; group < count; group++) {
    let q = a, p = b;
    let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
    let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
    for (let k = 0; k < depth; k++) {
      const b0 = v128.load(p), b1 = v128.load(p, 16);
      let s = v128.load32_splat(q);
      c00 = f32x4.add(c00, f32x4.mul(s, b0)); c01 = f32x4.add(c01, f32x4.mul(s, b1));
      s = v128.load32_splat(q, 4);
      c10 = f32x4.add(c10, f32x4.mul(s, b0)); c11 = f32x4.add(c11, f32x4.mul(s, b1));
      s = v128.load32_splat(q, 8);
      c20 = f32x4.add(c20, f32x4.mul(s, b0)); c21 = f32x4.add(c21, f32x4.mul(s, b1));
      s = v128.load32_splat(q, 12);
      c30 = f32x4.add(c30, f32x4.mul(s, b0)); c31 = f32x4.add(c31, f32x4.mul(s, b1));
      q += aStride; p += 32;
    }
    store(c, c00, c01, accumulate);
    store(c + cStride, c10, c11, accumulate);
    store(c + 2 * cStride, c20, c21, accumulate);
    store(c + 3 * cStride, c30, c31, accumulate);
    a += groupStride;
    c += 4 * cStride;
  }
}

// @ts-ignore: decorator
@inline
function store(c: usize, low: v128, high: v128, accumulate: bool): void {
  if (accumulate) {
    low = f32x4.add(low, v128.load(c));
    high = f32x4.add(high, v128.load(c, 16));
  }
  v128.store(c, low);
  v128.store(c, high, 16);
}
