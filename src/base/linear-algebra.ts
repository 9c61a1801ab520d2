// Small dense least squares by Householder QR, column-major, in place, without allocation: what every solver step runs.
// Normal equations would square the condition number, and the certified test problems need all of it.

/**
 * Factors the rows × columns matrix `a` (column-major, rows ≥ pivots) in place and overwrites `rhs` by Qᵀ·rhs.
 * R stands on and above the diagonal of `a`; what is below it is left-over reflectors. With fewer `pivots` than columns
 * only the first are eliminated, and what is below their rows in the other columns is what is left to be solved for these.
 */
export function factorQr(
  a: Float64Array,
  rows: number,
  columns: number,
  rhs: Float64Array,
  pivots: number = columns,
): void {
  for (let k = 0; k < pivots; k++) {
    const base = k * rows;
    let largest = 0;
    for (let i = k; i < rows; i++) largest = Math.max(largest, Math.abs(a[base + i] ?? Number.NaN));
    if (largest === 0) continue;
    let sum = 0;
    for (let i = k; i < rows; i++) sum += ((a[base + i] ?? Number.NaN) / largest) ** 2;
    const pivot = a[base + k] ?? Number.NaN;
    const norm = (pivot > 0 ? -1 : 1) * largest * Math.sqrt(sum);
    const scale = 1 / (pivot - norm);
    const tau = (norm - pivot) / norm;
    for (let i = k + 1; i < rows; i++) a[base + i] = (a[base + i] ?? Number.NaN) * scale;
    a[base + k] = norm;
    for (let j = k + 1; j < columns; j++) reflect(a, j * rows, a, base, k, rows, tau);
    reflect(rhs, 0, a, base, k, rows, tau);
  }
}

/** target −= tau·v·(vᵀ·target), v = (1, a[base+k+1 …]). */
function reflect(
  target: Float64Array,
  offset: number,
  a: Float64Array,
  base: number,
  k: number,
  rows: number,
  tau: number,
): void {
  let dot = target[offset + k] ?? Number.NaN;
  for (let i = k + 1; i < rows; i++) dot += (a[base + i] ?? Number.NaN) * (target[offset + i] ?? Number.NaN);
  dot *= tau;
  target[offset + k] = (target[offset + k] ?? Number.NaN) - dot;
  for (let i = k + 1; i < rows; i++)
    target[offset + i] = (target[offset + i] ?? Number.NaN) - dot * (a[base + i] ?? Number.NaN);
}

/**
 * Solves R·x = rhs for the upper triangle R of `a` (leading dimension `rows`). False when R is singular to rounding.
 * @param top how many of the first cells of rhs can differ from 0; x is left as it is after them
 */
export function solveUpper(
  a: Float64Array,
  rows: number,
  columns: number,
  rhs: Float64Array,
  x: Float64Array,
  top: number = columns,
): boolean {
  let largest = 0;
  for (let k = 0; k < columns; k++) largest = Math.max(largest, Math.abs(a[k * rows + k] ?? Number.NaN));
  for (let k = columns - 1; k >= 0; k--) {
    const diagonal = a[k * rows + k] ?? Number.NaN;
    if (!(Math.abs(diagonal) > largest * 1e-16)) return false;
    if (k >= top) continue;
    let value = rhs[k] ?? Number.NaN;
    for (let j = k + 1; j < top; j++) value -= (a[j * rows + k] ?? Number.NaN) * (x[j] ?? Number.NaN);
    x[k] = value / diagonal;
  }
  return true;
}

/** Solves Rᵀ·x = x in place for the upper triangle R of `a` (leading dimension `rows`), which is not singular. */
export function solveLower(a: Float64Array, rows: number, columns: number, x: Float64Array): void {
  for (let k = 0; k < columns; k++) {
    let value = x[k] ?? Number.NaN;
    for (let j = 0; j < k; j++) value -= (a[k * rows + j] ?? Number.NaN) * (x[j] ?? Number.NaN);
    x[k] = value / (a[k * rows + k] ?? Number.NaN);
  }
}

/** (RᵀR)⁻¹ as rows, for the upper triangle R of `a`; null when R is singular to rounding. */
export function inverseGram(a: Float64Array, rows: number, columns: number): Float64Array[] | null {
  const inverse: Float64Array[] = [];
  for (let k = 0; k < columns; k++) {
    const unit = new Float64Array(columns);
    unit[k] = 1;
    const column = new Float64Array(columns);
    if (!solveUpper(a, rows, columns, unit, column, k + 1)) return null;
    inverse.push(column);
  }
  return Array.from({ length: columns }, (_, i) =>
    Float64Array.from({ length: columns }, (_, j) => {
      let sum = 0;
      for (let k = Math.max(i, j); k < columns; k++)
        sum += (inverse[k]?.[i] ?? Number.NaN) * (inverse[k]?.[j] ?? Number.NaN);
      return sum;
    }),
  );
}

/**
 * Cholesky solution of H·x = rhs for a symmetric matrix, row by row; null unless H is positive definite.
 * Overwrites nothing.
 */
export function solvePositiveDefinite(h: Float64Array, rhs: Float64Array): Float64Array | null {
  const n = rhs.length;
  const l = Float64Array.from(h);
  for (let j = 0; j < n; j++) {
    let diagonal = l[j * n + j] ?? Number.NaN;
    const original = diagonal;
    for (let k = 0; k < j; k++) diagonal -= (l[j * n + k] ?? Number.NaN) ** 2;
    if (!(diagonal > Math.abs(original) * 1e-14)) return null;
    const root = Math.sqrt(diagonal);
    l[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      let value = l[i * n + j] ?? Number.NaN;
      for (let k = 0; k < j; k++) value -= (l[i * n + k] ?? Number.NaN) * (l[j * n + k] ?? Number.NaN);
      l[i * n + j] = value / root;
    }
  }
  const x = Float64Array.from(rhs);
  // Row by row its lower triangle is, column by column, the upper one of Lᵀ.
  solveLower(l, n, n, x);
  for (let i = n - 1; i >= 0; i--) {
    let value = x[i] ?? Number.NaN;
    for (let k = i + 1; k < n; k++) value -= (l[k * n + i] ?? Number.NaN) * (x[k] ?? Number.NaN);
    x[i] = value / (l[i * n + i] ?? Number.NaN);
  }
  return x;
}
