import { beforeAll, expect, test } from "vitest";
import { type Backend, loadBackend } from "../../src/train/backend.js";
import { adamw, initialOptimizerState } from "../../src/train/optimizer.js";
import type { ParameterSpec } from "../../src/train/parameters.js";
import { toParameters } from "../../src/train/parameters.js";

let backends: readonly Backend[];
beforeAll(async () => {
  backends = [await loadBackend("cpu")];
});

const init = { kind: "constant", value: 0 } as const;
const specs: readonly ParameterSpec[] = [
  { name: "matrix", group: "blocks", shape: [1, 2], init },
  { name: "gain", group: "blocks", shape: [1], init },
];
const settings = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 10 };
const weights = { matrix: Float32Array.of(1, -2), gain: Float32Array.of(0.5) };

function trained(backend: Backend, steps: readonly (readonly number[])[], rate: number, clipNorm = settings.clipNorm) {
  const { tf } = backend;
  const parameters = toParameters(tf, specs, weights);
  const optimizer = adamw(backend, specs, parameters, initialOptimizerState(specs, weights), { ...settings, clipNorm });
  const [matrix, gain] = [parameters.matrices.matrix, parameters.vectors.gain];
  if (matrix === undefined || gain === undefined) throw new Error("two tensors");
  const norms = steps.map(([a = 0, b = 0, c]) =>
    tf.tidy(() => {
      const gradients = { [matrix.name]: tf.tensor2d([[a, b]]) };
      return optimizer.step(c === undefined ? gradients : { ...gradients, [gain.name]: tf.tensor1d([c]) }, rate);
    }),
  );
  const result = {
    norms,
    matrix: [...matrix.dataSync()],
    gain: [...gain.dataSync()],
    decays: optimizer.state().decays,
  };
  optimizer.dispose();
  tf.dispose([matrix, gain]);
  return result;
}

test("the first step moves every entry by the rate, decay on the matrix alone", () => {
  // m̂ = g, v̂ = g², so the step is sign(g)·rate; the matrix also loses rate·0.1 of itself.
  for (const backend of backends) {
    const { matrix, gain, norms } = trained(backend, [[3, -4, 12]], 0.01, 100);
    expect(norms).toEqual([13]);
    expect(matrix[0]).toBeCloseTo(1 - 0.01 - 0.001, 6);
    expect(matrix[1]).toBeCloseTo(-2 + 0.01 + 0.002, 6);
    expect(gain[0]).toBeCloseTo(0.5 - 0.01, 6);
  }
});

test("two hand-worked steps", () => {
  // Gain, g = 1 then g = −2. m: .1, −.11; v: .05, .2475. Corrections: 1 − .9² = .19, 1 − .95² = .0975.
  // Step 1: 1/√1. Step 2: (−.11/.19)/√(.2475/.0975) = −.578947/1.593255 = −.363374.
  for (const backend of backends) {
    const { gain } = trained(
      backend,
      [
        [0, 0, 1],
        [0, 0, -2],
      ],
      0.1,
    );
    expect(gain[0]).toBeCloseTo(0.5 - 0.1 + 0.0363374, 6);
  }
});

test("the clip scales all gradients by one factor, which AdamW's first step does not see", () => {
  for (const backend of backends) {
    // Second step: same direction, twice the size, but clipped to the same norm 1 as the first: m̂/√v̂ stays ±1.
    const { matrix, norms } = trained(
      backend,
      [
        [3, -4],
        [6, -8],
      ],
      0.01,
      1,
    );
    expect(norms).toEqual([5, 10]);
    const [first, second] = [1 - 0.01 - 0.001, -2 + 0.01 + 0.002];
    expect(matrix[0]).toBeCloseTo(first - 0.01 - 0.001 * first, 6);
    expect(matrix[1]).toBeCloseTo(second + 0.01 - 0.001 * second, 6);
  }
});

test("a parameter without a gradient is left alone, its bias correction too", () => {
  for (const backend of backends) {
    const { gain, decays } = trained(
      backend,
      [
        [1, 1],
        [1, 1, 5],
      ],
      0.1,
    );
    expect(gain[0]).toBeCloseTo(0.4, 6);
    expect(decays.gain).toEqual([0.9, 0.95]);
    expect(decays.matrix?.[0]).toBeCloseTo(0.81, 12);
  }
});
