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
import { distance, draw, type Evaluated, type KernelCase, testKernels } from "./kernel-cases.js";
import * as reference from "./reference-operations.js";

let kernels: WasmKernels;
beforeAll(async () => {
  await shareMemory();
  await tf.setBackend("wasm");
  kernels = await wasmKernels(tf);
});

const matrix = (values: Float32Array, columns: number): tf.Tensor2D =>
  tf.tensor2d(values, [values.length / columns, columns]);
const values = (tensor: tf.Tensor | undefined): Float32Array => Float32Array.from(tensor?.dataSync() ?? []);

/** Value and gradients of an operation; nothing may be left behind but these. */
async function evaluate({ inputs, ids, dy, operations, call }: KernelCase): Promise<Evaluated> {
  return tf.tidy(() => {
    const tensors = inputs.map((given) =>
      given.rows === null ? tf.tensor1d(given.values) : matrix(given.values, given.values.length / given.rows),
    );
    const at = tf.tensor1d(ids, "int32");
    const f = (...list: tf.Tensor[]): tf.Tensor =>
      call(kernels.operations, list.filter(isMatrix), list.filter(isVector), at);
    const before = tf.memory().numTensors;
    const value = f(...tensors);
    const gradients = tf.grads(f)(
      tensors,
      dy.length === 1 && value.rank === 0 ? tf.scalar(dy[0] ?? 0) : tf.tensor(dy, value.shape),
    );
    expect(tf.memory().numTensors).toBe(before + operations + 1 + inputs.length);
    return { value: values(value), gradients: gradients.map(values) };
  });
}
const isMatrix = (tensor: tf.Tensor): tensor is tf.Tensor2D => tensor.rank === 2;
const isVector = (tensor: tf.Tensor): tensor is tf.Tensor1D => tensor.rank === 1;

testKernels(evaluate);

test("logits far apart neither overflow nor lose the gradient; NaN reaches the loss", () => {
  tf.tidy(() => {
    const ids = tf.tensor1d([1, 0, 2], "int32");
    const logits = Float32Array.of(-300, 300, 0, 1000, -1000, 0, Number.NaN, 0, 0);
    const losses = kernels.operations.crossEntropy(matrix(logits, 3), ids).dataSync();
    expect([...losses]).toEqual([0, 0, Number.NaN]);
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
  expect(distance(values(parameter), p)).toBeLessThan(1e-6);
  expect(distance(values(firstMoment), m)).toBeLessThan(1e-6);
  expect(distance(values(secondMoment), v)).toBeLessThan(1e-6);
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
