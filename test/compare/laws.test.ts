// Comparisons under other laws than the default one: the Chinchilla law on two architectures, the looped law's rounds as a
// covariate, a broken power law, a formula.
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { compare } from "../../src/compare/compare.js";
import type { Observations } from "../../src/curve/observations.js";
import { fitGroups, fit as fitLaw } from "../../src/fit/fit.js";
import { lawByName } from "../../src/law/catalogue.js";
import { chinchilla } from "../../src/law/chinchilla.js";
import type { Law } from "../../src/law/law.js";

const folder = path.resolve(import.meta.dirname, "../reference");
const none = { replicates: 0 } as const;

function observations(
  group: Readonly<Record<string, string>>,
  x: readonly number[][],
  loss: readonly number[],
): Observations {
  return {
    group,
    x: x.map((column) => Float64Array.from(column)),
    loss: Float64Array.from(loss),
    standardError: null,
    run: null,
    pair: null,
    decayed: null,
    excluded: [],
  };
}

describe("wide and deep models of arXiv 2502.06857 under the Chinchilla law", () => {
  const rows = readFileSync(path.join(folder, "gemstones/wandb_df_for_fitting_cool_end.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line): Record<string, number> => JSON.parse(line));
  const number = (row: Record<string, number>, name: string) => row[name] ?? Number.NaN;
  const wide = (row: Record<string, number>) => number(row, "width") / number(row, "depth") > 64;
  const groups = [true, false].map((isWide) => {
    const own = rows.filter((row) => wide(row) === isWide);
    return observations(
      { architecture: isWide ? "wide" : "deep" },
      ["params_active_precise", "tokens"].map((name) => own.map((row) => number(row, name))),
      own.map((row) => number(row, "final_loss")),
    );
  });
  const comparison = compare(groups, { ...none, law: chinchilla, baseline: "deep" });

  test("asks after limit, both exponents and the loss where both architectures have been", () => {
    expect(comparison.schemes).toEqual(["wide", "deep"]);
    expect(comparison.differences.map(({ quantity }) => quantity)).toEqual(["E", "alpha", "beta", "loss"]);
    const [, deep] = groups;
    for (const [v, variable] of chinchilla.variables.entries()) {
      const most = groups.map(({ x }) => Math.max(...(x[v] ?? [])));
      expect(comparison.point[variable]).toBe(Math.min(...most));
    }
    expect(comparison.fits[1]?.points).toBe(deep?.loss.length);
  });

  test("differences are those of the fits, and every one has an interval round it", () => {
    const fits = groups.map((group) => fitLaw(chinchilla, group, { interval: "delta" }));
    for (const { quantity, difference, interval } of comparison.differences) {
      if (quantity !== "loss") {
        const [mine, other] = fits.map(({ parameters }) => parameters[quantity]?.estimate ?? Number.NaN);
        expect(difference).toBeCloseTo((mine ?? Number.NaN) - (other ?? Number.NaN), 8);
      }
      expect(interval?.lower).toBeLessThan(difference);
      expect(interval?.upper).toBeGreaterThan(difference);
    }
  });

  test("the nested models save one limit and two exponents", () => {
    expect(comparison.attribution.tests.map(({ model, numeratorDf }) => [model, numeratorDf])).toEqual([
      ["shared-limit", 1],
      ["shared-exponent", 2],
      ["shared-both", 3],
    ]);
  });
});

/** Losses of a law at x times e^(noise·normal). */
function drawn(
  law: Law,
  theta: readonly number[],
  x: readonly number[][],
  group: Readonly<Record<string, string>>,
  seed: number,
) {
  const stream = random(seed);
  const loss = (x[0] ?? []).map(
    (_, i) =>
      law.value(
        theta,
        x.map((column) => column[i] ?? Number.NaN),
      ) * Math.exp(0.001 * stream.normal()),
  );
  return observations(group, x, loss);
}
const horizons = Array.from({ length: 12 }, (_, i) => 1e6 * 10 ** (i / 3));

test("an exponent that grows with log2 of the rounds: the slope comes back, and the line is enough", () => {
  const groups = [1, 2, 4, 8].map((rounds, g) =>
    drawn(lawByName("power-law-with-limit"), [2, 60, 0.24 + 0.01 * g], [horizons], { rounds: String(rounds) }, g),
  );
  const { trends } = compare(groups, { ...none, covariate: "log(rounds)/log(2)" });
  const [limit, exponent] = trends;
  expect(trends.map(({ parameter }) => parameter)).toEqual(["limit", "exponent"]);
  expect(Math.abs((exponent?.slope ?? 0) - 0.01)).toBeLessThan(3 * (exponent?.standardError ?? 0));
  expect(exponent?.interval?.lower).toBeGreaterThan(0);
  expect(exponent?.linePValue).toBeGreaterThan(0.01);
  expect(limit?.interval?.lower).toBeLessThan(0);
  expect(limit?.interval?.upper).toBeGreaterThan(0);
});

test("published isoFLOP optima of the looped models, rounds as the covariate of one Chinchilla law each", () => {
  const [header = "", ...lines] = readFileSync(path.join(folder, "looped-lm-scaling/isoflop_optima_r1248.csv"), "utf8")
    .trim()
    .split(/\r?\n/);
  const names = header.split(",");
  const rows = lines.map((line) => Object.fromEntries(line.split(",").map((cell, i) => [names[i] ?? "", cell])));
  const law = lawByName("power-law-with-limit");
  const groups = ["1", "2", "4", "8"].map((r) => {
    const own = rows.filter((row) => row.r === r);
    return observations(
      { rounds: r },
      [own.map((row) => Number(row.C_flops) / 1e18)],
      own.map((row) => Number(row.L)),
    );
  });
  const comparison = compare(groups, { ...none, law, baseline: "1", covariate: "log(rounds)" });
  expect(comparison.trends.map(({ parameter }) => parameter)).toEqual(["limit", "exponent"]);
  for (const { parameter, slope, intercept } of comparison.trends) {
    const { shared, objective } = fitGroups(law, groups, { by: { [parameter]: "log(rounds)" } }, { interval: "delta" });
    expect(shared[`${parameter}:log(rounds)`]?.estimate).toBeCloseTo(slope, 10);
    expect(shared[parameter]?.estimate).toBeCloseTo(intercept, 10);
    // The line is nested in the fits of each by itself.
    expect(objective).toBeGreaterThan(comparison.attribution.free.sumOfSquares);
  }
});

test("the looped law with rounds as covariate: with its published phi nothing is left along them, and all rounds at once tell phi", () => {
  const { E, A, B, alpha, beta, phi } = JSON.parse(
    readFileSync(path.join(folder, "looped-lm-scaling/fit.json"), "utf8"),
  );
  const [, ...lines] = readFileSync(path.join(folder, "looped-lm-scaling/arch_table.csv"), "utf8")
    .trim()
    .split(/\r?\n/);
  const shapes = lines.map((line) => line.split(",").map(Number));
  const looped = lawByName("looped");
  const groups = [1, 2, 4, 8].map((r) => {
    const points = shapes
      .filter(([rounds]) => rounds === r)
      .flatMap(([, , once = 0, , recurrent = 0]) =>
        [3e8, 1e9, 3e9, 1e10].map((tokens) => [once, recurrent, r, tokens]),
      );
    const x = looped.variables.map((_, v) => points.map((point) => point[v] ?? Number.NaN));
    return drawn(looped, [E, A, B, alpha, beta, phi], x, { rounds: String(r) }, r);
  });
  const along = (worth: number) => {
    // One number of rounds a group tells nothing of phi; alpha and beta are the published ones.
    const fit = { fixed: { phi: worth, alpha, beta } };
    return compare(groups, { ...none, law: looped, fit, baseline: "1", covariate: "log(rounds)" }).trends;
  };
  const told = along(phi);
  expect(told.map(({ parameter }) => parameter)).toEqual(["E"]);
  expect(told[0]?.intercept).toBeCloseTo(E, 1);
  expect(told[0]?.interval?.lower).toBeLessThan(0);
  expect(told[0]?.interval?.upper).toBeGreaterThan(0);
  // The same by the joint fit of all rounds at once, which tells phi too.
  const joined = observations(
    {},
    looped.variables.map((_, v) => groups.flatMap(({ x }) => Array.from(x[v] ?? []))),
    groups.flatMap(({ loss }) => Array.from(loss)),
  );
  const whole = fitLaw(looped, joined, { fixed: { alpha, beta } }).parameters;
  expect(Math.abs((whole.phi?.estimate ?? 0) - phi)).toBeLessThan(3 * (whole.phi?.standardError ?? 0));
  expect(whole.phi?.standardError).toBeLessThan(0.05);
});

test("a broken power law and a formula: exponents differ, coefficients where a law has nothing else", () => {
  const broken = lawByName("bnsl-1");
  const groups = [0, 1].map((g) =>
    drawn(broken, [1.5, 20, 0.1 + 0.02 * g, 0.15, 3e7, 0.4], [horizons], { scheme: String(g) }, g),
  );
  const { differences } = compare(groups, { ...none, law: broken });
  expect(differences.map(({ quantity }) => quantity)).toEqual(["a", "c0", "c1", "loss"]);
  const line = lawByName("B*sqrt(1e6/D)", ["D"]);
  const lines = [2, 3].map((b, g) => drawn(line, [b], [horizons], { scheme: String(g) }, g));
  const [first, loss] = compare(lines, { ...none, law: line }).differences;
  expect([first?.quantity, loss?.quantity]).toEqual(["B", "loss"]);
  expect(first?.difference).toBeCloseTo(1, 2);
  expect(first?.pValue).toBeLessThan(1e-6);
});
