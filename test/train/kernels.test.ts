// Every kernel of the wasm backend, value and gradient, against double-precision loops written from the definitions
// (no tensor library), at even and odd shapes.
import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { productSpeeds } from "../../src/train/kernels/product-speed.js";
import { rotaryTable } from "../../src/train/kernels/rotary.js";
import { shareMemory } from "../../src/train/kernels/shared-memory.js";
import { type WasmKernels, wasmKernels } from "../../src/train/kernels/wasm.js";
import * as reference from "./reference-operations.js";

let kernels: WasmKernels;
beforeAll(async () => {
  await shareMemory();
  await tf.setBackend("wasm");
  kernels = await wasmKernels(tf);
});

const stream = random(11).split("kernels");
const draw = (count: number): Float32Array => Float32Array.from({ length: count }, () => 4 * stream.uniform() - 2);
const drawIds = (count: number, below: number): Int32Array =>
  Int32Array.from({ length: count }, () => Math.floor(stream.uniform() * below));
const matrix = (values: Float32Array, columns: number): tf.Tensor2D =>
  tf.tensor2d(values, [values.length / columns, columns]);

/** Largest difference over the largest entry, or over `floor` where that is more. */
function distance(got: tf.Tensor | undefined, want: ArrayLike<number>, floor = 1e-30): number {
  const values = got?.dataSync() ?? [];
  expect(values.length).toBe(want.length);
  let difference = 0;
  let scale = floor;
  for (let i = 0; i < want.length; i++) {
    difference = Math.max(difference, Math.abs((values[i] ?? Number.NaN) - (want[i] ?? Number.NaN)));
    scale = Math.max(scale, Math.abs(want[i] ?? 0));
  }
  return difference / scale;
}

/** Value and gradients for inputs, given the gradient dy of the value; nothing may be left behind but these. */
function run(f: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[], dy: Float32Array) {
  const before = tf.memory().numTensors;
  const value = f(...inputs);
  const gradients = tf.grads(f)(inputs, tf.tensor(dy, value.shape));
  expect(tf.memory().numTensors).toBe(before + 2 + inputs.length);
  return { value, gradients };
}

const LINEAR = [
  [1, 1, 1],
  [4, 8, 8],
  [7, 5, 9],
  [3, 16, 24],
  [261, 13, 19],
  [64, 520, 264],
  [513, 4, 12],
] as const;
test.each(LINEAR)("linear %i × %i × %i", (rows, inputs, outputs) => {
  const [x, w, dy] = [draw(rows * inputs), draw(inputs * outputs), draw(rows * outputs)];
  tf.tidy(() => {
    const { value, gradients } = run(
      (a, b) => kernels.operations.linear(a as tf.Tensor2D, b as tf.Tensor2D),
      [matrix(x, inputs), matrix(w, outputs)],
      dy,
    );
    const want = reference.linear(x, w, dy, rows, inputs, outputs);
    expect(distance(value, want.y)).toBeLessThan(2e-6);
    expect(distance(gradients[0], want.dx)).toBeLessThan(2e-6);
    expect(distance(gradients[1], want.dw)).toBeLessThan(2e-6);
  });
});

const ATTENTION = [
  { batch: 1, time: 1, heads: 1, headWidth: 2 },
  { batch: 2, time: 8, heads: 2, headWidth: 8 },
  { batch: 1, time: 13, heads: 3, headWidth: 6 },
  { batch: 3, time: 5, heads: 4, headWidth: 16 },
  { batch: 2, time: 66, heads: 2, headWidth: 20 },
  { batch: 1, time: 128, heads: 2, headWidth: 32 },
] as const;
test.each(ATTENTION)("attention %o", ({ batch, time, heads, headWidth }) => {
  const width = heads * headWidth;
  const [qkv, dy] = [draw(batch * time * 3 * width), draw(batch * time * width)];
  tf.tidy(() => {
    const { value, gradients } = run(
      (x) => kernels.operations.attention(x as tf.Tensor2D, { batch, time, heads }),
      [matrix(qkv, 3 * width)],
      dy,
    );
    const want = reference.attention(qkv, dy, batch, time, heads, headWidth);
    expect(distance(value, want.out)).toBeLessThan(2e-6);
    expect(distance(gradients[0], want.dqkv)).toBeLessThan(4e-6);
  });
});

