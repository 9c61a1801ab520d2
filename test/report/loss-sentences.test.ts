// What is said of losses, held against laws that were chosen: the budget where they cross, who catches up, who is ahead.
import { expect, test } from "vitest";
import { signedDecimal } from "../../src/base/format.js";
import { random } from "../../src/base/random.js";
import { analyse } from "../../src/report/analysis.js";
import { lossDifferences } from "../../src/report/answer.js";
import { gapSentences, lossSentences, lossSummary, rankingSentences } from "../../src/report/loss-sentences.js";
import { verdict } from "../../src/report/sentences.js";
import { sourceFromGroups } from "../../src/report/source.js";
import { bent, law, scheme } from "../compare/bent-schemes.js";

const MEET = 1e10;
const plain = (budget: number) => 2 + 20_000 * budget ** -0.5;
/** To a lower limit from further up: equal to `plain` at MEET. */
const deep = (budget: number) => 1.95 + (plain(MEET) - 1.95) * (budget / MEET) ** -0.5;

function analysisOf(budgets: readonly number[], noise = 0.002, other = deep) {
  const draws = random("loss sentences");
  const groups = [plain, other].map((law, k) => {
    const x = budgets.flatMap((budget) => [budget, budget]);
    return {
      group: { scheme: k === 0 ? "plain" : "deep" },
      x: [Float64Array.from(x)],
      loss: Float64Array.from(x, (budget) => law(budget) + noise * draws.normal()),
      standardError: null,
      run: null,
      pair: x.map((budget, i) => `${budget}/${i % 2}`),
      decayed: null,
      excluded: [],
    };
  });
  const source = sourceFromGroups(groups, "tokens", [{ name: "chosen.csv", sha256: "00" }]);
  return analyse(source, { title: "Chosen", bootstrap: 0, baseline: "plain" });
}

const decades = (from: number, to: number, n: number) =>
  Array.from({ length: n }, (_, k) => from * (to / from) ** (k / (n - 1)));

test("laws that cross inside the data: the sentence has the budget, its interval holds the true one", () => {
  const analysis = analysisOf(decades(MEET / 100, MEET * 100, 8));
  const [said = ""] = gapSentences(analysis);
  expect(said).toMatch(/^By the laws deep overtakes plain at \d+(\.\d+)?G \[[\d.]+G, [\d.]+G\] tokens\.$/);
  const [at = 0, lower = 0, upper = 0] = [...said.matchAll(/([\d.]+)G/g)].map((match) => 1e9 * Number(match[1]));
  expect(lower).toBeLessThan(MEET);
  expect(upper).toBeGreaterThan(MEET);
  expect(Math.abs(Math.log(at / MEET))).toBeLessThan(0.5);
  expect(lossSummary(analysis)).toMatch(/^At 1\.00T tokens deep has a lower loss than plain, by 0\.0\d\d nats\.$/);
});

test("before they cross: behind and catching up, in the baseline's budgets for the same loss", () => {
  const analysis = analysisOf(decades(MEET / 1000, MEET / 20, 8));
  const [said = ""] = gapSentences(analysis);
  expect(said).toMatch(
    /^deep is behind and catches up: a token of it is worth 0\.\d\d \[.*\] of plain's at .* tokens and 0\.\d\d \[/,
  );
  const shown = [...said.matchAll(/ (0\.\d\d) \[.*?(?:at|at) ([\d.]+)([MG])/g)];
  expect(shown).toHaveLength(2);
  for (const [, multiplier, number, prefix] of shown) {
    const budget = Number(number) * (prefix === "M" ? 1e6 : 1e9);
    // The budget at which the baseline has the same loss, from its formula.
    const needed = ((deep(budget) - 2) / 20_000) ** -2;
    expect(Math.abs(Number(multiplier) - needed / budget)).toBeLessThan(0.05);
  }
  const { headline, beneath, answer } = verdict(analysis);
  expect(headline).toBe(lossSummary(analysis));
  expect(beneath).toEqual([said, answer]);
});

test("a gap that does not move is a share of the baseline's compute, here the three fifths that were chosen", () => {
  const analysis = analysisOf(decades(1e8, 1e10, 8), 0.002, (budget) => plain(0.6 * budget));
  const [said = "", ...more] = gapSentences(analysis);
  expect(more).toEqual([]);
  expect(said).toMatch(/^At 10\.0G tokens a token of deep is worth 0\.\d\d \[0\.\d\d, 0\.\d\d\] of plain's\.$/);
  const [worth = 0, lower = 0, upper = 0] = [...said.matchAll(/0\.\d\d/g)].map(Number);
  expect(worth).toBeCloseTo(0.6, 1);
  expect(lower).toBeLessThanOrEqual(0.6);
  expect(upper).toBeGreaterThanOrEqual(0.6);
});

test("the losses beside a difference are those that it is the difference of", () => {
  const analysis = analysisOf(decades(MEET / 1000, MEET / 20, 8));
  const { rows, losses } = lossDifferences(analysis);
  const [row] = rows;
  expect(row?.difference).toBeCloseTo((losses.get("deep") ?? 0) - (losses.get("plain") ?? 0), 12);
  expect(losses.get("plain")).toBeCloseTo(plain(MEET / 20), 2);
});

test("where no law can be fitted the ranking is the headline and the reason stands beneath", () => {
  const analysis = analysisOf([1e9]);
  const { headline, beneath } = verdict(analysis);
  expect(headline).toBe(rankingSentences(analysis)[0]);
  expect(headline).toMatch(/^At 1\.00G tokens the lowest mean loss of 2 schemes is that of plain\.$/);
  expect(beneath.at(-1)).toMatch(/^These data hold no comparison of laws/);
});

test("a difference that a bend of the laws would undo is not said; its bend, the pairs of runs and the remedy are", () => {
  const groups = [scheme("plain", law, 3), ...["other", "third", "sixth"].map((name) => scheme(name, bent, 3))];
  const source = sourceFromGroups(groups, "flops", [{ name: "bent.csv", sha256: "00" }]);
  const analysis = analyse(source, { title: "Bent", bootstrap: 0, baseline: "plain" });
  const { rows } = lossDifferences(analysis);
  expect(rows.some(({ bend, adjustedPValue }) => bend !== null && (adjustedPValue ?? 1) < 0.05)).toBe(true);
  const { headline, evidence } = verdict(analysis);
  expect(headline).toBe("At 10.0T FLOPs none of the 3 schemes can be told from plain.");
  expect(evidence).toMatch(
    /^Residuals keep a shape along the budget for .* A law that bends, or the larger budgets alone, may tell\.$/,
  );
  for (const [place, said] of lossSentences(analysis).entries()) {
    const { bend, measured } = rows[place] ?? {};
    if (bend === null) continue;
    expect(said).toContain("cannot be told from that of plain");
    expect(said).toContain(
      `; the data reject the shape of the laws, and a bend would move it by ${signedDecimal(bend ?? Number.NaN, 4)};`,
    );
    expect(said).toContain(`by 10 pairs of runs ${signedDecimal(measured?.difference ?? Number.NaN, 4)} [`);
    expect(said).not.toContain("80 of 100");
  }
  expect(rows.filter(({ bend }) => bend !== null).length).toBeGreaterThan(1);
});
