import { beforeAll, describe, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { applications, layerOrder } from "../../src/scheme/applications.js";
import { CATALOGUE, schemeByName } from "../../src/scheme/catalogue.js";
import type { Scheme } from "../../src/scheme/scheme.js";
import { type Backend, loadBackend } from "../../src/train/backend.js";
import { forward, parameterSpecs } from "../../src/train/model.js";
import { initialWeights, named, size, toParameters, type Weights } from "../../src/train/parameters.js";
import { latentStart } from "../../src/train/stack.js";
import { lossGradients } from "./loss-gradients.js";

const shape = { width: 8, layers: 12, heads: 2, context: 6, vocabulary: 11 };
const batch = 2;
const ids = Int32Array.from({ length: batch * shape.context }, (_, i) => (7 * i + 3) % shape.vocabulary);

let cpu: Backend;
let wasm: Backend;
beforeAll(async () => {
  cpu = await loadBackend("cpu");
  wasm = await loadBackend("wasm");
});

function logits(backend: Backend, scheme: Scheme, weights: Weights, layers: number, rounds?: number): number[] {
  const { tf } = backend;
  const at = { ...shape, layers };
  const parameters = toParameters(tf, parameterSpecs(scheme, at), weights);
  const values = tf.tidy(() => [
    ...forward(backend.operations, parameters, tf.tensor1d(ids, "int32"), {
      shape: at,
      scheme,
      applications: applications(scheme, rounds),
      batch,
      latentStart: () => tf.tensor2d(latentStart(ids.length, at.width, random("noise")), [ids.length, at.width]),
    }).dataSync(),
  ]);
  tf.dispose(Object.values({ ...parameters.matrices, ...parameters.vectors }));
  return values;
}

/** A plain stack whose layers are copies, by hand, of the layers that a recursive model applies one after another. */
function unrolled(weights: Weights, order: readonly number[]): Weights {
  const parts = ["attention.norm", "attention.qkv", "attention.output", "mlp.norm", "mlp.up", "mlp.down"];
  const copies = order.flatMap((from, to) =>
    parts.map((part) => [`layer.${to}.${part}`, named(weights, `layer.${from}.${part}`)] as const),
  );
  const rest = ["embedding", "head.norm", "head.output"].map((name) => [name, named(weights, name)] as const);
  return Object.fromEntries([...rest, ...copies]);
}

const plain = schemeByName("baseline");
const unrollable = CATALOGUE.map(({ scheme }) => scheme).filter(
  ({ rounds, adapters, reinjection }) => rounds.kind === "fixed" && !adapters && !reinjection,
);

describe.each(unrollable.map((scheme) => ({ name: scheme.name, scheme })))("$name", ({ scheme }) => {
  test("gives the logits of the plain stack it unrolls to", async () => {
    await wasm.tf.setBackend("wasm");
    const weights = initialWeights(parameterSpecs(scheme, shape), 5);
    const order = layerOrder(scheme, shape.layers);
    const got = logits(wasm, scheme, weights, shape.layers);
    const single: Scheme = {
      ...plain,
      signature: { steps: [{ kind: "block", block: 0, rounds: 1 }] },
      blockSizes: [1],
    };
    const want = logits(wasm, single, unrolled(weights, order), order.length);
    expect(got).toEqual(want);
    expect(new Set(got).size).toBeGreaterThan(got.length / 2);
  });
});

test("one round of a stochastic model with untrained adapters is the baseline's forward pass", async () => {
  await wasm.tf.setBackend("wasm");
  const scheme = schemeByName("rins-3", { skipProbability: 0.5, adapters: true });
  const weights = initialWeights(parameterSpecs(scheme, shape), 5);
  expect(logits(wasm, scheme, weights, shape.layers, 1)).toEqual(logits(wasm, plain, weights, shape.layers));
  expect(logits(wasm, scheme, weights, shape.layers, 2)).not.toEqual(logits(wasm, plain, weights, shape.layers));
});

test("re-injection is h ← RMSNorm(h)·g + a before each round, worked by hand where the block is the identity", async () => {
  await wasm.tf.setBackend("wasm");
  const two = { ...shape, layers: 2 };
  const scheme = schemeByName("reinjected-2");
  const start = initialWeights(parameterSpecs(scheme, two), 5);
  const gain = Float32Array.from({ length: shape.width }, (_, i) => 0.5 + i / 7);
  // Without its two output maps layer 0, the block A, adds nothing to the stream.
  const silent = (name: string) => [name, new Float32Array(named(start, name).length)] as const;
  const weights = {
    ...start,
    "reinjection.norm": gain,
    ...Object.fromEntries([silent("layer.0.attention.output"), silent("layer.0.mlp.down")]),
  };
  const normed = (row: Float32Array) => {
    const scale = 1 / Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / row.length + 1e-6);
    return row.map((value, i) => value * scale * (gain[i] ?? Number.NaN));
  };
  const round = (row: Float32Array, a: Float32Array) => normed(row).map((value, i) => value + (a[i] ?? Number.NaN));
  const embedding = named(start, "embedding");
  const twice = Float32Array.from({ length: shape.vocabulary }, (_, id) => id).reduce<number[]>((all, id) => {
    const a = embedding.subarray(id * shape.width, (id + 1) * shape.width);
    return all.concat(...round(round(a, a), a));
  }, []);
  const got = logits(wasm, scheme, weights, 2);
  const want = logits(wasm, plain, { ...weights, embedding: Float32Array.from(twice) }, 2);
  got.forEach((value, i) => {
    expect(value).toBeCloseTo(want[i] ?? Number.NaN, 4);
  });
  expect(logits(wasm, plain, weights, 2)).not.toEqual(want);
});