test.each([
  [1, 2],
  [3, 8],
  [5, 7],
  [130, 66],
] as const)("rmsNorm, reluSquared and add %i × %i", (rows, width) => {
  const [x, y, gain, dy] = [draw(rows * width), draw(rows * width), draw(width), draw(rows * width)];
  tf.tidy(() => {
    const norm = run(
      (a, b) => kernels.operations.rmsNorm(a as tf.Tensor2D, b as tf.Tensor1D),
      [matrix(x, width), tf.tensor1d(gain)],
      dy,
    );
    const want = reference.rmsNorm(x, gain, dy, rows, width);
    expect(distance(norm.value, want.y)).toBeLessThan(1e-6);
    expect(distance(norm.gradients[0], want.dx)).toBeLessThan(2e-6);
    expect(distance(norm.gradients[1], want.dgain)).toBeLessThan(2e-6);

    const relu = run((a) => kernels.operations.reluSquared(a as tf.Tensor2D), [matrix(x, width)], dy);
    expect(
      distance(
        relu.value,
        x.map((v) => Math.max(v, 0) ** 2),
      ),
    ).toBeLessThan(1e-7);
    expect(
      distance(
        relu.gradients[0],
        x.map((v, i) => 2 * Math.max(v, 0) * (dy[i] ?? 0)),
      ),
    ).toBeLessThan(1e-7);

    const sum = run(
      (a, b) => kernels.operations.add(a as tf.Tensor2D, b as tf.Tensor2D),
      [matrix(x, width), matrix(y, width)],
      dy,
    );
    expect(
      distance(
        sum.value,
        x.map((v, i) => v + (y[i] ?? 0)),
      ),
    ).toBe(0);
    expect(distance(sum.gradients[0], dy)).toBe(0);
    expect(distance(sum.gradients[1], dy)).toBe(0);
  });
});

test.each([
  [1, 2],
  [3, 5],
  [9, 256],
  [40, 1023],
] as const)("cross-entropy %i × %i, by row and as a mean", (rows, vocabulary) => {
  const logits = draw(rows * vocabulary).map((v) => 8 * v);
  const targets = drawIds(rows, vocabulary);
  const dy = draw(rows);
  tf.tidy(() => {
    const ids = tf.tensor1d(targets, "int32");
    const byRow = run((x) => kernels.operations.crossEntropy(x as tf.Tensor2D, ids), [matrix(logits, vocabulary)], dy);
    const want = reference.crossEntropy(logits, targets, dy, rows, vocabulary);
    expect(distance(byRow.value, want.losses, 1)).toBeLessThan(1e-6);
    expect(distance(byRow.gradients[0], want.dlogits, 1)).toBeLessThan(2e-6);

    const mean = run(
      (x) => kernels.operations.meanCrossEntropy(x as tf.Tensor2D, ids),
      [matrix(logits, vocabulary)],
      Float32Array.of(3),
    );
    const same = reference.crossEntropy(logits, targets, new Float32Array(rows).fill(3 / rows), rows, vocabulary);
    expect(distance(mean.value, [same.losses.reduce((a, b) => a + b, 0) / rows], 1)).toBeLessThan(1e-6);
    expect(distance(mean.gradients[0], same.dlogits, 1)).toBeLessThan(2e-6);
  });
});

test("logits far apart neither overflow nor lose the gradient; NaN reaches the loss", () => {
  tf.tidy(() => {
    const ids = tf.tensor1d([1, 0, 2], "int32");
    const logits = Float32Array.of(-300, 300, 0, 1000, -1000, 0, Number.NaN, 0, 0);
    const losses = kernels.operations.crossEntropy(matrix(logits, 3), ids).dataSync();
    expect([...losses]).toEqual([0, 0, Number.NaN]);
  });
});

test("embedding: rows, and gradients added up where an id comes twice", () => {
  const [vocabulary, width] = [7, 6];
  const table = draw(vocabulary * width);
  const ids = Int32Array.of(3, 0, 3, 6, 3);
  const dy = draw(ids.length * width);
  tf.tidy(() => {
    const tensor = tf.tensor1d(ids, "int32");
    const { value, gradients } = run(
      (t) => kernels.operations.embedding(t as tf.Tensor2D, tensor),
      [matrix(table, width)],
      dy,
    );
    const want = new Float64Array(vocabulary * width);
    ids.forEach((id, i) => {
      for (let j = 0; j < width; j++) want[id * width + j] = (want[id * width + j] ?? 0) + (dy[i * width + j] ?? 0);
    });
    expect(
      distance(
        value,
        [...ids].flatMap((id) => [...table.subarray(id * width, (id + 1) * width)]),
      ),
    ).toBe(0);
    expect(distance(gradients[0], want)).toBeLessThan(1e-6);
  });
});

