// The pieces of the attention kernels: 64 threads, 8 × 8, each with a 4 × 4 block of 32 × 32 scores; tiles of the
// sequences in workgroup memory, no more than the 16 KiB that WebGPU grants everywhere.

/** Rows of queries and of keys in a tile of scores, and columns of a head in a tile of values. */
export const ROWS = 32;
/** Threads along each side of a tile. */
export const LANES = 8;
/** Columns of a head that a tile of scores adds up at a time. */
export const STEP = 16;
/** vec4s from one line of a tile to the next: 8 and one of padding, so that a column does not lie in one bank. */
export const PITCH = ROWS / 4 + 1;
/** The four rows of a thread. */
export const EACH = [0, 1, 2, 3] as const;

/**
 * A function that puts STEP columns of ROWS rows at `place` in `tiles`, turned so that a line holds one column:
 * loadRows_NAME(thread, place, sequence, row0, column0, d). Beyond the sequence or the head it puts zeros.
 */
export const rowTile = (name: string, pitch: number, time: number, headWidth: number): string => `
fn loadRows_${name}(thread: u32, place: u32, sequence: u32, row0: u32, column0: u32, d: u32) {
  for (var f = thread; f < ${(STEP * ROWS) / 4}u; f += ${LANES * LANES}u) {
    let k = f % ${STEP}u;
    let quad = f / ${STEP}u;
    let row = row0 + 4u * quad;
    let at = (sequence + row) * ${pitch}u + column0 + d + k;
    var value = vec4f();
    if (d + k < ${headWidth}u) {
      ${EACH.map((j) => `if (row + ${j}u < ${time}u) { value[${j}] = ${name}[at + ${j * pitch}u]; }`).join(" ")}
    }
    tiles[place + k * ${PITCH}u + quad] = value;
  }
}`;

/**
 * A function that puts ROWS columns from `d` on of ROWS rows at the start of `tiles`, a line a row:
 * loadColumns_NAME(thread, sequence, row0, column0, d). Beyond the sequence or the head it puts zeros.
 */
export const columnTile = (name: string, pitch: number, time: number, headWidth: number): string => `
fn loadColumns_${name}(thread: u32, sequence: u32, row0: u32, column0: u32, d: u32) {
  for (var f = thread; f < ${(ROWS * ROWS) / 4}u; f += ${LANES * LANES}u) {
    let quad = f % ${LANES}u;
    let row = row0 + f / ${LANES}u;
    let at = (sequence + row) * ${pitch}u + column0 + d + 4u * quad;
    var value = vec4f();
    if (row < ${time}u) {
      ${EACH.map((j) => `if (d + 4u * quad + ${j}u < ${headWidth}u) { value[${j}] = ${name}[at + ${j}u]; }`).join(" ")}
    }
    tiles[f / ${LANES}u * ${PITCH}u + quad] = value;
  }
}`;

/** Adds to the scores NAME0 … NAME3 the products of the row tile at `rows` with that at `columns`. */
export const products = (name: string, rows: number, columns: number): string =>
  `for (var k = 0u; k < ${STEP}u; k++) { let a = tiles[${rows}u + k * ${PITCH}u + down]; let b = tiles[${columns}u + k * ${PITCH}u + along]; ${EACH.map((r) => `${name}${r} += a[${r}] * b;`).join(" ")} }`;

/** Adds to NAME0 … NAME3 the product of `weights`, stored a line a column, with the column tile in `tiles`. */
export const addProduct = (name: string): string =>
  `for (var j = 0u; j < ${ROWS}u; j++) { let w = weights[j * ${PITCH}u + down]; let v = tiles[j * ${PITCH}u + along]; ${EACH.map((r) => `${name}${r} += w[${r}] * v;`).join(" ")} }`;

/** Four columns of a row from `4 along` of chunk c on, as far as the head goes. */
export const writeQuad = (to: string, start: string, chunk: number, headWidth: number, value: string): string =>
  `{ let quad = ${value}; ${[0, 1, 2, 3]
    .map((j) => {
      const column = `${chunk * ROWS + j}u + 4u * along`;
      return `if (${column} < ${headWidth}u) { ${to}[${start} + ${column}] = quad[${j}]; }`;
    })
    .join(" ")} }`;
