// The pieces of the attention kernels: 64 threads, 8 × 8, each with a 4 × 4 block of 32 × 32 scores; tiles of the
// sequences in workgroup memory, no more than the 16 KiB that WebGPU grants everywhere.
import type { AttentionShape } from "../operations.js";
import { quadType, read4, type Storage, write4 } from "./kernel.js";

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

/** Where each thread of a kernel stands: its place in the tile, the sequence and head of its workgroup, their first row. */
export const tileEntry = ({ time, heads }: AttentionShape, headWidth: number): string => `
@compute @workgroup_size(${LANES * LANES})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let down = thread / ${LANES}u;
  let along = thread % ${LANES}u;
  let sequence = group.y / ${heads}u * ${time}u;
  let head = group.y % ${heads}u * ${headWidth}u;
  let row0 = group.x * ${ROWS}u;`;

/** Four columns of a row from `column` on that lie within the head: one vec4 where the layout allows it. */
const quadOf = (name: string, pitch: number, headWidth: number, storage: Storage): string =>
  isWide(headWidth)
    ? `fn quad_${name}(row: u32, head: u32, column: u32) -> vec4f {
  if (column >= ${headWidth}u) { return vec4f(); }
  let four = ${name}[(row * ${pitch}u + head + column) / 4u];
  return ${read4(storage, "four")};
}`
    : `fn quad_${name}(row: u32, head: u32, column: u32) -> vec4f {
  var value = vec4f();
  ${EACH.map((j) => `if (column + ${j}u < ${headWidth}u) { value[${j}] = ${name}[row * ${pitch}u + head + column + ${j}u]; }`).join(" ")}
  return value;
}`;

/** Whether the rows of a head begin at multiples of four numbers. */
const isWide = (headWidth: number): boolean => headWidth % 4 === 0;
/** How a kernel sees the sequences that it loads tiles from. Half precision takes heads of multiples of four. */
export const elementOf = (headWidth: number, storage: Storage = "f32"): string =>
  isWide(headWidth) ? quadType(storage) : "f32";

/**
 * Two functions that put a tile in workgroup memory, zeros beyond the sequence or the head:
 * loadRows_NAME(thread, place, sequence, row0, head, d): STEP columns of ROWS rows at `place` in `tiles`, turned so that
 * a line holds one column; loadColumns_NAME(thread, sequence, row0, head, d): ROWS columns from `d` on of ROWS rows at
 * the start of `tiles`, a line a row.
 */
export const loaders = (
  name: string,
  pitch: number,
  time: number,
  headWidth: number,
  storage: Storage = "f32",
): string => `
${quadOf(name, pitch, headWidth, storage)}
fn loadRows_${name}(thread: u32, place: u32, sequence: u32, row0: u32, head: u32, d: u32) {
  for (var f = thread; f < ${(STEP * ROWS) / 4}u; f += ${LANES * LANES}u) {
    let k = f % ${STEP / 4}u * 4u;
    let r = f / ${STEP / 4}u;
    var value = vec4f();
    if (row0 + r < ${time}u) { value = quad_${name}(sequence + row0 + r, head, d + k); }
    let at = place + k * ${PITCH}u + r / 4u;
    ${EACH.map((j) => `tiles[at + ${j * PITCH}u][r % 4u] = value[${j}];`).join(" ")}
  }
}
fn loadColumns_${name}(thread: u32, sequence: u32, row0: u32, head: u32, d: u32) {
  for (var f = thread; f < ${(ROWS * ROWS) / 4}u; f += ${LANES * LANES}u) {
    let r = f / ${LANES}u;
    var value = vec4f();
    if (row0 + r < ${time}u) { value = quad_${name}(sequence + row0 + r, head, d + 4u * (f % ${LANES}u)); }
    tiles[r * ${PITCH}u + f % ${LANES}u] = value;
  }
}`;

/** Adds to the scores NAME0 … NAME3 the products of the row tile at `rows` with that at `columns`. */
export const products = (name: string, rows: number, columns: number): string =>
  `for (var k = 0u; k < ${STEP}u; k++) { let a = tiles[${rows}u + k * ${PITCH}u + down]; let b = tiles[${columns}u + k * ${PITCH}u + along]; ${EACH.map((r) => `${name}${r} += a[${r}] * b;`).join(" ")} }`;

/** Adds to NAME0 … NAME3 the product of `weights`, stored a line a column, with the column tile in `tiles`. */
export const addProduct = (name: string): string =>
  `for (var j = 0u; j < ${ROWS}u; j++) { let w = weights[j * ${PITCH}u + down]; let v = tiles[j * ${PITCH}u + along]; ${EACH.map((r) => `${name}${r} += w[${r}] * v;`).join(" ")} }`;

/** Four columns of a row from `4 along` of chunk c on, as far as the head goes. */
export const writeQuad = (
  to: string,
  start: string,
  chunk: number,
  headWidth: number,
  value: string,
  storage: Storage = "f32",
): string =>
  isWide(headWidth)
    ? `if (${chunk * ROWS}u + 4u * along < ${headWidth}u) { ${to}[(${start} + ${chunk * ROWS}u + 4u * along) / 4u] = ${write4(storage, value)}; }`
    : `{ let quad = ${value}; ${[0, 1, 2, 3]
        .map((j) => {
          const column = `${chunk * ROWS + j}u + 4u * along`;
          return `if (${column} < ${headWidth}u) { ${to}[${start} + ${column}] = quad[${j}]; }`;
        })
        .join(" ")} }`;