describe("refusals name the shape", () => {
  test.each([
    [
      "linear",
      () => kernels.operations.linear(tf.zeros([2, 3]), tf.zeros([4, 5])),
      /linear: w must have 3 rows, got 4/,
    ],
    [
      "embedding",
      () => kernels.operations.embedding(tf.zeros([3, 2]), tf.tensor1d([0, 3], "int32")),
      /0 … 2, got another at row 1/,
    ],
    [
      "targets",
      () => kernels.operations.crossEntropy(tf.zeros([1, 2]), tf.tensor1d([-1], "int32")),
      /0 … 1, got another at row 0/,
    ],
    [
      "head width",
      () => kernels.operations.attention(tf.zeros([2, 9]), { batch: 1, time: 2, heads: 1 }),
      /K even, got 9/,
    ],
    ["add", () => kernels.operations.add(tf.zeros([2, 3]), tf.zeros([3, 2])), /nothing is broadcast/],
  ])("%s", (_, call, message) => {
    tf.tidy(() => {
      expect(call).toThrow(message);
    });
  });
});

test("AdamW steps are those of the formula, and the sum of squares is exact", () => {
  const count = 13;
  const settings = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, gradientScale: 0.5 };
  const start = draw(count);
  const parameter = tf.tidy(() => tf.variable(tf.tensor1d(start)));
  const firstMoment = tf.tidy(() => tf.variable(tf.zeros([count])));
  const secondMoment = tf.tidy(() => tf.variable(tf.zeros([count])));
  const p = Float64Array.from(start);
  const [m, v] = [new Float64Array(count), new Float64Array(count)];
  for (let step = 1; step <= 3; step++) {
    const values = draw(count);
    const corrections = { biasCorrection1: 1 - 0.9 ** step, biasCorrection2: 1 - 0.95 ** step };
    const gradient = tf.tensor1d(values);
    kernels.optimizer.adamwStep({ parameter, gradient, firstMoment, secondMoment }, { ...settings, ...corrections });
    const squares = values.reduce((sum, x) => sum + x * x, 0);
    expect(Math.abs(kernels.optimizer.sumOfSquares(gradient) / squares - 1)).toBeLessThan(1e-14);
    gradient.dispose();
    for (let i = 0; i < count; i++) {
      const g = 0.5 * (values[i] ?? 0);
      m[i] = 0.9 * (m[i] ?? 0) + 0.1 * g;
      v[i] = 0.95 * (v[i] ?? 0) + 0.05 * g * g;
      const direction =
        (m[i] ?? 0) / corrections.biasCorrection1 / (Math.sqrt((v[i] ?? 0) / corrections.biasCorrection2) + 1e-8);
      p[i] = (p[i] ?? 0) - 0.01 * (direction + 0.1 * (p[i] ?? 0));
    }
  }
  expect(distance(parameter, p)).toBeLessThan(1e-6);
  expect(distance(firstMoment, m)).toBeLessThan(1e-6);
  expect(distance(secondMoment, v)).toBeLessThan(1e-6);
  tf.dispose([parameter, firstMoment, secondMoment]);
});

describe("the double-precision reference has the gradients of its own values", () => {
  const moved = (x: Float64Array, i: number, to: number) => Float64Array.from(x, (v, j) => (j === i ? to : v));
  /** dy · value at x, differentiated by central differences. */
  function differences(
    x: Float64Array,
    dy: ArrayLike<number>,
    value: (x: Float64Array) => ArrayLike<number>,
  ): number[] {
    const dot = (at: Float64Array) => Array.from(value(at)).reduce((sum, v, i) => sum + v * (dy[i] ?? 0), 0);
    return Array.from(x, (at, i) => (dot(moved(x, i, at + 1e-5)) - dot(moved(x, i, at - 1e-5))) / 2e-5);
  }
  const near = (got: Float64Array, want: number[]) =>
    got.forEach((v, i) => {
      expect(Math.abs(v - (want[i] ?? Number.NaN))).toBeLessThan(1e-8);
    });

  test("attention", () => {
    const qkv = Float64Array.from(draw(2 * 5 * 3 * 8));
    const dy = draw(2 * 5 * 8);
    near(
      reference.attention(qkv, dy, 2, 5, 2, 4).dqkv,
      differences(qkv, dy, (x) => reference.attention(x, dy, 2, 5, 2, 4).out),
    );
  });
  test("RMSNorm", () => {
    const [x, gain] = [Float64Array.from(draw(12)), Float64Array.from(draw(4))];
    const dy = draw(12);
    const { dx, dgain } = reference.rmsNorm(x, gain, dy, 3, 4);
    near(
      dx,
      differences(x, dy, (at) => reference.rmsNorm(at, gain, dy, 3, 4).y),
    );
    near(
      dgain,
      differences(gain, dy, (at) => reference.rmsNorm(x, at, dy, 3, 4).y),
    );
  });
  test("cross-entropy", () => {
    const logits = Float64Array.from(draw(15));
    const dy = draw(3);
    near(
      reference.crossEntropy(logits, [4, 0, 2], dy, 3, 5).dlogits,
      differences(logits, dy, (x) => reference.crossEntropy(x, [4, 0, 2], dy, 3, 5).losses),
    );
  });
});

