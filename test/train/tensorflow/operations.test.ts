// Operations on TensorFlow's kernels against the composition on the plain JavaScript backend: values, gradients, a step.
// Runs where tfjs-node-gpu loads; RINSIGHT_TEST_TFJS names its folder when it is not beside Rinsight.
import { createRequire } from "node:module";
import path from "node:path";
import type * as Tensorflow from "@tensorflow/tfjs";
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { composedOperations, composedOptimizer } from "../../../src/train/composed.js";
import type { Operations } from "../../../src/train/operations.js";
import { describeTensorflow, tensorflowPackage } from "../../../src/train/tensorflow/link.js";
import { tensorflowOperations, tensorflowOptimizer } from "../../../src/train/tensorflow/operations.js";

const folder = process.env.RINSIGHT_TEST_TFJS ?? tensorflowPackage();
const state = describeTensorflow(folder);
const skipped = state.kind === "ready" ? "" : ` (skipped: @tensorflow/tfjs-node-gpu is ${state.kind})`;

function load(): typeof Tensorflow {
  const require = createRequire(path.join(folder ?? "", "package.json"));
  require(folder ?? "");
  return require("@tensorflow/tfjs");
}

const values = (label: string, length: number): Float32Array => {
  const stream = random(label);
  return Float32Array.from({ length }, () => stream.normal());
};
const N = 24; // 2 sequences of 12
const E = 16;
const V = 11;
const shape = { batch: 2, time: 12, heads: 2 };

type Case = readonly [
  name: string,
  sizes: readonly (readonly number[])[],
  run: (op: Operations, ids: Tensor1D, x: Tensor[]) => Tensor,
];
const first = (x: Tensor[], k: number) => x[k] as Tensor2D;
const CASES: readonly Case[] = [
  ["embedding", [[V, E]], (op, ids, x) => op.embedding(first(x, 0), ids)],
  ["rmsNorm", [[N, E], [E]], (op, _ids, x) => op.rmsNorm(first(x, 0), x[1] as Tensor1D)],
  [
    "linear",
    [
      [N, E],
      [E, V],
    ],
    (op, _ids, x) => op.linear(first(x, 0), first(x, 1)),
  ],
  ["attention", [[N, 3 * E]], (op, _ids, x) => op.attention(first(x, 0), shape)],
  ["reluSquared", [[N, E]], (op, _ids, x) => op.reluSquared(first(x, 0))],
  [
    "add",
    [
      [N, E],
      [N, E],
    ],
    (op, _ids, x) => op.add(first(x, 0), first(x, 1)),
  ],
  ["add to itself", [[N, E]], (op, _ids, x) => op.add(first(x, 0), first(x, 0))],
  ["crossEntropy", [[N, V]], (op, ids, x) => op.crossEntropy(first(x, 0), ids)],
  ["meanCrossEntropy", [[N, V]], (op, ids, x) => op.meanCrossEntropy(first(x, 0), ids)],
];

/** Value and gradients of Σ c · run(x) with fixed random c, on whatever backend is set. */
function evaluate(tf: typeof Tensorflow, op: Operations, [name, sizes, run]: Case): number[][] {
  return tf.tidy(() => {
    const inputs = sizes.map((size, k) =>
      tf.tensor(
        values(
          `${name} ${k}`,
          size.reduce((a, b) => a * b, 1),
        ),
        [...size],
      ),
    );
    const ids = tf.tensor1d(
      Int32Array.from({ length: N }, (_, i) => (i * 5) % V),
      "int32",
    );
    const weighted = (...x: Tensor[]) => {
      const y = run(op, ids, x);
      return y
        .mul(tf.tensor(values(`${name} weights`, y.size), y.shape))
        .sum()
        .asScalar();
    };
    const { value, grads } = tf.valueAndGrads(weighted)(inputs);
    return [run(op, ids, inputs), value, ...grads].map((tensor) => [...tensor.dataSync()]);
  });
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  const worst = Math.max(...actual.map((value, i) => Math.abs(value - (expected[i] ?? Number.NaN))));
  expect(worst / scale).toBeLessThan(5e-6);
}

test.skipIf(state.kind !== "ready")(
  `values and gradients agree with the composition on plain JavaScript${skipped}`,
  async () => {
    const tf = load();
    for (const operation of CASES) {
      await tf.setBackend("cpu");
      const expected = evaluate(tf, composedOperations(tf), operation);
      await tf.setBackend("tensorflow");
      const op = tensorflowOperations(tf);
      evaluate(tf, op, operation);
      const before = tf.memory().numTensors;
      const actual = evaluate(tf, op, operation);
      expect(tf.memory().numTensors, `${operation[0]} keeps no tensor`).toBe(before);
      expect(actual.length, operation[0]).toBe(expected.length);
      for (const [k, part] of actual.entries()) expectClose(part, expected[k] ?? []);
    }
  },
);

test.skipIf(state.kind !== "ready")(`three optimizer steps agree with the composition${skipped}`, async () => {
  const tf = load();
  const results: number[][][] = [];
  for (const [backend, make] of [
    ["cpu", composedOptimizer],
    ["tensorflow", tensorflowOptimizer],
  ] as const) {
    await tf.setBackend(backend);
    const optimizer = make(tf);
    const variable = (label: string | null) =>
      tf.variable(label === null ? tf.zeros([E, V]) : tf.tensor2d(values(label, E * V), [E, V]));
    const buffers = { parameter: variable("p"), firstMoment: variable(null), secondMoment: variable(null) };
    const sums: number[] = [];
    for (let step = 1; step <= 3; step++) {
      const gradient = tf.tensor2d(values(`g ${step}`, E * V), [E, V]);
      sums.push(optimizer.sumOfSquares(gradient));
      optimizer.adamwStep(
        { ...buffers, gradient },
        {
          learningRate: 0.01,
          beta1: 0.9,
          beta2: 0.95,
          epsilon: 1e-8,
          weightDecay: 0.1,
          biasCorrection1: 1 - 0.9 ** step,
          biasCorrection2: 1 - 0.95 ** step,
          gradientScale: 0.7,
        },
      );
    }
    results.push([sums, ...Object.values(buffers).map((buffer) => [...buffer.dataSync()])]);
  }
  for (const [k, part] of (results[1] ?? []).entries()) expectClose(part, results[0]?.[k] ?? []);
  expect(results).toHaveLength(2);
});
