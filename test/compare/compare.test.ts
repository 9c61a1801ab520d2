// The comparison against published numbers, laws known exactly, and a second method.
import { describe, expect, test } from "vitest";
import { compare } from "../../src/compare/compare.js";
import { fitGroups, fit as fitLaw } from "../../src/fit/fit.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";
import { exact, ladder, published } from "./ladder-data.js";

const HORIZONS = [1e6, 3e6, 1e7, 3e7, 1e8, 3e8, 1e9];

describe("58 ladder points of arXiv 2609.19107", () => {
  const comparison = compare(published(), { replicates: 200 });

  test("limits and exponents with every parameter free", () => {
    const expected = {
      vanilla: [1.6932, 0.1101],
      deep_vanilla: [1.6736, 0.1086],
      deep_vanilla_grow: [1.6019, 0.105],
      operator_1: [1.7307, 0.1165],
      loop_2: [1.6077, 0.106],
      // Printed as 1.5502; least squares in 40 digits ends at 1.550135.
      loop_grow: [1.5501, 0.1031],
      untied_2: [1.5989, 0.1051],
      untied_grow: [1.4705, 0.0975],
    };
    for (const region of comparison?.attribution.regions ?? []) {
      const [limit, exponent] = Object.entries(expected).find(([name]) => name === region.scheme)?.[1] ?? [];
      expect(region.estimate.limit.toFixed(4)).toBe(limit?.toFixed(4));
      expect(region.estimate.exponent.toFixed(4)).toBe(exponent?.toFixed(4));
      expect(region.closed).toBe(true);
    }
    expect(comparison?.attribution.regions).toHaveLength(8);
  });

  test("nested models: sums of squares, F, p, and the verdict", () => {
    const { attribution } = comparison ?? {};
    expect(attribution?.free).toMatchObject({ parameters: 24, points: 58 });
    expect(attribution?.free.sumOfSquares.toExponential(4)).toBe("3.0930e-5");
    expect(attribution?.tests.map((one) => one.sumOfSquares.toExponential(4))).toEqual([
      "4.1835e-5",
      "3.9095e-5",
      "1.2502e-4",
    ]);
    expect(attribution?.tests.slice(0, 2).map((one) => one.fStatistic.toFixed(3))).toEqual(["1.713", "1.282"]);
    expect(attribution?.tests[2]?.fStatistic.toFixed(2)).toBe("7.39");
    expect(attribution?.tests.slice(0, 2).map((one) => one.pValue.toFixed(3))).toEqual(["0.139", "0.288"]);
    expect(attribution?.tests[2]?.pValue.toExponential(0)).toBe("1e-6");
    expect(attribution?.verdict).toBe("cannot tell");
    expect(attribution?.residualCorrelation).toBeCloseTo(0.8, 1);
  });

  test("the authors' procedure: borrowed limit, exponents, last compute multipliers", () => {
    const rows = Object.fromEntries((comparison?.borrowed ?? []).map((row) => [row.scheme, row]));
    const expected = {
      vanilla: [0.1112, 1],
      deep_vanilla: [0.1114, 1.084],
      deep_vanilla_grow: [0.1138, 1.279],
      operator_1: [0.1143, 1.251],
      loop_2: [0.1141, 1.256],
      untied_2: [0.1141, 1.344],
      loop_grow: [0.1159, 1.356],
      untied_grow: [0.1168, 1.553],
    };
    for (const [scheme, [exponent, multiplier]] of Object.entries(expected)) {
      expect(rows[scheme]?.limit?.toFixed(4)).toBe("1.7064");
      expect(rows[scheme]?.exponent?.toFixed(4)).toBe(exponent?.toFixed(4));
      expect(rows[scheme]?.lastMultiplier?.toFixed(3)).toBe(multiplier?.toFixed(3));
    }
  });
});

describe("laws known exactly", () => {
  test("equal limits and exponents: the multiplier is (B₁/B₂)^(1/c) at every budget, and the laws never cross", () => {
    const groups = [exact("baseline", HORIZONS, [1.8, 40, 0.25]), exact("rins-3", HORIZONS, [1.8, 36, 0.25])];
    const { multipliers, differences } = compare(groups, { replicates: 0 });
    const expected = (40 / 36) ** (1 / 0.25);
    for (const point of multipliers[0]?.curve ?? []) expect(point.multiplier).toBeCloseTo(expected, 5);
    expect(multipliers[0]?.crossover).toMatchObject({ budget: null, position: "none" });
    const loss = differences.find((row) => row.quantity === "loss");
    expect(loss?.difference).toBeCloseTo(-4 * 1e9 ** -0.25, 9);
  });

  test("a crossing outside the data is found and said to be outside", () => {
    // 1.8 + 40·x^−.25 = 1.7 + 41·x^−.25 where x^−.25 = .1, so at x = 1e4, two decades below the data.
    const groups = [exact("baseline", HORIZONS, [1.8, 40, 0.25]), exact("rins-3", HORIZONS, [1.7, 41, 0.25])];
    const { crossover } = compare(groups, { replicates: 0 }).multipliers[0] ?? {};
    expect(crossover?.position).toBe("below");
    expect((crossover?.budget ?? 0) / 1e4).toBeCloseTo(1, 5);
  });

  test("a loss below the baseline's limit has no multiplier", () => {
    const groups = [exact("baseline", HORIZONS, [2.2, 40, 0.25]), exact("rins-3", HORIZONS, [1.7, 41, 0.25])];
    const { last, curve } = compare(groups, { replicates: 0 }).multipliers[0] ?? {};
    expect(last?.multiplier).toBeNull();
    expect(curve?.at(-1)?.multiplier).toBeNull();
  });
});

