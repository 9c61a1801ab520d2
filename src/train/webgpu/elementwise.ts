// The operations that look at one entry at a time, sums of slices, and the rotation of queries and keys.
import type { AttentionShape } from "../operations.js";
import { buffers, elementwise, type Kernel, quadType, read4, type Storage, write4 } from "./kernel.js";

/** Buffers: x, y, z = x + y. */
export const add = (count: number): Kernel =>
  elementwise(buffers(["x", "read", "f32"], ["y", "read", "f32"], ["z", "write", "f32"]), count, "z[i] = x[i] + y[i];");

/** Buffers: x, to, which x is added to. */
export const addTo = (count: number): Kernel => sumSlices(1, count);

/** Buffers: slices [slices, count], to [count], which their sum is added to. */
export const sumSlices = (slices: number, count: number): Kernel =>
  elementwise(
    buffers(["slices", "read", "f32"], ["to", "write", "f32"]),
    count,
    `var sum = 0.0;
  for (var s = 0u; s < ${slices}u; s++) { sum += slices[s * ${count}u + i]; }
  to[i] += sum;`,
  );

/** Numbers in half precision as 32-bit ones. Buffers: halves, x. */
export const widen = (count: number): Kernel =>
  elementwise(
    buffers(["halves", "read", quadType("f16")], ["x", "write", "vec4f"]),
    count / 4,
    `x[i] = ${read4("f16", "halves[i]")};`,
  );

/** Buffers: x, y = max(x, 0)² in `storage`. */
export const reluSquared = (count: number, storage: Storage = "f32"): Kernel =>
  storage === "f32"
    ? elementwise(
        buffers(["x", "read", "f32"], ["y", "write", "f32"]),
        count,
        "let positive = max(x[i], 0.0); y[i] = positive * positive;",
      )
    : elementwise(
        buffers(["x", "read", "vec4f"], ["y", "write", quadType(storage)]),
        count / 4,
        `let positive = max(x[i], vec4f()); y[i] = ${write4(storage, "positive * positive")};`,
      );

/** Buffers: x, dy, dx = 2 max(x, 0) dy. */
export const reluSquaredGradient = (count: number): Kernel =>
  elementwise(
    buffers(["x", "read", "f32"], ["dy", "read", "f32"], ["dx", "write", "f32"]),
    count,
    "dx[i] = 2.0 * max(x[i], 0.0) * dy[i];",
  );

/** The same from y in half precision, max(x, 0) = √y, so that x need not be kept. Buffers: y, dy, dx. */
export const reluSquaredGradientOfResult = (count: number): Kernel =>
  elementwise(
    buffers(["y", "read", quadType("f16")], ["dy", "read", "vec4f"], ["dx", "write", "vec4f"]),
    count / 4,
    `dx[i] = 2.0 * sqrt(${read4("f16", "y[i]")}) * dy[i];`,
  );

/**
 * Queries and keys of qkv [N, 3E] turned by their positions, values as they are. Half precision takes heads of multiples
 * of eight. Buffers: qkv, table [T, K], turned in `storage`.
 */
export const rotate = (shape: AttentionShape, headWidth: number, storage: Storage = "f32"): Kernel =>
  storage === "f32"
    ? turn(
        shape,
        headWidth,
        buffers(["qkv", "read", "f32"], ["table", "read", "f32"], ["turned", "write", "f32"]),
        "qkv",
        "",
      )
    : turnByFours(shape, headWidth, storage);

/** The gradient of `rotate` in its own place: turned back. Buffers: turned, table. */
export const rotateBack = (shape: AttentionShape, headWidth: number): Kernel =>
  turn(shape, headWidth, buffers(["turned", "write", "f32"], ["table", "read", "f32"]), "turned", "-");

function turnByFours({ batch, time, heads }: AttentionShape, headWidth: number, storage: Storage): Kernel {
  const half = headWidth / 8;
  return elementwise(
    buffers(["qkv", "read", "vec4f"], ["table", "read", "vec4f"], ["turned", "write", quadType(storage)]),
    batch * time * 3 * heads * half,
    `let row = i / ${3 * heads * half}u;
  let within = i % ${3 * heads * half}u;
  let four = within % ${half}u;
  let at = row * ${6 * heads * half}u + within / ${half}u * ${2 * half}u + four;
  let first = qkv[at];
  let second = qkv[at + ${half}u];
  var cosine = vec4f(1.0);
  var sine = vec4f();
  if (within < ${2 * heads * half}u) {
    cosine = table[row % ${time}u * ${2 * half}u + four];
    sine = table[row % ${time}u * ${2 * half}u + ${half}u + four];
  }
  turned[at] = ${write4(storage, "first * cosine - second * sine")};
  turned[at + ${half}u] = ${write4(storage, "second * cosine + first * sine")};`,
  );
}

function turn(
  { batch, time, heads }: AttentionShape,
  headWidth: number,
  declarations: string,
  from: string,
  sign: "" | "-",
): Kernel {
  const half = headWidth / 2;
  return elementwise(
    declarations,
    batch * time * 3 * heads * half,
    `let row = i / ${3 * heads * half}u;
  let within = i % ${3 * heads * half}u;
  let pair = within % ${half}u;
  let at = row * ${3 * heads * headWidth}u + within / ${half}u * ${headWidth}u + pair;
  let first = ${from}[at];
  let second = ${from}[at + ${half}u];
  var cosine = 1.0;
  var sine = 0.0;
  if (within < ${2 * heads * half}u) {
    cosine = table[row % ${time}u * ${headWidth}u + pair];
    sine = ${sign}table[row % ${time}u * ${headWidth}u + ${half}u + pair];
  }
  turned[at] = first * cosine - second * sine;
  turned[at + ${half}u] = second * cosine + first * sine;`,
  );
}