test("all schemes of a seed start from the same numbers, of the stated size", () => {
  const specs = parameterSpecs(plain, shape);
  const weights = initialWeights(specs, 5);
  const other = initialWeights(parameterSpecs(schemeByName("rins-3", { adapters: true }), shape), 5);
  for (const { name } of specs) expect(named(other, name)).toEqual(named(weights, name));
  expect(initialWeights(specs, 6).embedding).not.toEqual(weights.embedding);
  for (const spec of specs) {
    if (spec.init.kind !== "uniform" || size(spec) < 80) continue;
    const values = named(weights, spec.name);
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    // The mean square of n uniform numbers has relative deviation √(4/5n): four of them.
    expect(Math.abs(deviation / spec.init.deviation - 1)).toBeLessThan(2 * Math.sqrt(0.8 / values.length));
  }
});

test.each([
  ["cpu", schemeByName("rins-2", { adapters: true })],
  ["wasm", schemeByName("rins-2", { adapters: true })],
  ["wasm", schemeByName("reinjected-2")],
] as const)("the gradient of the loss is that of central differences (%s, $name)", async (name, scheme) => {
  const backend = name === "cpu" ? cpu : wasm;
  const { tf, operations } = backend;
  await tf.setBackend(name);
  const at = { ...shape, layers: 2 };
  const specs = parameterSpecs(scheme, at);
  const start = initialWeights(specs, 5);
  // Adapters start at zero: moved, so that their gradient is put to the test too.
  const stream = random("direction");
  const weights = Object.fromEntries(
    Object.entries(start).map(([key, values]) => [key, values.map((value) => value + 0.2 * (stream.uniform() - 0.5))]),
  );
  const next = Int32Array.from(ids, (id) => (id + 4) % shape.vocabulary);
  const lossAt = (at_: Weights) =>
    lossGradients(backend, specs, at_, (parameters) =>
      operations.meanCrossEntropy(
        forward(operations, parameters, tf.tensor1d(ids, "int32"), {
          shape: at,
          scheme,
          applications: applications(scheme),
          batch,
          latentStart: () => tf.zeros([ids.length, at.width]),
        }),
        tf.tensor1d(next, "int32"),
      ),
    );
  const { gradients } = lossAt(weights);
  for (const { name: key } of specs) {
    const gradient = gradients.get(key);
    if (gradient === undefined) {
      expect(key).toBe("adapter.1"); // Two rounds take the second adapter.
      continue;
    }
    // Along the gradient's own direction the slope is its norm, which single precision resolves.
    const norm = Math.sqrt(Array.from(gradient).reduce((sum, value) => sum + value * value, 0));
    const h = 0.006;
    const moved = (k: number): Weights => ({
      ...weights,
      [key]: named(weights, key).map((value, i) => value + (k * h * (gradient[i] ?? 0)) / norm),
    });
    const rise = (k: number) => lossAt(moved(k)).loss - lossAt(moved(-k)).loss;
    const slope = (8 * rise(1) - rise(2)) / (12 * h); // fourth order
    expect(Math.abs(slope / norm - 1), `${key}: slope ${slope}, norm ${norm}`).toBeLessThan(1e-3);
  }
});