describe("against a second method", () => {
  const noisy = (scheme: string, law: readonly [number, number, number], phase: number) => {
    const { x, loss } = exact(scheme, HORIZONS, law);
    return ladder(
      scheme,
      Array.from(x[0] ?? []),
      Array.from(loss, (value, i) => value * Math.exp(0.002 * Math.sin(phase + 2.3 * i))),
      HORIZONS.map(String),
    );
  };
  const groups = [noisy("a", [1.8, 40, 0.25], 0), noisy("b", [1.7, 30, 0.22], 1), noisy("c", [1.9, 50, 0.28], 2)];
  test.each([
    ["shared limit", "limit"],
    ["shared exponent", "exponent"],
  ] as const)("%s equals a line search over fits with that value fixed", (_, name) => {
    const joint = fitGroups(powerLawWithLimit, groups, { share: [name] }, { interval: "delta" });
    const total = (value: number) =>
      groups.reduce(
        (sum, group) =>
          sum + fitLaw(powerLawWithLimit, group, { fixed: { [name]: value }, interval: "delta" }).objective,
        0,
      );
    const best = joint.shared[name]?.estimate ?? 0;
    expect(Math.abs(total(best) / joint.objective - 1)).toBeLessThan(1e-8);
    expect(total(best * 1.0005)).toBeGreaterThan(joint.objective);
    expect(total(best * 0.9995)).toBeGreaterThan(joint.objective);
  });

  test("the outline of a joint region lies where the F bound is met by fits with both values fixed", () => {
    const { attribution } = compare(groups, { replicates: 0 });
    const [first] = groups;
    const region = attribution.regions[0];
    if (first === undefined || region === undefined) throw new Error("the comparison gave no region");
    // F_.95(2, 4) = 6.944 (tables), so the bound is SSE·(1 + 2/4·6.944).
    const bound = fitLaw(powerLawWithLimit, first).objective * (1 + 0.5 * 6.9443);
    for (const [limit, exponent] of region.polygon.filter((_, i) => i % 5 === 2)) {
      const fixed = fitLaw(powerLawWithLimit, first, { fixed: { limit, exponent }, interval: "delta" });
      expect(fixed.objective / bound).toBeCloseTo(1, 3);
    }
    expect(region.polygon.length).toBeGreaterThan(20);
  });

  test("the same input and seed give the same record, another seed another", () => {
    const once = JSON.stringify(compare(groups, { replicates: 50 }));
    expect(JSON.stringify(compare(groups, { replicates: 50 }))).toBe(once);
    expect(JSON.stringify(compare(groups, { replicates: 50, fit: { seed: 1 } }))).not.toBe(once);
  });
});

test("one run a scheme supplies all its points: nothing is known of what they share, and nothing is rejected", () => {
  const wave = (name: string, phase: number) => {
    const group = exact(name, HORIZONS, [1.8 + phase / 10, 40, 0.25]);
    const loss = group.loss.map((value, i) => value * Math.exp(0.0005 * Math.sin(phase + 2.3 * i)));
    return { ...group, loss, run: HORIZONS.map(() => name) };
  };
  const { attribution } = compare([wave("a", 0), wave("b", 1)], { replicates: 0 });
  expect(attribution.tests.map((one) => one.calibratedPValue)).toEqual([null, null, null]);
  expect(attribution.tests[2]?.pValue).toBeLessThan(1e-6);
  expect(attribution.tests.map((one) => one.rejected)).toEqual([false, false, false]);
  expect(attribution.verdict).toBe("cannot tell");
});

describe("what cannot be compared is named", () => {
  const a = exact("a", HORIZONS, [1.8, 40, 0.25]);
  test.each([
    [[a], {}, /two schemes/],
    [[a, a], {}, /different names/],
    [[a, exact("b", HORIZONS.slice(0, 2), [1.8, 40, 0.25])], {}, /3 different x/],
    [[a, exact("rins", HORIZONS, [1.8, 40, 0.25])], { baseline: "rinz" }, /did you mean rins/],
    [
      [
        a,
        ladder(
          "flat",
          HORIZONS,
          HORIZONS.map((_, i) => 2 + i / 10),
        ),
      ],
      {},
      /flat must fall with x/,
    ],
  ])("case %#", (groups, options, message) => {
    expect(() => compare(groups, options)).toThrow(message);
  });
});
