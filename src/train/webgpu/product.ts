// Matrix products in the three orientations of a linear map and its gradients: tiles in workgroup memory, a block of
// the result in the registers of each thread, the next tile fetched while this one is used.
import { buffers, type Kernel, quadType, read4, type Storage } from "./kernel.js";

export interface ProductShape {
  /** The result is rows × columns, each entry a sum over `depth`. */
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Which side is stored with rows and columns exchanged: left [depth, rows], or right [columns, depth]. */
  readonly transposed: "none" | "left" | "right";
  /** Of the left side, whose stored rows must be multiples of four numbers long in half precision. */
  readonly storage: Storage;
}

/**
 * A workgroup's piece of the result, height × width by steps of `depth`; each thread holds a side × side block and
 * fetches one vec4 of either side a step, so height · depth and width · depth are four times the threads.
 */
interface Tile {
  readonly height: number;
  readonly width: number;
  readonly depth: number;
  readonly side: 4 | 8;
}
const LARGE: Tile = { height: 128, width: 128, depth: 8, side: 8 };
const SMALL: Tile = { height: 64, width: 64, depth: 16, side: 4 };
/** Fewer workgroups leave a large GPU idle. */
const ENOUGH_GROUPS = 128;
/** A slice of the depth is worth its own pass over the result from so many terms on. */
const SLICE_DEPTH = 256;

const tilesOf = ({ rows, columns }: ProductShape, tile: Tile): number =>
  Math.ceil(rows / tile.height) * Math.ceil(columns / tile.width);

/**
 * Slices of the depth whose sums are kept apart, [slices, rows, columns], to be added by `sumSlices`: for products of
 * few, long sums, the gradients of weights, which would keep few workgroups busy.
 */
export function slicesOf(shape: ProductShape): number {
  const most = Math.max(1, Math.floor(shape.depth / SLICE_DEPTH));
  return Math.min(most, Math.ceil((2 * ENOUGH_GROUPS) / tilesOf(shape, tileOf(shape, most))));
}

function tileOf(shape: ProductShape, slices: number): Tile {
  const large = shape.rows >= 96 && shape.columns >= 96 && tilesOf(shape, LARGE) * slices >= ENOUGH_GROUPS;
  return large ? LARGE : SMALL;
}

/** Buffers: left, right, result [slices, rows, columns]. `add` adds to the result instead of writing it. */
export function product(shape: ProductShape, slices: number, add: boolean): Kernel {
  const { rows, columns, depth, transposed } = shape;
  const tile = tileOf(shape, slices);
  const { side } = tile;
  const across = tile.width / side;
  const threads = (tile.height / side) * across;
  const sliceDepth = tile.depth * Math.ceil(depth / slices / tile.depth);
  const left = side4("left", tile.height, tile.depth, rows, depth, transposed !== "left", shape.storage);
  const right = side4("right", tile.width, tile.depth, columns, depth, transposed === "right");
  const wide = columns % 4 === 0;
  const blocks = Array.from({ length: side / 4 }, (_, g) => g);
  const rowsOfThread = Array.from({ length: side }, (_, r) => r);

  const multiply = [
    ...blocks.map((g) => `let a${g} = leftTile[k * ${tile.height / 4 + 1}u + down + ${(g * tile.height) / side}u];`),
    ...blocks.map((g) => `let b${g} = rightTile[k * ${tile.width / 4 + 1}u + along + ${(g * tile.width) / side}u];`),
    ...rowsOfThread.flatMap((r) => blocks.map((g) => `c${r}_${g} += a${r >> 2}[${r & 3}] * b${g};`)),
  ].join(" ");
  const write = rowsOfThread.flatMap((r) => [
    `{ let row = row0 + ${(r >> 2) * ((4 * tile.height) / side) + (r & 3)}u + 4u * down;`,
    `if (row < ${rows}u) {`,
    ...blocks.flatMap((g) => {
      const column = `let to${g} = column0 + ${(g * 4 * tile.width) / side}u + 4u * along;`;
      const at = `(group.z * ${rows}u + row) * ${columns}u + to${g}`;
      const one = wide
        ? `if (to${g} < ${columns}u) { result[(${at}) / 4u] ${add ? "+=" : "="} c${r}_${g}; }`
        : [0, 1, 2, 3]
            .map(
              (j) =>
                `if (to${g} + ${j}u < ${columns}u) { result[${at} + ${j}u] ${add ? "+=" : "="} c${r}_${g}[${j}]; }`,
            )
            .join(" ");
      return [column, one];
    }),
    "} }",
  ]);
  const code = `
${buffers(["left", "read", left.type], ["right", "read", right.type], ["result", "write", wide ? "vec4f" : "f32"])}
var<workgroup> leftTile: array<vec4f, ${tile.depth * (tile.height / 4 + 1)}>;
var<workgroup> rightTile: array<vec4f, ${tile.depth * (tile.width / 4 + 1)}>;
${left.fetch}
${right.fetch}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row0 = group.y * ${tile.height}u;
  let column0 = group.x * ${tile.width}u;
  let down = thread / ${across}u;
  let along = thread % ${across}u;
  let begin = group.z * ${sliceDepth}u;
  let end = min(begin + ${sliceDepth}u, ${depth}u);
  ${rowsOfThread.map((r) => blocks.map((g) => `var c${r}_${g} = vec4f();`).join(" ")).join(" ")}
  // Each turn fetches a tile and, while it is on its way, uses the one before it.
  for (var at = begin; ; at += ${tile.depth}u) {
    ${left.fetched("row0")}
    ${right.fetched("column0")}
    if (at != begin) {
      for (var k = 0u; k < ${tile.depth}u; k++) { ${multiply} }
    }
    if (at >= end) { break; }
    workgroupBarrier();
    ${left.store}
    ${right.store}
    workgroupBarrier();
  }
  ${write.join("\n  ")}
}`;
  return { code, groups: [Math.ceil(columns / tile.width), Math.ceil(rows / tile.height), slices] };
}

