// Every kernel of the webgpu backend, value and gradient, against double-precision loops written from the definitions,
// at even and ragged shapes, on whatever adapter there is: SwiftShader on a machine without a GPU.
import { describe, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { rotaryTable } from "../../src/train/kernels/rotary.js";
import { newArena } from "../../src/train/webgpu/arena.js";
import { add, addTo } from "../../src/train/webgpu/elementwise.js";
import { segments } from "../../src/train/webgpu/embedding.js";
import { type Ids, operationsOn, rotaryName, type TapeOperations } from "../../src/train/webgpu/operations.js";
import { product, slicesOf } from "../../src/train/webgpu/product.js";
import { lasting, newTape, type Value } from "../../src/train/webgpu/tape.js";
import * as reference from "./reference-operations.js";
import { testGpu } from "./webgpu-device.js";

const gpu = await testGpu();
const stream = random(11).split("webgpu");
const draw = (count: number): Float32Array => Float32Array.from({ length: count }, () => 4 * stream.uniform() - 2);
const drawIds = (count: number, below: number): Int32Array =>
  Int32Array.from({ length: count }, () => stream.integer(below));

/** Largest difference over the largest entry, or over `floor` where that is more. */
function distance(got: ArrayLike<number> | undefined, want: ArrayLike<number>, floor = 1e-30): number {
  expect(got?.length).toBe(want.length);
  let difference = 0;
  let scale = floor;
  for (let i = 0; i < want.length; i++) {
    difference = Math.max(difference, Math.abs((got?.[i] ?? Number.NaN) - (want[i] ?? Number.NaN)));
    scale = Math.max(scale, Math.abs(want[i] ?? 0));
  }
  return difference / scale;
}

interface Given {
  readonly values: Float32Array;
  readonly rows: number;
}

/** The value of an operation and the gradients of its inputs, given dy. */
async function run(
  f: (op: TapeOperations, inputs: readonly Value[], ids: Ids) => Value,
  inputs: readonly Given[],
  dy: Float32Array,
  {
    ids = new Int32Array(1),
    vocabulary = 1,
    tables = [],
  }: { ids?: Int32Array; vocabulary?: number; tables?: readonly [string, Float32Array][] } = {},
) {
  if (gpu === null) throw new Error("no GPU");
  const arena = newArena(gpu);
  const put = (name: string, values: Float32Array | Uint32Array | Int32Array) => {
    arena.make(name, values.length);
    arena.write(name, values instanceof Float32Array ? Float32Array.from(values) : Uint32Array.from(values));
    return lasting(name, values.length);
  };
  const tape = newTape({ sum: add, sumInto: addTo });
  const given = inputs.map(({ values, rows }, i): Value => {
    arena.make(`gradient ${i}`, values.length);
    return {
      piece: put(`input ${i}`, values),
      rows,
      columns: values.length / rows,
      gradient: { kind: "added", to: lasting(`gradient ${i}`, values.length) },
    };
  });
  for (const [name, values] of tables) put(name, values);
  arena.make("losses", 64);
  arena.make("step", 1);
  const value = f(operationsOn(tape), given, {
    piece: put("ids", ids),
    places: put("places", segments(ids, vocabulary)),
    rows: ids.length,
  });
  tape.give(value, put("dy", dy));
  tape.backward();
  arena.make("value", value.piece.bytes / 4);
  const program = await arena.prepare(tape.dispatches, [value.piece]);
  arena.run(program, [], { piece: value.piece, to: "value", at: 0 });
  const result = (await arena.read("value")).subarray(0, value.rows * value.columns);
  const gradients = await Promise.all(given.map((_, i) => arena.read(`gradient ${i}`)));
  arena.destroy();
  return { value: result, gradients };
}

describe.skipIf(gpu === null)("kernels", () => {
  test.each([
    [1, 1, 1],
    [4, 8, 8],
    [7, 5, 9],
    [3, 16, 24],
    [261, 13, 19],
    [64, 520, 264],
    [600, 4, 12],
    [1500, 130, 100],
  ] as const)("linear %i × %i × %i", async (rows, inputs, outputs) => {
    const [x, w, dy] = [draw(rows * inputs), draw(inputs * outputs), draw(rows * outputs)];
    const { value, gradients } = await run(
      (op, [a, b]) => op.linear(a as Value, b as Value),
      [
        { values: x, rows },
        { values: w, rows: inputs },
      ],
      dy,
    );
    const want = reference.linear(x, w, dy, rows, inputs, outputs);
    expect(distance(value, want.y)).toBeLessThan(2e-6);
    expect(distance(gradients[0], want.dx)).toBeLessThan(2e-6);
    expect(distance(gradients[1], want.dw)).toBeLessThan(2e-6);
  });

  test.each(["none", "left", "right"] as const)("large tiles and slices, transposed: %s", async (transposed) => {
    if (gpu === null) throw new Error("no GPU");
    // Sizes at which the large tile is taken, with an odd edge.
    const shape =
      transposed === "left"
        ? { rows: 131, columns: 258, depth: 5700, transposed }
        : { rows: 1500, columns: 1530, depth: 44, transposed };
    const slices = transposed === "left" ? slicesOf(shape) : 1;
    const arena = newArena(gpu);
    const [left, right] = [draw(shape.rows * shape.depth), draw(shape.columns * shape.depth)];
    for (const [name, values] of [
      ["left", left],
      ["right", right],
    ] as const) {
      arena.make(name, values.length);
      arena.write(name, Float32Array.from(values));
    }
    arena.make("result", slices * shape.rows * shape.columns);
    const program = await arena.prepare([
      {
        kernel: product(shape, slices, false),
        pieces: [
          lasting("left", left.length),
          lasting("right", right.length),
          lasting("result", slices * shape.rows * shape.columns),
        ],
      },
    ]);
    arena.run(program, []);
    const got = await arena.read("result");
    arena.destroy();
    const { rows, columns, depth } = shape;
    for (let check = 0; check < 400; check++) {
      const [i, j] =
        check < 4
          ? [check & 1 ? rows - 1 : 0, check & 2 ? columns - 1 : 0]
          : [stream.integer(rows), stream.integer(columns)];
      let want = 0;
      for (let d = 0; d < depth; d++) {
        const a = left[transposed === "left" ? d * rows + i : i * depth + d] ?? Number.NaN;
        want += a * (right[transposed === "right" ? j * depth + d : d * columns + j] ?? Number.NaN);
      }
      let sum = 0;
      for (let s = 0; s < slices; s++) sum += got[(s * rows + i) * columns + j] ?? Number.NaN;
      expect(Math.abs(sum - want)).toBeLessThan(3e-7 * depth); // terms of up to 4
    }
    expect(slices > 1).toBe(transposed === "left");
  });

  test.each([
    { batch: 1, time: 1, heads: 1, headWidth: 2 },
    { batch: 2, time: 8, heads: 2, headWidth: 8 },
    { batch: 1, time: 13, heads: 3, headWidth: 6 },
    { batch: 3, time: 5, heads: 4, headWidth: 16 },
    { batch: 2, time: 66, heads: 2, headWidth: 20 },
    { batch: 1, time: 128, heads: 2, headWidth: 32 },
    { batch: 1, time: 97, heads: 2, headWidth: 74 },
  ])("attention %o", async ({ batch, time, heads, headWidth }) => {
    const width = heads * headWidth;
    const [qkv, dy] = [draw(batch * time * 3 * width), draw(batch * time * width)];
    const { value, gradients } = await run(
      (op, [x]) => op.attention(x as Value, { batch, time, heads }),
      [{ values: qkv, rows: batch * time }],
      dy,
      { tables: [[rotaryName(time, headWidth), rotaryTable(time, headWidth)]] },
    );
    const want = reference.attention(qkv, dy, batch, time, heads, headWidth);
    expect(distance(value, want.out)).toBeLessThan(2e-6);
    expect(distance(gradients[0], want.dqkv)).toBeLessThan(4e-6);
  });

  test.each([
    [1, 2],
    [3, 8],
    [5, 7],
    [130, 66],
  ] as const)("rmsNorm, reluSquared and add %i × %i", async (rows, width) => {
    const [x, y, gain, dy] = [draw(rows * width), draw(rows * width), draw(width), draw(rows * width)];
    const normed = await run(
      (op, [a, b]) => op.rmsNorm(a as Value, b as Value),
      [
        { values: x, rows },
        { values: gain, rows: 1 },
      ],
      dy,
    );
    const want = reference.rmsNorm(x, gain, dy, rows, width);
    expect(distance(normed.value, want.y)).toBeLessThan(1e-6);
    expect(distance(normed.gradients[0], want.dx)).toBeLessThan(2e-6);
    expect(distance(normed.gradients[1], want.dgain)).toBeLessThan(2e-6);

    const relu = await run((op, [a]) => op.reluSquared(a as Value), [{ values: x, rows }], dy);
    const squared = x.map((v) => Math.max(v, 0) ** 2);
    expect(distance(relu.value, squared)).toBeLessThan(1e-7);
    const slope = x.map((v, i) => 2 * Math.max(v, 0) * (dy[i] ?? 0));
    expect(distance(relu.gradients[0], slope)).toBeLessThan(1e-7);

    const sum = await run(
      (op, [a, b]) => op.add(op.add(a as Value, b as Value), a as Value),
      [
        { values: x, rows },
        { values: y, rows },
      ],
      dy,
    );
    const twice = x.map((v, i) => Math.fround(v + (y[i] ?? 0)) + v);
    expect(distance(sum.value, twice)).toBe(0);
    const doubled = dy.map((v) => 2 * v);
    expect(distance(sum.gradients[0], doubled)).toBe(0);
    expect(distance(sum.gradients[1], dy)).toBe(0);
  });

  test.each([
    [1, 2],
    [3, 5],
    [9, 256],
    [40, 1023],
  ] as const)("cross-entropy %i × %i, by row and as a mean", async (rows, vocabulary) => {
    const logits = draw(rows * vocabulary).map((v) => 8 * v);
    const targets = drawIds(rows, vocabulary);
    const dy = draw(rows);
    const byRow = await run((op, [x], ids) => op.crossEntropy(x as Value, ids), [{ values: logits, rows }], dy, {
      ids: targets,
      vocabulary,
    });
    const want = reference.crossEntropy(logits, targets, dy, rows, vocabulary);
    expect(distance(byRow.value, want.losses, 1)).toBeLessThan(2e-6);
    expect(distance(byRow.gradients[0], want.dlogits, 1)).toBeLessThan(2e-6);

    // The mean takes a value that a kernel made, whose place its gradient takes.
    const zero = new Float32Array(logits.length);
    const mean = await run(
      (op, [x, y], ids) => op.meanCrossEntropy(op.add(x as Value, y as Value), ids),
      [
        { values: logits, rows },
        { values: zero, rows },
      ],
      Float32Array.of(1),
      { ids: targets, vocabulary },
    );
    const same = reference.crossEntropy(logits, targets, new Float32Array(rows).fill(1 / rows), rows, vocabulary);
    expect(distance(mean.value, [same.losses.reduce((a, b) => a + b, 0) / rows], 1)).toBeLessThan(2e-6);
    expect(distance(mean.gradients[0], same.dlogits, 1)).toBeLessThan(2e-6);
  });

  test("embedding: rows, and gradients added up where an id comes twice", async () => {
    const [vocabulary, width] = [7, 66];
    const table = draw(vocabulary * width);
    const ids = Int32Array.of(3, 0, 3, 6, 3);
    const dy = draw(ids.length * width);
    const { value, gradients } = await run(
      (op, [t], at) => op.embedding(t as Value, at),
      [{ values: table, rows: vocabulary }],
      dy,
      { ids, vocabulary },
    );
    const want = new Float64Array(vocabulary * width);
    ids.forEach((id, i) => {
      for (let j = 0; j < width; j++) want[id * width + j] = (want[id * width + j] ?? 0) + (dy[i * width + j] ?? 0);
    });
    const rows = [...ids].flatMap((id) => [...table.subarray(id * width, (id + 1) * width)]);
    expect(distance(value, rows)).toBe(0);
    expect(distance(gradients[0], want)).toBeLessThan(1e-6);
  });
});
