// β and γ against sequences whose decay is known: runs of bytes whose lengths follow a power law, a two-state chain whose
// correlation is exactly λ^n, independent bytes, and surprisals that fall as a chosen power.
import { expect, test } from "vitest";
import { InputError } from "../../src/base/errors.js";
import { random } from "../../src/base/random.js";
import { correlationDecay, entropyDecay } from "../../src/fractal/predictability.js";
import { lineThrough } from "../../src/fractal/scales.js";

/** Runs of one byte, the length of a run L ≥ l with probability l^−(1+β): bytes n apart agree beyond chance ~ n^−β. */
function renewal(length: number, beta: number, seed: string): Uint8Array {
  const stream = random(seed);
  const bytes = new Uint8Array(length);
  // Started in the steady state by throwing away as much again as is kept.
  let left = 0;
  let byte = 0;
  for (let t = -length; t < length; t++) {
    if (left === 0) {
      left = Math.max(1, Math.floor((1 - stream.uniform()) ** (-1 / (1 + beta))));
      byte = stream.integer(4);
    }
    left--;
    if (t >= 0) bytes[t] = byte;
  }
  return bytes;
}

/** ‖C(n)‖ of `renewal`: Σ_{l > n} l^−(1+β) / Σ_l l^−(1+β) for one run, times √(4 · (3/16)² + 12 · (1/16)²) of four bytes. */
function exactNorm(n: number, beta: number): number {
  let [all, beyond] = [0, 0];
  for (let l = 1_000_000; l >= 1; l--) {
    all += l ** -(1 + beta);
    if (l > n) beyond += l ** -(1 + beta);
  }
  return ((beyond / all) * Math.sqrt(48)) / 16;
}

test.each([1.5, 2])("a renewal sequence has the correlations and the β = %f that it was made with", (beta) => {
  const documents = Array.from({ length: 64 }, (_, d) => renewal(60_000, beta, `renewal ${beta} ${d}`));
  const { exponent, interval, points } = correlationDecay(documents, { from: 2, to: 8, level: 0.95 });
  // Farther out a handful of long runs decides, and the figure says nothing.
  for (const { at, value } of points) {
    expect(Math.abs((value ?? 0) / exactNorm(at, beta) - 1), `at ${at}`).toBeLessThan(0.1);
  }
  const x = points.map(({ at }) => Math.log(at));
  const exact = -lineThrough(
    x,
    points.map(({ at }) => Math.log(exactNorm(at, beta))),
  ).slope;
  expect(Math.abs((exponent ?? Number.NaN) - exact)).toBeLessThan(0.05);
  expect(interval?.lower).toBeLessThan(exact);
  expect(interval?.upper).toBeGreaterThan(exact);
});

test("the norm of a two-state chain is λ^n/2, and that of independent bytes is noise", () => {
  const stream = random("chain");
  let state = 0;
  const chain = Uint8Array.from({ length: 400_000 }, () => {
    if (stream.uniform() < 0.1) state = 1 - state;
    return state;
  });
  // Four entries of ± λ^n / 4 with λ = 1 − 2 · 0.1.
  const { points } = correlationDecay([chain], { from: 2, to: 8, level: 0.95 });
  for (const { at, value } of points) expect(Math.abs((value ?? 0) / (0.8 ** at / 2) - 1)).toBeLessThan(0.05);

  const bytes = Uint8Array.from({ length: 200_000 }, () => stream.integer(64));
  const none = correlationDecay([bytes], { from: 8, to: 128, level: 0.95 });
  expect(none.exponent).toBeNull();
  expect(none.points.every(({ value }) => value === null)).toBe(true);
});

test("γ of surprisals that fall as n^−γ, and its interval over blocks of documents", () => {
  const stream = random("entropy");
  const documents = Array.from({ length: 64 }, (_, d) => ({
    document: `d${d}`,
    group: "g",
    values: Array.from({ length: 300 }, (_, t) => 3 * (t + 1) ** -0.2 * (0.5 + stream.uniform())),
  }));
  const { exponent, interval, points } = entropyDecay(documents, { from: 4, context: 256, level: 0.95 });
  expect(Math.abs((exponent ?? Number.NaN) - 0.2)).toBeLessThan(0.02);
  expect(interval?.lower).toBeLessThan(0.2);
  expect(interval?.upper).toBeGreaterThan(0.2);
  expect(Math.max(...points.map(({ at }) => at))).toBeLessThan(256);
});

test("text shorter than the separations is refused with the remedy", () => {
  expect(() => correlationDecay([new Uint8Array(50)], { from: 8, to: 128, level: 0.95 })).toThrow(InputError);
  expect(() => correlationDecay([new Uint8Array(50)], { from: 8, to: 128, level: 0.95 })).toThrow(
    /more than 128 bytes/,
  );
});