/**
 * How one side comes into workgroup memory: lines of vec4s along its own length, one a step of the depth, with one vec4
 * of padding. Every thread fetches four numbers, neighbours from neighbouring addresses: four along the length where
 * it lies so, four along the depth, which it then turns, or four single ones where sizes are no multiples of four.
 */
function side4(
  name: "left" | "right",
  size: number,
  tileDepth: number,
  length: number,
  depth: number,
  depthInside: boolean,
  storage: Storage = "f32",
) {
  const pitch = size / 4 + 1;
  const four = [0, 1, 2, 3];
  if (depthInside && depth % 4 === 0) {
    const [k, row] = [`thread % ${tileDepth / 4}u * 4u`, `thread / ${tileDepth / 4}u`];
    return {
      type: quadType(storage),
      fetch: `
fn ${name}Fetch(row: u32, k: u32, end: u32) -> vec4f {
  if (k >= end || row >= ${length}u) { return vec4f(); }
  let four = ${name}[(row * ${depth}u + k) / 4u];
  return ${read4(storage, "four")};
}`,
      fetched: (origin: string) => `let ${name}0 = ${name}Fetch(${origin} + ${row}, at + ${k}, end);`,
      store: four
        .map((j) => `${name}Tile[(${k} + ${j}u) * ${pitch}u + ${row} / 4u][${row} % 4u] = ${name}0[${j}];`)
        .join(" "),
    };
  }
  const wide = !depthInside && length % 4 === 0;
  if (storage === "f16" && !wide) throw new Error(`product: ${name} in half precision must have rows of four numbers`);
  const [k, quad] = depthInside
    ? [`thread % ${tileDepth}u`, `thread / ${tileDepth}u`]
    : [`thread / ${size / 4}u`, `thread % ${size / 4}u`];
  const one = (j: number) => {
    const at = `min(at + ${j}u, ${length - 1}u)`;
    return `select(0.0, ${name}[${depthInside ? `${at} * ${depth}u + k` : `k * ${length}u + ${at}`}], at + ${j}u < ${length}u)`;
  };
  return {
    type: wide ? quadType(storage) : "f32",
    fetch: `
fn ${name}Fetch(at: u32, k: u32, end: u32) -> vec4f {
  if (k >= end${wide ? ` || at >= ${length}u` : ""}) { return vec4f(); }
  ${
    wide
      ? `let four = ${name}[(k * ${length}u + at) / 4u]; return ${read4(storage, "four")};`
      : `return vec4f(${four.map(one).join(", ")});`
  }
}`,
    fetched: (origin: string) => `let ${name}0 = ${name}Fetch(${origin} + 4u * (${quad}), at + ${k}, end);`,
    store: `${name}Tile[(${k}) * ${pitch}u + ${quad}] = ${name}0;`,
  };
}
