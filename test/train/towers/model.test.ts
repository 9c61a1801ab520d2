// Towers: what they cost, that recursion only repeats layers, and that the gradient of the loss is that of differences.
import { beforeAll, describe, expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { schemeByName } from "../../../src/scheme/catalogue.js";
import { schemeCost } from "../../../src/scheme/cost.js";
import type { Scheme } from "../../../src/scheme/scheme.js";
import { forwardPerToken, runCost } from "../../../src/scheme/task-cost.js";
import { type Backend, loadBackend } from "../../../src/train/backend.js";
import { initialWeights, named, toParameters, type Weights } from "../../../src/train/parameters.js";
import { toPatches } from "../../../src/train/towers/batches.js";
import { type TowerRun, towerSimilarities, towerSpecs } from "../../../src/train/towers/model.js";
import { lossGradients } from "../loss-gradients.js";

const backends: Record<string, Backend> = {};
beforeAll(async () => {
  for (const name of ["cpu", "wasm"] as const) backends[name] = await loadBackend(name);
});

const task = { kind: "image-text", picture: { side: 4, patch: 2, channels: 3 } } as const;
const shape = { width: 8, layers: 4, heads: 2, context: 3, vocabulary: 11 };
const runOf = (scheme: Scheme): TowerRun => ({ task, scheme, shape, batch: 5 });
const stream = random(9);
const pairs = {
  patches: toPatches(
    Uint8Array.from({ length: 5 * 48 }, () => stream.integer(256)),
    task.picture,
  ),
  captions: Int32Array.from({ length: 15 }, () => stream.integer(11)),
};

describe("accounting, worked by hand at width 8, 4 + 4 layers, 4 patches of 12 numbers, 3 tokens of 11, batch 5", () => {
  test("the baseline", () => {
    const { parameters, parametersByGroup, flopsPerToken, costFactor } = runCost(runOf(schemeByName("baseline")));
    expect(parametersByGroup).toEqual({
      embedding: 12 * 8 + 4 * 8 + (11 * 8 + 3 * 8),
      blocks: 2 * 4 * (12 * 64 + 16),
      adapters: 0,
      head: 2 * (8 + 64) + 2,
    });
    expect(parameters).toBe(128 + 112 + 6272 + 146);
    // A layer and position 24·64 = 1536 and 4·8·T; patches 2·12·8 each; heads 2·64; a row of the loss matrix 2·5·8.
    const image = 4 * (4 * (1536 + 32 * 4) + 192) + 128;
    const text = 3 * (4 * (1536 + 32 * 3)) + 128;
    expect(flopsPerToken).toBeCloseTo((3 * (image + text + 80)) / 7, 9);
    expect(costFactor).toBe(1);
  });

  test("recursion in one tower costs that tower's layers, in both the sum of both", () => {
    const example = (scheme: Scheme) => 7 * forwardPerToken(runOf(scheme));
    const plain = example(schemeByName("baseline"));
    const image = example(schemeByName("rins-3", { tower: "image" })) - plain;
    const text = example(schemeByName("rins-3", { tower: "text" })) - plain;
    expect(image).toBeCloseTo(4 * 4 * (1536 + 32 * 4), 6); // two more rounds of two layers at four positions
    expect(text).toBeCloseTo(3 * 4 * (1536 + 32 * 3), 6);
    expect(example(schemeByName("rins-3")) - plain).toBeCloseTo(image + text, 6);
    for (const tower of ["image", "text"] as const) {
      const { parameters } = runCost(runOf(schemeByName("rins-3", { tower })));
      expect(parameters).toBe(runCost(runOf(schemeByName("baseline"))).parameters);
    }
    const adapted = schemeByName("rins-2", { skipProbability: 0.5, adapters: true, tower: "text" });
    expect(runCost(runOf(adapted)).parametersByGroup.adapters).toBe(2 * 64);
    // 1.5 rounds in the mean.
    const round = 3 * 2 * (1536 + 32 * 3);
    const adapter = 3 * 2 * 64;
    expect((runCost(runOf(adapted)).flopsPerToken * 7) / 3).toBeCloseTo(plain + 0.5 * round + adapter, 6);
  });

  test("classes and language", () => {
    const classes = { kind: "image-class", data: "mnist", picture: { side: 4, patch: 2, channels: 1 } } as const;
    const at = { width: 8, layers: 4, heads: 2, context: 4, vocabulary: 10 };
    const cost = runCost({ task: classes, scheme: schemeByName("baseline"), shape: at, batch: 5 });
    expect(cost.parameters).toBe(4 * 8 + 4 * 8 + 4 * (12 * 64 + 16) + 8 + 80);
    expect(cost.flopsPerToken).toBeCloseTo((3 * (4 * (4 * (1536 + 32 * 4) + 64) + 160)) / 4, 9);
    const language = { scheme: schemeByName("rins-2"), shape, batch: 5 };
    expect(runCost(language)).toEqual(schemeCost(language.scheme, shape));
  });
});

function similaritiesOf(backend: Backend, run: TowerRun, weights: Weights, rounds?: number): number[] {
  const parameters = toParameters(backend.tf, towerSpecs(run), weights);
  const values = backend.tf.tidy(() => [...towerSimilarities(backend, parameters, pairs, run, rounds).dataSync()]);
  backend.tf.dispose(Object.values({ ...parameters.matrices, ...parameters.vectors }));
  return values;
}

const named2 = (name: "cpu" | "wasm"): Backend => {
  const backend = backends[name];
  if (backend === undefined) throw new Error(name);
  return backend;
};

test.each(["image", "text"] as const)(
  "recursion in the %s tower is that tower unrolled, the other as it is",
  async (tower) => {
    const backend = named2("wasm");
    await backend.tf.setBackend("wasm");
    const recursive = runOf(schemeByName("rins-2", { tower }));
    const weights = initialWeights(towerSpecs(recursive), 5);
    const got = similaritiesOf(backend, recursive, weights);
    // Layers 0 1 0 1 2 3 as a plain stack of six; the other tower's two layers more add nothing to the stream.
    const order = [0, 1, 0, 1, 2, 3];
    const single: Scheme = {
      ...schemeByName("baseline"),
      signature: { steps: [{ kind: "block", block: 0, rounds: 1 }] },
      blockSizes: [1],
    };
    const deeper: TowerRun = { ...recursive, scheme: single, shape: { ...shape, layers: 6 } };
    const other = tower === "image" ? "text" : "image";
    const start = initialWeights(towerSpecs(deeper), 5);
    const part = (name: string) => /layer\.(\d+)\.(.*)$/.exec(name);
    const unrolled = Object.fromEntries(
      Object.entries(start).map(([name, values]) => {
        const found = part(name);
        if (found === null) return [name, named(weights, name)];
        const [, index = "", rest] = found;
        if (name.startsWith(`${tower}.`))
          return [name, named(weights, `${tower}.layer.${order[Number(index)]}.${rest}`)];
        if (Number(index) < 4) return [name, named(weights, name)];
        return [name, /output|down/.test(name) ? new Float32Array(values.length) : values];
      }),
    );
    expect(other).not.toBe(tower);
    const want = similaritiesOf(backend, deeper, unrolled);
    expect(got).toEqual(want);
    const plain = similaritiesOf(backend, runOf(schemeByName("baseline")), weights);
    expect(got).not.toEqual(plain);
    expect(similaritiesOf(backend, recursive, weights, 1)).toEqual(plain);
  },
);

test("similarities are cosines, the same on both backends", async () => {
  const run = runOf(schemeByName("rins-2"));
  const weights = initialWeights(towerSpecs(run), 5);
  const values: number[][] = [];
  for (const name of ["cpu", "wasm"] as const) {
    await named2(name).tf.setBackend(name);
    values.push(similaritiesOf(named2(name), run, weights));
  }
  values[0]?.forEach((value, i) => {
    expect(Math.abs(value)).toBeLessThan(1);
    expect(values[1]?.[i]).toBeCloseTo(value, 5);
  });
});

test.each(["cpu", "wasm"] as const)(
  "the gradient of the sigmoid loss is that of central differences (%s)",
  async (name) => {
    const backend = named2(name);
    const { tf, operations } = backend;
    await tf.setBackend(name);
    const run = runOf(schemeByName("rins-2", { adapters: true, tower: "text" }));
    const specs = towerSpecs(run);
    const start = initialWeights(specs, 5);
    const noise = random("direction");
    const weights = Object.fromEntries(
      Object.entries(start).map(([key, values]) => [key, values.map((value) => value + 0.2 * (noise.uniform() - 0.5))]),
    );
    const lossAt = (at: Weights) =>
      lossGradients(backend, specs, at, (parameters) =>
        operations.meanSigmoidLoss(
          towerSimilarities(backend, parameters, pairs, run),
          named(parameters.vectors, "logit.scale"),
          named(parameters.vectors, "logit.bias"),
        ),
      );
    const { gradients } = lossAt(weights);
    for (const { name: key } of specs) {
      const gradient = gradients.get(key);
      if (gradient === undefined) {
        expect(key).toBe("text.adapter.1"); // Two rounds take the second adapter.
        continue;
      }
      const norm = Math.sqrt(Array.from(gradient).reduce((sum, value) => sum + value * value, 0));
      const h = Math.min(0.006, 0.03 / norm); // the rise is what single precision resolves, the rest of fourth order
      const moved = (k: number): Weights => ({
        ...weights,
        [key]: named(weights, key).map((value, i) => value + (k * h * (gradient[i] ?? 0)) / norm),
      });
      const rise = (k: number) => lossAt(moved(k)).loss - lossAt(moved(-k)).loss;
      const slope = (8 * rise(1) - rise(2)) / (12 * h);
      expect(Math.abs(slope / norm - 1), `${key}: slope ${slope}, norm ${norm}`).toBeLessThan(1e-3);
    }
  },
);
