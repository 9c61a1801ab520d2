// The operations of towers on the wasm kernels and as compositions of tfjs: values against double-precision loops,
// gradients against central differences of those loops, at even and odd shapes.
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { type Backend, loadBackend } from "../../../src/train/backend.js";
import * as reference from "./reference-towers.js";

const backends: Record<string, Backend> = {};
beforeAll(async () => {
  for (const name of ["cpu", "wasm"] as const) backends[name] = await loadBackend(name);
});

const stream = random(12).split("towers");
const draw = (count: number, width = 2): Float32Array =>
  Float32Array.from({ length: count }, () => width * (2 * stream.uniform() - 1));

/** Largest difference over the largest entry, or over `floor` where that is more: the size of terms that cancel. */
function distance(got: Tensor | undefined, want: ArrayLike<number>, floor = 1e-30): number {
  const values = got?.dataSync() ?? [];
  expect(values.length).toBe(want.length);
  let [difference, scale] = [0, floor];
  for (let i = 0; i < want.length; i++) {
    difference = Math.max(difference, Math.abs((values[i] ?? Number.NaN) - (want[i] ?? Number.NaN)));
    scale = Math.max(scale, Math.abs(want[i] ?? 0));
  }
  return difference / scale;
}

/** Value and gradients, given the gradient dy of the value. */
function run(backend: Backend, f: (...inputs: Tensor[]) => Tensor, inputs: Tensor[], dy: Float32Array) {
  const value = f(...inputs);
  return { value, gradients: backend.tf.grads(f)(inputs, backend.tf.tensor(dy, value.shape)) };
}

const named = (name: string): Backend => {
  const backend = backends[name];
  if (backend === undefined) throw new Error(name);
  return backend;
};

