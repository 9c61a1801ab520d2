// Gain of recursion against an exponent: pairs by hand, rank correlations against published tables, and the command over
// runs that were made up.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { gains } from "../../src/command/fractal-runs.js";
import type { Observations } from "../../src/curve/observations.js";
import { gainStudy, gainsOf, rankCorrelation } from "../../src/fractal/gain.js";
import type { FractalAnalysis, StatisticName } from "../../src/fractal/record.js";
import { fractalReport } from "../../src/report/fractal/page.js";
import { renderSvg } from "../../src/report/render.js";

const runs = (
  name: string,
  losses: readonly (readonly [budget: number, seed: number, loss: number])[],
): Observations => ({
  group: { scheme: name },
  x: [Float64Array.from(losses, ([budget]) => budget)],
  loss: Float64Array.from(losses, ([, , loss]) => loss),
  pair: losses.map(([budget, seed]) => `${budget}/${seed}`),
  standardError: null,
  run: null,
  decayed: null,
  excluded: [],
});

test("the gain is that of pairs of one seed, with Student's t over them, by hand", () => {
  const baseline = runs("baseline", [
    [2, 1, 3],
    [2, 2, 3.2],
    [2, 3, 3.4],
    [1, 1, 4],
  ]);
  const scheme = runs("rins-2", [
    [1, 1, 4.1],
    [2, 3, 3.3],
    [2, 1, 2.8],
    [2, 2, 3.17],
    [2, 4, 9],
  ]);
  const [small, large] = gainsOf({ group: "novels", baseline, scheme }, 0.95);
  expect(small).toMatchObject({ budget: 1, pairs: 1, interval: null });
  expect(small?.gain).toBeCloseTo(-0.1, 12);
  // Differences .2, .03, .1: mean .11, standard deviation .08544, t(.975, 2) = 4.302653.
  expect(large).toMatchObject({ budget: 2, pairs: 3 });
  expect(large?.gain).toBeCloseTo(0.11, 12);
  expect(large?.share).toBeCloseTo(0.11 / 3.2, 12);
  expect(large?.interval?.lower).toBeCloseTo(0.11 - (4.302653 * 0.0854400375) / Math.sqrt(3), 6);
});

test("texts without pairs are refused with what to do", () => {
  const one = runs("baseline", [[1, 1, 4]]);
  expect(() => gainsOf({ group: "code", baseline: one, scheme: runs("x", [[1, 2, 4]]) }, 0.95)).toThrow(
    'fractal --runs "code": baseline and scheme must share budgets and seeds, got none; train both by one plan',
  );
});

test("ρ with ties is that of scipy.stats.spearmanr's manual", () => {
  expect(rankCorrelation([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])?.rho).toBeCloseTo(0.8207826816681233, 12);
});

// Zar, Biostatistical Analysis, table of critical values: the smallest ρ with a one-sided p of .05 or less, and the exact
// share of orders at or beyond it (Owen 1962).
test.each([
  [5, [1, 2, 3, 5, 4], 0.9, 5 / 120],
  [6, [2, 1, 3, 4, 6, 5], 0.886, 12 / 720],
  [6, [1, 2, 5, 3, 4, 6], 0.829, 21 / 720],
])("%i points: the order %j has ρ %f and p %f", (n, order, rho, p) => {
  const found = rankCorrelation(
    Array.from({ length: n }, (_, i) => i),
    order,
  );
  expect(found?.rho).toBeCloseTo(rho, 3);
  expect(found?.pValue).toBeCloseTo(p, 12);
  expect(found?.unrelated[0]).toBeCloseTo(-(found?.unrelated[1] ?? 0), 12);
});

test("ten points: orders drawn at random find the tabled p of .048 at ρ .564", () => {
  const x = Array.from({ length: 10 }, (_, i) => i);
  // Σ d² = 72: ρ = 1 − 6 · 72 / 990 = .5636.
  const found = rankCorrelation(x, [5, 4, 3, 2, 1, 0, 7, 6, 8, 9]);
  expect(found?.rho).toBeCloseTo(0.5636, 3);
  expect(found?.pValue).toBeGreaterThan(0.043);
  expect(found?.pValue).toBeLessThan(0.053);
});

test("three points or a level list hold no rank correlation", () => {
  expect(rankCorrelation([1, 2, 3], [1, 2, 3])).toBeNull();
  expect(rankCorrelation([1, 2, 3, 4], [1, 1, 1, 1])).toBeNull();
});

const analysis = (exponents: readonly number[]): FractalAnalysis => ({
  options: { from: 16, to: null, epsilon: 0.05, skip: 0, level: 0.95 },
  groups: exponents.map((estimate, i) => ({
    group: `t${i}`,
    documents: 20,
    tokens: 1000,
    scales: { from: 16, to: 64 },
    estimates: (["fluctuation", "selfSimilarity"] satisfies StatisticName[]).map((statistic) => ({
      statistic,
      symbol: statistic === "fluctuation" ? ("H" as const) : ("S" as const),
      estimate: statistic === "fluctuation" ? estimate : -estimate,
      interval: { level: 0.95, lower: estimate - 0.01, upper: estimate + 0.01 },
      sensitivity: null,
      points: [
        { scale: 16, value: 1, localExponent: estimate },
        { scale: 64, value: 2, localExponent: null },
      ],
    })),
    dimension: null,
    warnings: [],
  })),
  leftOut: [],
});

test("gains that rise with H have ρ 1 with it and −1 with what falls; the page says what so few texts show", async () => {
  const exponents = [0.5, 0.7, 0.6, 0.9];
  const texts = exponents.map((H, i) => ({
    group: `t${i}`,
    baseline: runs("baseline", [
      [1e11, 1, 2],
      [1e11, 2, 2.1],
    ]),
    scheme: runs("rins-2", [
      [1e11, 1, 2 - H / 10],
      [1e11, 2, 2.12 - H / 10],
    ]),
  }));
  const study = gainStudy(analysis(exponents), texts, "RINS r=2");
  const rho = study.ties.map(({ statistic, of, correlation }) => [statistic, of, correlation?.rho]);
  expect(rho).toEqual([
    ["fluctuation", "gain", expect.closeTo(1, 12)],
    ["fluctuation", "share", expect.closeTo(1, 12)],
    ["selfSimilarity", "gain", expect.closeTo(-1, 12)],
    ["selfSimilarity", "share", expect.closeTo(-1, 12)],
  ]);
  const { html, charts } = fractalReport(analysis(exponents), "Gains", study);
  expect(html).toContain("Rank correlation of the gain with H over 4 texts: 1.00, p = 0.04 (one-sided)");
  const gain = charts.filter(({ name }) => name.startsWith("gain-"));
  expect(gain.map(({ name }) => name)).toEqual(["gain-fluctuation", "gain-selfSimilarity"]);
  for (const { spec } of gain) expect(await renderSvg(spec)).toContain("<svg");
  expect(() => gainStudy(analysis([0.5, 0.6]), texts, "RINS r=2")).toThrow(
    "folders must be named as the groups, t0, t1",
  );
});

test("the shipped study's gains are those of its runs", async () => {
  const shipped = JSON.parse(readFileSync("reports/2026-11-26_fractal/analysis.json", "utf8"));
  const texts = ["novels", "novels-sentences", "novels-words", "speeches", "glosses", "code"];
  const again = await gains(
    texts.map((text) => `data/runs/fractal/${text}`),
    shipped,
  );
  expect(again.gains).toHaveLength(18);
  expect(again).toEqual(shipped.gain);
});
