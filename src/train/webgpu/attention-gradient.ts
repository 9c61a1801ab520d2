// The gradient of causal attention from the log-sums of the forward pass (Dao 2023): one kernel by rows of queries
// gives that of the queries, one by rows of keys those of keys and values. Nothing is added from two sides, so no
// atomics, and the same sums every time.
import type { AttentionShape } from "../operations.js";
import {
  addProduct,
  EACH,
  elementOf,
  loaders,
  PITCH,
  products,
  ROWS,
  STEP,
  tileEntry,
  writeQuad,
} from "./attention-tiles.js";
import { buffers, elementwise, type Kernel, quadType, read4, type Storage } from "./kernel.js";

/**
 * Σ over a head of out · dout, which the softmax takes off every score. Buffers: out [N, E] in `storage`, dout [N, E],
 * dots [B, H, T].
 */
export const attentionDots = (
  { batch, time, heads }: AttentionShape,
  headWidth: number,
  storage: Storage = "f32",
): Kernel =>
  elementwise(
    buffers(
      ["out", "read", storage === "f16" ? quadType(storage) : "f32"],
      ["dout", "read", "f32"],
      ["dots", "write", "f32"],
    ),
    batch * heads * time,
    `let start = ((i / ${heads * time}u) * ${time}u + i % ${time}u) * ${heads * headWidth}u + (i / ${time}u) % ${heads}u * ${headWidth}u;
  var sum = 0.0;
  for (var c = 0u; c < ${headWidth}u; c++) { sum += ${storage === "f16" ? `${read4(storage, "out[(start + c) / 4u]")}[c % 4u]` : "out[start + c]"} * dout[start + c]; }
  dots[i] = sum;`,
  );

/** Buffers of both: qkv [N, 3E] in `storage`, dout [N, E], logSums [B, H, T], dots [B, H, T], dqkv [N, 3E], of which it writes its parts. */
export function attentionGradient(
  shape: AttentionShape,
  headWidth: number,
  side: "queries" | "keys",
  storage: Storage = "f32",
): Kernel {
  const { batch, time, heads } = shape;
  const width = heads * headWidth;
  const scale = 1 / Math.sqrt(headWidth);
  const element = elementOf(headWidth);
  const byQueries = side === "queries";
  const chunks = Array.from({ length: Math.ceil(headWidth / ROWS) }, (_, c) => c);
  const [qkvRows, qkvColumns] = byQueries ? [0, width] : [width, 0];
  const load = (name: "qkv" | "dout", tile: number, row0: string, part: number) =>
    `loadRows_${name}(thread, ${tile * STEP * PITCH}u, sequence, ${row0}, head + ${part}u, d);`;
  const values = (tile: number, row0: string) => load("qkv", tile, row0, 2 * width);
  const outputs = (tile: number, row0: string) => load("dout", tile, row0, 0);
  // Log-sums and dots belong to queries: to the rows of the block, or to its columns.
  const ofQuery = (name: string, r: number) =>
    byQueries
      ? `${name}[min(group.y * ${time}u + row0 + 4u * down + ${r}u, ${batch * heads * time - 1}u)]`
      : `${name}Columns`;
  const columnsOf = (name: string) =>
    `let ${name}Columns = vec4f(${EACH.map((j) => `${name}[min(group.y * ${time}u + column0 + 4u * along + ${j}u, ${batch * heads * time - 1}u)]`).join(", ")});`;
  const put = (name: string) =>
    EACH.map(
      (j) =>
        `weights[(4u * along + ${j}u) * ${PITCH}u + down] = vec4f(${EACH.map((r) => `${name}${r}[${j}]`).join(", ")});`,
    ).join(" ");
  const addTo = (name: string, from: "qkv" | "dout", part: number) =>
    chunks
      .map(
        (c) => `workgroupBarrier();
    loadColumns_${from}(thread, sequence, column0, head + ${part}u, ${c * ROWS}u);
    workgroupBarrier();
    ${addProduct(`${name}${c}_`)}`,
      )
      .join("\n    ");
  const clear = (name: string) =>
    chunks.map((c) => EACH.map((r) => `var ${name}${c}_${r} = vec4f();`).join(" ")).join(" ");
  const code = `
${buffers(["qkv", "read", elementOf(headWidth, storage)], ["dout", "read", element], ["logSums", "read", "f32"], ["dots", "read", "f32"], ["dqkv", "write", element])}
var<workgroup> tiles: array<vec4f, ${4 * STEP * PITCH}>;
var<workgroup> weights: array<vec4f, ${ROWS * PITCH}>;
${loaders("qkv", 3 * width, time, headWidth, storage)}
${loaders("dout", width, time, headWidth)}
${tileEntry(shape, headWidth)}
  ${clear("g")}
  ${byQueries ? "" : clear("v")}
  for (var column0 = ${byQueries ? "0u" : "row0"}; column0 ${byQueries ? "<= row0" : `< ${time}u`}; column0 += ${ROWS}u) {
    ${EACH.map((r) => `var s${r} = vec4f(); var p${r} = vec4f();`).join(" ")}
    for (var d = 0u; d < ${headWidth}u; d += ${STEP}u) {
      workgroupBarrier();
      ${load("qkv", 0, "row0", qkvRows)}
      ${load("qkv", 1, "column0", qkvColumns)}
      ${byQueries ? outputs(2, "row0") : values(2, "row0")}
      ${byQueries ? values(3, "column0") : outputs(3, "column0")}
      workgroupBarrier();
      ${products("s", 0, STEP * PITCH)}
      ${products("p", 2 * STEP * PITCH, 3 * STEP * PITCH)}
    }
    ${byQueries ? "" : `${columnsOf("logSums")} ${columnsOf("dots")}`}
    ${EACH.map(
      (r) => `{
      let row = vec4u(row0 + 4u * down + ${r}u);
      let column = vec4u(column0 + 4u * along) + vec4u(0u, 1u, 2u, 3u);
      let seen = ${byQueries ? "(column <= row)" : `(row <= column) & (column < vec4u(${time}u))`};
      s${r} = select(vec4f(), exp(s${r} * ${scale} - ${ofQuery("logSums", r)}), seen);
      p${r} = s${r} * (p${r} - ${ofQuery("dots", r)}) * ${scale};
    }`,
    ).join("\n    ")}
    ${put("p")}
    ${addTo("g", "qkv", qkvColumns)}
    ${byQueries ? "" : `workgroupBarrier(); ${put("s")} ${addTo("v", "dout", 0)}`}
  }
  ${EACH.map(
    (r) => `{
    let row = row0 + 4u * down + ${r}u;
    if (row < ${time}u) {
      ${chunks.map((c) => writeQuad("dqkv", `(sequence + row) * ${3 * width}u + head + ${qkvRows}u`, c, headWidth, `g${c}_${r}`)).join("\n      ")}
      ${byQueries ? "" : chunks.map((c) => writeQuad("dqkv", `(sequence + row) * ${3 * width}u + head + ${2 * width}u`, c, headWidth, `v${c}_${r}`)).join("\n      ")}
    }
  }`,
  ).join("\n  ")}
}`;
  return { code, groups: [Math.ceil(time / ROWS), batch * heads, 1] };
}
