// Causal softmax attention without a T × T matrix in memory (Dao et al. 2022, Dao 2023): tiles of scores, a running
// maximum and sum. Queries and keys come turned by their positions. One workgroup takes 32 rows of one head.
import type { AttentionShape } from "../operations.js";
import {
  addProduct,
  EACH,
  elementOf,
  LANES,
  loaders,
  PITCH,
  products,
  ROWS,
  STEP,
  tileEntry,
  writeQuad,
} from "./attention-tiles.js";
import { buffers, type Kernel, type Storage } from "./kernel.js";

/** Buffers: qkv [N, 3E] and out [N, E], in `storage`, logSums [B, H, T] of the scaled scores of each row. */
export function attention(shape: AttentionShape, headWidth: number, storage: Storage = "f32"): Kernel {
  const { batch, time, heads } = shape;
  const width = heads * headWidth;
  const chunks = Array.from({ length: Math.ceil(headWidth / ROWS) }, (_, c) => c);
  const code = `
${buffers(["qkv", "read", elementOf(headWidth, storage)], ["out", "write", elementOf(headWidth, storage)], ["logSums", "write", "f32"])}
var<workgroup> tiles: array<vec4f, ${Math.max(2 * STEP, ROWS) * PITCH}>;
var<workgroup> weights: array<vec4f, ${ROWS * PITCH}>;
var<workgroup> shared_: array<f32, ${ROWS * LANES}>;
${loaders("qkv", 3 * width, time, headWidth, storage)}
fn across(at: u32) -> array<f32, ${LANES}> {
  return array<f32, ${LANES}>(${Array.from({ length: LANES }, (_, i) => `shared_[at + ${i}u]`).join(", ")});
}
${tileEntry(shape, headWidth)}
  ${EACH.map((r) => `var top${r} = -1e30; var sum${r} = 0.0;`).join(" ")}
  ${chunks.map((c) => EACH.map((r) => `var o${c}_${r} = vec4f();`).join(" ")).join(" ")}
  for (var key0 = 0u; key0 <= row0; key0 += ${ROWS}u) {
    ${EACH.map((r) => `var s${r} = vec4f();`).join(" ")}
    for (var d = 0u; d < ${headWidth}u; d += ${STEP}u) {
      workgroupBarrier();
      loadRows_qkv(thread, 0u, sequence, row0, head, d);
      loadRows_qkv(thread, ${STEP * PITCH}u, sequence, key0, head + ${width}u, d);
      workgroupBarrier();
      ${products("s", 0, STEP * PITCH)}
    }
    ${EACH.map(
      (r) => `{
      let row = row0 + 4u * down + ${r}u;
      s${r} = select(vec4f(-1e30), s${r} * ${1 / Math.sqrt(headWidth)}, (key0 + 4u * along + vec4u(0u, 1u, 2u, 3u)) <= vec4u(row));
      shared_[(4u * down + ${r}u) * ${LANES}u + along] = max(max(s${r}.x, s${r}.y), max(s${r}.z, s${r}.w));
    }`,
    ).join("\n    ")}
    workgroupBarrier();
    ${EACH.map(
      (r) => `{
      let parts = across((4u * down + ${r}u) * ${LANES}u);
      let top = max(top${r}, ${join("max", "parts")});
      let shrink = exp(top${r} - top);
      top${r} = top;
      s${r} = exp(s${r} - top);
      sum${r} = sum${r} * shrink + s${r}.x + s${r}.y + s${r}.z + s${r}.w;
      ${chunks.map((c) => `o${c}_${r} *= shrink;`).join(" ")}
    }`,
    ).join("\n    ")}
    ${[0, 1, 2, 3].map((j) => `weights[(4u * along + ${j}u) * ${PITCH}u + down] = vec4f(s0[${j}], s1[${j}], s2[${j}], s3[${j}]);`).join(" ")}
    ${chunks
      .map(
        (c) => `workgroupBarrier();
    loadColumns_qkv(thread, sequence, key0, head + ${2 * width}u, ${c * ROWS}u);
    workgroupBarrier();
    ${addProduct(`o${c}_`)}`,
      )
      .join("\n    ")}
  }
  ${EACH.map((r) => `shared_[(4u * down + ${r}u) * ${LANES}u + along] = sum${r};`).join(" ")}
  workgroupBarrier();
  ${EACH.map(
    (r) => `{
    let row = row0 + 4u * down + ${r}u;
    let parts = across((4u * down + ${r}u) * ${LANES}u);
    let sum = ${join("+", "parts")};
    if (row < ${time}u) {
      if (along == 0u) { logSums[group.y * ${time}u + row] = top${r} + log(sum); }
      ${chunks.map((c) => writeQuad("out", `(sequence + row) * ${width}u + head`, c, headWidth, `o${c}_${r} / sum`, storage)).join("\n      ")}
    }
  }`,
  ).join("\n  ")}
}`;
  return { code, groups: [Math.ceil(time / ROWS), batch * heads, 1] };
}

function join(how: "max" | "+", parts: string): string {
  const entries = Array.from({ length: LANES }, (_, i) => `${parts}[${i}]`);
  return entries.reduce((a, b) => (how === "max" ? `max(${a}, ${b})` : `${a} + ${b}`));
}
