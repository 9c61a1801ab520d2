// Best splits against published numbers and numbers worked by hand.
import { expect, test } from "vitest";
import { SIX_N_D } from "../../src/forecast/compute-rule.js";
import {
  type Constants,
  cheapestForLoss,
  exponentsOf,
  goldenSection,
  lossAt,
  optimumFor,
  repeatedLoss,
  splitAt,
  trainingOptimum,
} from "../../src/forecast/optimum.js";
import { CHINCHILLA } from "./grids.js";

test("Chinchilla at 5.76e23: eq. 4 of arXiv 2203.15556 worked by hand", () => {
  // G = (.34·406.4/(.28·410.7))^(1/.62) = 1.3447; N* = G·(9.6e22)^(.28/.62), D* = (9.6e22)/N*.
  const hand = 1.344716 * 9.6e22 ** (0.28 / 0.62);
  const { parameters, tokens } = trainingOptimum(CHINCHILLA, SIX_N_D, 5.76e23);
  expect(parameters / hand).toBeCloseTo(1, 5);
  expect((6 * parameters * tokens) / 5.76e23).toBeCloseTo(1, 12);
  const { parameters: a, tokens: b } = exponentsOf(CHINCHILLA, SIX_N_D);
  expect([a.toFixed(3), b.toFixed(3)]).toEqual(["0.452", "0.548"]);
});

test("Chinchilla's rounded constants at 1e21, and what a half and a quarter of the best size cost", () => {
  const { parameters, tokens, loss } = trainingOptimum(CHINCHILLA, SIX_N_D, 1e21);
  expect([parameters.toPrecision(4), tokens.toPrecision(4), loss.toFixed(5)]).toEqual([
    "1.824e+9",
    "9.136e+10",
    "2.32888",
  ]);
  for (const [part, times] of [
    [2, "1.21"],
    [4, "2.89"],
  ] as const) {
    // The FLOPs at which this size reaches the loss, by bisection on the surface alone.
    let [low, high] = [0, 5];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      const size = parameters / part;
      if (lossAt(CHINCHILLA, size, (10 ** middle * 1e21) / (6 * size)) > loss) low = middle;
      else high = middle;
    }
    expect((10 ** low).toFixed(2)).toBe(times);
  }
});

test("a golden section along the budget ends where the closed form does, under measured FLOPs too", () => {
  const rule = { kind: "column", factor: 9.3, power: 0.95, misfit: 0 } as const;
  const best = trainingOptimum(CHINCHILLA, rule, 3e20);
  const loss = (logN: number) => splitAt(CHINCHILLA, rule, 3e20, { kind: "training" }, Math.exp(logN)).loss;
  expect(goldenSection(loss, 10, 35)).toBeCloseTo(Math.log(best.parameters), 6);
});

test("Sardana et al. 2024: 13 B quality for 2e12 served tokens, 7 B saves 1.7e22 FLOPs or 17%", () => {
  const saving = (law: Constants) => {
    const tokens = ((law.beta * law.B * 13e9 ** law.alpha) / (law.alpha * law.A)) ** (1 / law.beta);
    const loss = lossAt(law, 13e9, tokens);
    const cost = (parameters: number, seen: number) => 6 * parameters * seen + 2 * parameters * 2e12;
    const seen = ((loss - law.E - law.A * 7e9 ** -law.alpha) / law.B) ** (-1 / law.beta);
    const saved = cost(13e9, tokens) - cost(7e9, seen);
    return { saved, share: saved / cost(13e9, tokens), best: cheapestForLoss(law, SIX_N_D, loss, 2e12) };
  };
  const exact = saving({ ...CHINCHILLA, alpha: 0.336, beta: 0.283 });
  expect(exact.saved.toPrecision(2)).toBe("1.7e+22");
  expect(exact.share.toFixed(2)).toBe("0.17");
  // The published 7 B is the best size, to the digit.
  expect((exact.best?.parameters ?? 0) / 1e9).toBeCloseTo(7, 1);
  // Constants rounded to two digits nearly halve the saving: precision matters.
  expect(saving(CHINCHILLA).share).toBeGreaterThan(0.085);
  expect(saving(CHINCHILLA).share).toBeLessThan(0.105);
});

test("no served tokens, and more unique ones than can be read, change nothing", () => {
  const plain = trainingOptimum(CHINCHILLA, SIX_N_D, 1e21);
  const served = optimumFor(CHINCHILLA, SIX_N_D, 1e21, { kind: "served", tokens: 1 });
  const unique = optimumFor(CHINCHILLA, SIX_N_D, 1e21, { kind: "unique", tokens: 1e16 });
  for (const { parameters } of [served, unique]) expect(parameters / plain.parameters).toBeCloseTo(1, 6);
  expect(optimumFor(CHINCHILLA, SIX_N_D, 1e21, { kind: "served", tokens: 1e12 }).parameters).toBeLessThan(
    plain.parameters,
  );
});

test("Muennighoff et al. 2023: effective tokens and parameters of repeated data", () => {
  // arXiv 2305.16264: a 6.255414, b 7.3049974, e .6254804 (logs of A, B, E), α = β = .3526596.
  const law: Constants = {
    E: Math.exp(0.6254804),
    A: Math.exp(6.255414),
    B: Math.exp(7.3049974),
    alpha: 0.3526596,
    beta: 0.3526596,
  };
  // Their §6: at four epochs the loss is nearly that of unique data, at 40 repeats are worth nothing more.
  const [unique, small] = [1e11, 1e9];
  const fresh = lossAt(law, small, 4 * unique);
  expect(repeatedLoss(law, SIX_N_D, unique, small, 4 * unique) / fresh - 1).toBeLessThan(0.002);
  // Limit: R_D → ∞ makes D' = U·(1 + R_D*) = 16.387756·U.
  expect(repeatedLoss(law, SIX_N_D, unique, small, 1e6 * unique)).toBeCloseTo(
    lossAt(law, small, 16.387756 * unique),
    9,
  );
  // One epoch's repeats, worked by hand: 1 + 15.387756·(1 − e^(−1/15.387756)) = 1.968196.
  expect(repeatedLoss(law, SIX_N_D, unique, small, 2 * unique)).toBeCloseTo(lossAt(law, small, 1.968196 * unique), 6);
  // Data-constrained, the excess goes to epochs rather than to size (their §5).
  const free = trainingOptimum(law, SIX_N_D, 1e22);
  const bound = optimumFor(law, SIX_N_D, 1e22, { kind: "unique", tokens: free.tokens / 10 });
  expect(bound.parameters).toBeLessThan(free.parameters);
});
