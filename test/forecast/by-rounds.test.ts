// The law by rounds: forms found again in data that were made with them, the choice by points kept out, and refusals.
import { expect, test } from "vitest";
import { InputError } from "../../src/base/errors.js";
import { random } from "../../src/base/random.js";
import { observe } from "../../src/curve/observe.js";
import { tableOf } from "../../src/curve/table.js";
import { lawByRounds } from "../../src/forecast/by-rounds.js";

const TOKENS = [1e6, 2e6, 4e6, 8e6, 16e6, 32e6, 64e6];

/** Three seeds a number of rounds, noise of .05%. */
function made(limit: (r: number) => number, exponent: (r: number) => number, noise = 5e-4) {
  const stream = random("by rounds");
  const runs = [1, 2, 3, 4].flatMap((rounds) =>
    [1, 2, 3].flatMap((seed) =>
      TOKENS.map((tokens) => ({
        rounds,
        run: `${rounds} ${seed}`,
        tokens,
        loss: (limit(rounds) + 300 * tokens ** -exponent(rounds)) * (1 + noise * stream.normal()),
      })),
    ),
  );
  const [group] = observe(tableOf("made", runs), ["rounds", "tokens"]).groups;
  if (group === undefined) throw new Error("no group");
  return group;
}

test.each([
  ["nothing by rounds", () => 2, () => 0.4],
  ["E log-linear", (r: number) => 2 - 0.15 * Math.log(r), () => 0.4],
  ["c log-linear", () => 2, (r: number) => 0.38 + 0.03 * Math.log(r)],
  ["E free", (r: number) => [2, 1.7, 1.95, 1.6][r - 1] ?? 2, () => 0.4],
  ["c free", () => 2, (r: number) => [0.38, 0.43, 0.39, 0.44][r - 1] ?? 0.4],
] as const)("%s is what was made, and what is chosen", (name, limit, exponent) => {
  const { chosen, forecasts, forms, cuts } = lawByRounds(made(limit, exponent), [640e6]);
  expect(chosen.name).toBe(name);
  expect(cuts).toBe(3);
  for (const { rounds, at } of forecasts) {
    const truth = limit(rounds) + 300 * 640e6 ** -exponent(rounds);
    expect(Math.abs((at[0]?.loss ?? 0) / truth - 1), `${rounds} rounds`).toBeLessThan(5e-3);
  }
  const score = (form: string) => forms.find((one) => one.name === form)?.score ?? Number.NaN;
  expect(score(name)).toBeLessThan(2e-3);
  if (name !== "nothing by rounds") expect(score("nothing by rounds")).toBeGreaterThan(3 * score(name));
});

test("the slopes of the chosen form are those of the data", () => {
  const { chosen } = lawByRounds(
    made(
      (r) => 2 - 0.15 * Math.log(r),
      () => 0.4,
    ),
    [],
  );
  const slope = chosen.fit.shared["limit:log(rounds)"];
  expect(slope?.interval?.lower).toBeLessThan(-0.15);
  expect(slope?.interval?.upper).toBeGreaterThan(-0.15);
  expect(Math.abs((slope?.estimate ?? 0) + 0.15)).toBeLessThan(0.01);
});

test("one number of rounds, or two budgets, is refused with the remedy", () => {
  const group = (rounds: readonly number[], tokens: readonly number[]) => {
    const runs = rounds.flatMap((r) => tokens.map((d) => ({ rounds: r, tokens: d, loss: 2 + 300 * d ** -0.4 })));
    const [found] = observe(tableOf("made", runs), ["rounds", "tokens"]).groups;
    if (found === undefined) throw new Error("no group");
    return found;
  };
  expect(() => lawByRounds(group([2], TOKENS), [])).toThrow(InputError);
  expect(() => lawByRounds(group([2], TOKENS), [])).toThrow(/at least two numbers of rounds, got 2; give runs/);
  expect(() => lawByRounds(group([1, 2], [1e6, 2e6, 4e6, 8e6]), [])).toThrow(
    /5 token counts or more at every number of rounds, got 4;/,
  );
});
