// The rounds for a budget: against the law itself, and with noise that leaves nothing to tell.
import { expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import type { Observations } from "../../src/curve/observations.js";
import { chooseRounds } from "../../src/forecast/rounds-choice.js";

const passed = (rounds: number) => 1e5 + 1e5 * rounds;
const loss = (rounds: number, tokens: number) => 2 + 30 * passed(rounds) ** -0.3 + 300 * tokens ** -0.35;

function runs(noise: number): Observations {
  const stream = random(4);
  const cells = [1, 2, 4, 8].flatMap((rounds) => [1e7, 3e7, 1e8, 3e8, 1e9].map((tokens) => [rounds, tokens] as const));
  return {
    group: {},
    x: [
      Float64Array.from(cells, ([rounds]) => rounds),
      Float64Array.from(cells, ([, tokens]) => tokens),
      Float64Array.from(cells, ([rounds, tokens]) => 6 * passed(rounds) * tokens),
    ],
    loss: Float64Array.from(cells, ([rounds, tokens]) => loss(rounds, tokens) * Math.exp(noise * stream.normal())),
    standardError: null,
    run: null,
    pair: null,
    decayed: null,
    excluded: [],
  };
}

test("noiseless: the best number of rounds by trying all of them on the law", () => {
  const budgets = [1e13, 1e14, 3e14, 1e15];
  const { at, switches } = chooseRounds(runs(0), budgets);
  for (const [i, budget] of budgets.entries()) {
    const tried = [1, 2, 3, 4, 5, 6, 7, 8].map((rounds) => ({
      rounds,
      loss: loss(rounds, budget / (6 * passed(rounds))),
    }));
    const best = tried.reduce((a, b) => (b.loss < a.loss ? b : a));
    expect(at[i]?.rounds).toBe(best.rounds);
  }
  // Where 1 and 2 rounds cost the same, by bisection on the law.
  let [low, high] = [1e13, 1e14];
  for (let i = 0; i < 60; i++) {
    const middle = Math.sqrt(low * high);
    if (loss(1, middle / (6 * passed(1))) < loss(2, middle / (6 * passed(2)))) low = middle;
    else high = middle;
  }
  expect((switches[0]?.flops ?? 0) / low).toBeCloseTo(1, 1);
});

test("with noise as large as what rounds gain, several numbers are alike and it is said", () => {
  const { at, sentences } = chooseRounds(runs(0.01), [3e14]);
  expect(at[0]?.alike.length).toBeGreaterThan(1);
  expect(sentences[0]).toMatch(/the data cannot tell .* apart/);
});

test("two numbers of rounds are too few", () => {
  const all = runs(0);
  const kept = Array.from(all.loss.keys()).filter((i) => (all.x[0]?.[i] ?? 0) <= 2);
  const pick = (column: Float64Array) => Float64Array.from(kept, (i) => column[i] ?? Number.NaN);
  expect(() => chooseRounds({ ...all, x: all.x.map(pick), loss: pick(all.loss) }, [1e14])).toThrow(
    /at least 3 numbers of rounds must be trained, got 1, 2; train more/,
  );
});