describe.each(["cpu", "wasm"] as const)("%s", (name) => {
  beforeAll(async () => {
    await named(name).tf.setBackend(name);
  });

  test.each([
    { batch: 1, time: 1, heads: 1, headWidth: 2 },
    { batch: 2, time: 5, heads: 2, headWidth: 6 },
    { batch: 1, time: 8, heads: 2, headWidth: 8 },
    { batch: 2, time: 13, heads: 1, headWidth: 4 },
    { batch: 1, time: 16, heads: 1, headWidth: 16 },
  ])("attention without a mask $batch × $time, $heads heads of $headWidth", ({ batch, time, heads, headWidth }) => {
    const backend = named(name);
    const width = heads * headWidth;
    const [qkv, dy] = [draw(batch * time * 3 * width), draw(batch * time * width)];
    const f = (x: ArrayLike<number>) => reference.fullAttention(x, batch, time, heads, headWidth);
    backend.tf.tidy(() => {
      const { value, gradients } = run(
        backend,
        (x) => backend.operations.fullAttention(x as Tensor2D, { batch, time, heads }),
        [backend.tf.tensor2d(qkv, [batch * time, 3 * width])],
        dy,
      );
      expect(distance(value, f(qkv))).toBeLessThan(2e-6);
      expect(distance(gradients[0], reference.differences(f, qkv, dy))).toBeLessThan(5e-6);
    });
  });

  test.each([
    [1, 1, 3],
    [3, 5, 8],
    [2, 64, 7],
  ] as const)("mean pooling %i × %i × %i", (examples, time, width) => {
    const backend = named(name);
    const [x, dy] = [draw(examples * time * width), draw(examples * width)];
    const f = (values: ArrayLike<number>) => reference.meanPool(values, time, width);
    backend.tf.tidy(() => {
      const { value, gradients } = run(
        backend,
        (a) => backend.operations.meanPool(a as Tensor2D, time),
        [backend.tf.tensor2d(x, [examples * time, width])],
        dy,
      );
      expect(distance(value, f(x))).toBeLessThan(1e-6);
      expect(distance(gradients[0], reference.differences(f, x, dy))).toBeLessThan(1e-6);
    });
  });

  test.each([
    [1, 1, 4],
    [5, 5, 8],
    [7, 3, 6],
    [64, 64, 16],
  ] as const)("similarities %i × %i × %i", (n, m, width) => {
    const backend = named(name);
    const [x, y, dy] = [draw(n * width), draw(m * width), draw(n * m)];
    backend.tf.tidy(() => {
      const { value, gradients } = run(
        backend,
        (a, b) => backend.operations.similarities(a as Tensor2D, b as Tensor2D),
        [backend.tf.tensor2d(x, [n, width]), backend.tf.tensor2d(y, [m, width])],
        dy,
      );
      expect(distance(value, reference.similarities(x, y, width))).toBeLessThan(2e-6);
      if (n > 10) return; // Differences of 1,024 inputs take seconds and see nothing new.
      const [dx, dyy] = [
        reference.differences((v) => reference.similarities(v, y, width), x, dy),
        reference.differences((v) => reference.similarities(x, v, width), y, dy),
      ];
      expect(distance(gradients[0], dx)).toBeLessThan(2e-6);
      expect(distance(gradients[1], dyy)).toBeLessThan(2e-6);
    });
  });

  test.each([
    { n: 1, logScale: 2.3, bias: -1 },
    { n: 5, logScale: Math.LN10, bias: -1.386 },
    { n: 8, logScale: -0.7, bias: 0.4 },
    { n: 13, logScale: 3.4, bias: -10 },
  ])("the sigmoid loss of $n pairs, τ $logScale, b $bias", ({ n, logScale, bias }) => {
    const backend = named(name);
    const [s, dy] = [draw(n * n, 1), draw(n)];
    const [tau, b] = [Float32Array.of(logScale), Float32Array.of(bias)];
    const f = (values: ArrayLike<number>, t = tau[0] ?? 0, shift = b[0] ?? 0) =>
      reference.sigmoidLoss(values, t, shift);
    const wanted = [
      reference.differences((v) => f(v), s, dy),
      reference.differences((v) => f(s, v[0]), tau, dy),
      reference.differences((v) => f(s, tau[0], v[0]), b, dy),
    ];
    const mean = Float32Array.from({ length: n }, () => 1 / n);
    const ofMean = [
      reference.differences((v) => f(v), s, mean),
      reference.differences((v) => f(s, v[0]), tau, mean),
      reference.differences((v) => f(s, tau[0], v[0]), b, mean),
    ];
    const { tf, operations } = backend;
    tf.tidy(() => {
      const inputs = [tf.tensor2d(s, [n, n]), tf.tensor1d(tau), tf.tensor1d(b)];
      const rows = run(
        backend,
        (x, t, c) => operations.sigmoidLoss(x as Tensor2D, t as Tensor1D, c as Tensor1D),
        inputs,
        dy,
      );
      expect(distance(rows.value, f(s))).toBeLessThan(2e-6);
      const terms = dy.reduce((sum, value) => sum + Math.abs(value), 0);
      wanted.forEach((want, i) => {
        expect(distance(rows.gradients[i], want, i === 0 ? 0 : terms)).toBeLessThan(5e-6);
      });
      const whole = run(
        backend,
        (x, t, c) => operations.meanSigmoidLoss(x as Tensor2D, t as Tensor1D, c as Tensor1D),
        inputs,
        Float32Array.of(1),
      );
      expect(distance(whole.value, [f(s).reduce((sum, loss) => sum + loss / n, 0)])).toBeLessThan(2e-6);
      ofMean.forEach((want, i) => {
        expect(distance(whole.gradients[i], want)).toBeLessThan(5e-6);
      });
    });
  });
});

test("a NaN among the similarities reaches the loss of its row alone", async () => {
  const backend = named("wasm");
  await backend.tf.setBackend("wasm");
  backend.tf.tidy(() => {
    const s = backend.tf.tensor2d(Float32Array.of(0.1, Number.NaN, 0.2, 0.3), [2, 2]);
    const losses = backend.operations.sigmoidLoss(s, backend.tf.tensor1d([1]), backend.tf.tensor1d([0])).dataSync();
    expect(losses[0]).toBeNaN();
    expect(Number.isFinite(losses[1])).toBe(true);
  });
});

test("the wasm kernels give the same bits on one thread and on three", async () => {
  const backend = named("wasm");
  await backend.tf.setBackend("wasm");
  const [qkv, dy] = [draw(6 * 7 * 3 * 8), draw(6 * 7 * 8)];
  const s = draw(13 * 13);
  const results: Float32Array[][] = [];
  for (const threads of [1, 3]) {
    await backend.useThreads(threads);
    backend.tf.tidy(() => {
      const { value, gradients } = run(
        backend,
        (x) => backend.operations.fullAttention(x as Tensor2D, { batch: 6, time: 7, heads: 2 }),
        [backend.tf.tensor2d(qkv, [42, 24])],
        dy,
      );
      const losses = backend.operations.sigmoidLoss(
        backend.tf.tensor2d(s, [13, 13]),
        backend.tf.tensor1d([2]),
        backend.tf.tensor1d([-2]),
      );
      results.push([value, ...gradients, losses].map((tensor) => Float32Array.from(tensor.dataSync())));
    });
  }
  await backend.useThreads(1);
  expect(results[1]).toEqual(results[0]);
});