test("the rotary table is that of the standard functions", () => {
  const [time, headWidth] = [2000, 32];
  const table = rotaryTable(time, headWidth);
  let worst = 0;
  for (let t = 0; t < time; t++) {
    for (let j = 0; j < 16; j++) {
      const angle = t * 10_000 ** (-j / 16);
      worst = Math.max(
        worst,
        Math.abs((table[t * 32 + j] ?? 9) - Math.cos(angle)),
        Math.abs((table[t * 32 + 16 + j] ?? 9) - Math.sin(angle)),
      );
    }
  }
  expect(worst).toBeLessThan(4e-8);
});

test("an id outside the vocabulary is named by its row, whichever thread has it", async () => {
  for (const threads of [1, 3]) {
    await kernels.useThreads(threads);
    const logits = tf.zeros([7, 5]) as tf.Tensor2D;
    const targets = tf.tensor1d([0, 1, 2, 3, 4, 5, 0], "int32");
    expect(() => kernels.operations.crossEntropy(logits, targets)).toThrow(/0 … 4, got another at row 5;/);
  }
  await kernels.useThreads(1);
});

test("product speeds are measured at every shape", async () => {
  const speeds = await productSpeeds(
    tf,
    [
      { rows: 64, inputs: 16, outputs: 24 },
      { rows: 5, inputs: 3, outputs: 2 },
    ],
    0,
  );
  expect(speeds).toHaveLength(2);
  for (const speed of speeds) for (const value of Object.values(speed)) expect(value).toBeGreaterThan(0);
});

test.each([1, 2, 3, 4, 7])(
  "a small computation through every kernel has the same bits on every machine, on %i threads",
  async (threads) => {
    await kernels.useThreads(threads);
    const hash = createHash("sha256");
    tf.tidy(() => {
      const { operations } = kernels;
      const fixed = random(3).split("frozen");
      const values = (rows: number, columns: number) =>
        tf.tensor2d(
          Float32Array.from({ length: rows * columns }, () => fixed.uniform() - 0.5),
          [rows, columns],
        );
      const ids = tf.tensor1d(
        Int32Array.from({ length: 44 }, () => Math.floor(fixed.uniform() * 50)),
        "int32",
      );
      const gain = tf.tensor1d(Float32Array.from({ length: 24 }, () => fixed.uniform()));
      const inputs = [values(50, 24), values(24, 72), values(24, 30), values(30, 24), values(24, 50), gain] as const;
      const loss = (...[table, qkv, up, down, head, g]: tf.Tensor[]) => {
        const x = operations.embedding(table as tf.Tensor2D, ids);
        const normed = operations.rmsNorm(x, g as tf.Tensor1D);
        const mixed = operations.attention(operations.linear(normed, qkv as tf.Tensor2D), {
          batch: 4,
          time: 11,
          heads: 2,
        });
        const y = operations.add(x, mixed);
        const hidden = operations.reluSquared(operations.linear(y, up as tf.Tensor2D));
        const z = operations.add(y, operations.linear(hidden, down as tf.Tensor2D));
        return operations.meanCrossEntropy(operations.linear(z, head as tf.Tensor2D), ids);
      };
      const { value, grads } = tf.valueAndGrads(loss)([...inputs]);
      // Past the lengths at which products split their sums.
      const wide = tf.grads((x, w) => operations.linear(x as tf.Tensor2D, w as tf.Tensor2D));
      const long = wide([values(600, 520), values(520, 9)], values(600, 9));
      const high = operations.linear(values(5, 1030), values(1030, 17));
      for (const tensor of [value, ...grads, ...long, high])
        hash.update(new Uint8Array(Float32Array.from(tensor.dataSync()).buffer));
    });
    await kernels.useThreads(1);
    expect(hash.digest("hex")).toBe("e593366e362e7379b47ea793d2034f5ecd10b38fb65a07e33e45f7990d1865e3");
  },
);
