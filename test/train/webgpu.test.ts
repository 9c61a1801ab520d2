// Every kernel of the webgpu backend, value and gradient, on whatever adapter there is: SwiftShader on a machine without
// a GPU. In half precision against the same definitions, as far off as its eleven bits.
import { describe, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { rotaryTable } from "../../src/train/kernels/rotary.js";
import { newArena } from "../../src/train/webgpu/arena.js";
import { add, addTo } from "../../src/train/webgpu/elementwise.js";
import { segments } from "../../src/train/webgpu/embedding.js";
import type { Storage } from "../../src/train/webgpu/kernel.js";
import { operationsOn, rotaryName } from "../../src/train/webgpu/operations.js";
import { product, slicesOf } from "../../src/train/webgpu/product.js";
import { lasting, newTape, type Value } from "../../src/train/webgpu/tape.js";
import { distance, draw, type Evaluated, KERNEL_CASES, type KernelCase, present, testKernels } from "./kernel-cases.js";
import * as reference from "./reference-operations.js";
import { testGpu } from "./webgpu-device.js";

const gpu = await testGpu();
/** The parts of a case that a test of its own does not use. */
const BARE = {
  title: "",
  ids: new Int32Array(1),
  vocabulary: 1,
  attention: { batch: 1, time: 1, heads: 1, headWidth: 2 },
  operations: 2 as const,
  want: { value: [], gradients: [] },
  tolerance: { value: 0, gradient: 0, floor: 0 },
};
const stream = random(11).split("webgpu");

/** The value of an operation and the gradients of its inputs. */
async function evaluate(work: KernelCase, storage: Storage = "f32"): Promise<Evaluated> {
  if (gpu === null) throw new Error("no GPU");
  const arena = newArena(gpu);
  const put = (name: string, values: Float32Array | Uint32Array | Int32Array) => {
    arena.make(name, values.length);
    arena.write(name, values instanceof Float32Array ? Float32Array.from(values) : Uint32Array.from(values));
    return lasting(name, values.length);
  };
  const tape = newTape({ sum: add, sumInto: addTo });
  const given = work.inputs.map(({ values, rows }, i): Value => {
    arena.make(`gradient ${i}`, values.length);
    return {
      piece: put(`input ${i}`, values),
      rows: rows ?? 1,
      columns: values.length / (rows ?? 1),
      storage: "f32",
      gradient: { kind: "added", to: lasting(`gradient ${i}`, values.length) },
    };
  });
  const { time, headWidth } = work.attention;
  put(rotaryName(time, headWidth), rotaryTable(time, headWidth));
  arena.make("losses", 64);
  arena.make("step", 1);
  const matrices = given.filter((_, i) => work.inputs[i]?.rows !== null);
  const vectors = given.filter((_, i) => work.inputs[i]?.rows === null);
  const value = work.call(operationsOn(tape, storage), matrices, vectors, {
    piece: put("ids", work.ids),
    places: put("places", segments(work.ids, work.vocabulary)),
    rows: work.ids.length,
  });
  tape.give(value, put("dy", work.dy));
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
  testKernels((work) => evaluate(work));

  test.each(["none", "left", "right"] as const)("large tiles and slices, transposed: %s", async (transposed) => {
    if (gpu === null) throw new Error("no GPU");
    // Sizes at which the large tile is taken, with an odd edge.
    const shape =
      transposed === "left"
        ? { rows: 131, columns: 258, depth: 5700, transposed, storage: "f32" as const }
        : { rows: 1500, columns: 1530, depth: 44, transposed, storage: "f32" as const };
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

  // The factor of a product is what half precision keeps: value and both gradients are of the rounded factor.
  const HALF = 2 ** -11;
  test.each([
    [5, 8, 12],
    [130, 64, 20],
  ] as const)("half precision: linear of rmsNorm and of reluSquared, %i × %i × %i", async (rows, width, outputs) => {
    const [x, gain, w, dy] = [draw(rows * width), draw(width), draw(width * outputs), draw(rows * outputs)];
    const shared = { ...BARE, dy };
    const matrices = [
      { values: x, rows },
      { values: w, rows: width },
    ];
    const normed = await evaluate(
      {
        ...shared,
        inputs: [...matrices, { values: gain, rows: null }],
        call: (op, [a, b], [g]) => op.linear(op.rmsNorm(present(a), present(g)), present(b)),
      },
      "f16",
    );
    const norm = reference.rmsNorm(x, gain, new Float32Array(rows * width), rows, width);
    const product = reference.linear(norm.y, w, dy, rows, width, outputs);
    const through = reference.rmsNorm(x, gain, product.dx, rows, width);
    expect(distance(normed.value, product.y)).toBeLessThan(2 * HALF);
    expect(distance(normed.gradients[1], product.dw)).toBeLessThan(2 * HALF);
    expect(distance(normed.gradients[0], through.dx)).toBeLessThan(4e-6);
    expect(distance(normed.gradients[2], through.dgain)).toBeLessThan(4e-6);
    expect(distance(normed.value, product.y)).toBeGreaterThan(1e-6); // It was rounded.

    const relu = await evaluate(
      {
        ...shared,
        inputs: matrices,
        call: (op, [a, b]) => op.linear(op.reluSquared(present(a)), present(b)),
      },
      "f16",
    );
    const active = x.map((v) => Math.max(v, 0) ** 2);
    const of = reference.linear(active, w, dy, rows, width, outputs);
    expect(distance(relu.value, of.y)).toBeLessThan(2 * HALF);
    expect(distance(relu.gradients[1], of.dw)).toBeLessThan(2 * HALF);
    const dx = x.map((v, i) => 2 * Math.max(v, 0) * (of.dx[i] ?? 0));
    expect(distance(relu.gradients[0], dx)).toBeLessThan(2 * HALF);

    // A factor that is added as well is widened.
    const sum = await evaluate(
      {
        ...shared,
        dy: draw(rows * width),
        inputs: [matrices[0] ?? { values: x, rows }, { values: gain, rows: null }],
        call: (op, [a], [g]) => op.add(op.rmsNorm(present(a), present(g)), present(a)),
      },
      "f16",
    );
    expect(
      distance(
        sum.value,
        norm.y.map((v, i) => v + (x[i] ?? 0)),
      ),
    ).toBeLessThan(2 * HALF);
  });

  test.each(
    KERNEL_CASES.filter(({ title, attention }) => title.startsWith("attention") && attention.headWidth % 8 === 0),
  )("half precision: $title", async (work) => {
    const width = work.attention.heads * work.attention.headWidth;
    // Read through a product with the identity, since a value in half precision is not read back as it is.
    const identity = Float32Array.from({ length: width * width }, (_, i) => (i % (width + 1) === 0 ? 1 : 0));
    const { value, gradients } = await evaluate(
      {
        ...work,
        inputs: [...work.inputs, { values: identity, rows: width }],
        call: (op, [a, b]) => op.linear(op.attention(present(a), work.attention), present(b)),
      },
      "f16",
    );
    // Scores of up to 4 · headWidth / √headWidth are off by their turned factors: a few parts in a thousand.
    expect(distance(value, work.want.value)).toBeLessThan(16 * HALF);
    expect(distance(gradients[0], work.want.gradients[0] ?? [])).toBeLessThan(16 * HALF);
  });
});
