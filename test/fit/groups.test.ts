// Several groups fitted at once: against the closed formulas of a common slope, against one group with the sharing written
// into its formula, and against published sums of squares of eight ladders.
import { describe, expect, test } from "vitest";
import { FitError, InputError } from "../../src/base/errors.js";
import type { Observations } from "../../src/curve/observations.js";
import { fitGroups, fit as fitLaw } from "../../src/fit/fit.js";
import type { Estimate } from "../../src/fit/record.js";
import { lawByName } from "../../src/law/catalogue.js";
import { chinchilla } from "../../src/law/chinchilla.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";
import { published } from "../compare/ladder-data.js";
import { drawn, points, spread } from "./points.js";

const X = [1, 2, 3, 4, 5, 6];
const LINES = [
  [2.1, 2.9, 4.2, 4.8, 6.1, 7.2],
  [5.2, 5.9, 7.1, 8.3, 8.8, 10.1],
  [1.1, 2.3, 2.8, 4.1, 5.2, 5.7],
];
const lines = LINES.map(
  (y, g): Observations => ({ ...points([X], y), group: { line: String(g), rounds: String(2 ** g) } }),
);
const straight = lawByName("a + b*x", ["x"]);

describe("straight lines of one slope", () => {
  const fitted = fitGroups(straight, lines, { share: ["b"] }, { space: "linear", interval: "profile" });
  const mean = (v: readonly number[]) => v.reduce((sum, value) => sum + value, 0) / v.length;
  const sxx = X.reduce((sum, x) => sum + (x - mean(X)) ** 2, 0);
  const sxy = LINES.map((y) => X.reduce((sum, x, i) => sum + (x - mean(X)) * ((y[i] ?? 0) - mean(y)), 0));
  const slope = sxy.reduce((sum, value) => sum + value, 0) / (3 * sxx);
  const squares = LINES.flatMap((y) => X.map((x, i) => (y[i] ?? 0) - mean(y) - slope * (x - mean(X)))).reduce(
    (sum, r) => sum + r * r,
    0,
  );
  const s = Math.sqrt(squares / (18 - 4));

  test("slope, intercepts, sum of squares and errors are those of the analysis of covariance", () => {
    expect(fitted.shared.b?.estimate).toBeCloseTo(slope, 10);
    expect(fitted.shared.b?.standardError).toBeCloseTo(s / Math.sqrt(3 * sxx), 10);
    expect(fitted.objective).toBeCloseTo(squares, 10);
    expect([fitted.degreesOfFreedom, fitted.points]).toEqual([14, 18]);
    expect(fitted.residualScale).toBeCloseTo(s, 10);
    fitted.groups.forEach(({ parameters }, g) => {
      expect(parameters.a?.estimate).toBeCloseTo(mean(LINES[g] ?? []) - slope * mean(X), 10);
      expect(parameters.a?.standardError).toBeCloseTo(s * Math.sqrt(1 / 6 + mean(X) ** 2 / (3 * sxx)), 9);
      expect(parameters.b).toEqual(fitted.shared.b);
    });
  });

  test("profile intervals of a linear problem are estimate ± t·s", () => {
    const { lower, upper } = fitted.shared.b?.interval ?? {};
    // t of 14 degrees of freedom at 95%: 2.144787.
    expect((upper ?? 0) - slope).toBeCloseTo((2.144787 * s) / Math.sqrt(3 * sxx), 6);
    expect(slope - (lower ?? 0)).toBeCloseTo((2.144787 * s) / Math.sqrt(3 * sxx), 6);
  });
});

test("intercepts that are linear in log2 of the rounds: as one regression on x and the rounds", () => {
  const both = fitGroups(straight, lines, { share: ["b"], by: { a: "log(rounds)/log(2)" } }, { space: "linear" });
  const one = fitLaw(
    lawByName("a + c*g + b*x", ["x", "g"]),
    points([LINES.flatMap(() => X), LINES.flatMap((y, g) => y.map(() => g))].toReversed(), LINES.flat()),
    { space: "linear" },
  );
  const law = lawByName("a + c*g + b*x", ["x", "g"]);
  expect(law.variables).toEqual(["g", "x"]);
  const same = (ours: Estimate | undefined, theirs: Estimate | undefined) => {
    expect(ours?.estimate).toBeCloseTo(theirs?.estimate ?? Number.NaN, 9);
    expect(ours?.standardError).toBeCloseTo(theirs?.standardError ?? Number.NaN, 9);
  };
  same(both.shared.a, one.parameters.a);
  same(both.shared["a:log(rounds)/log(2)"], one.parameters.c);
  same(both.shared.b, one.parameters.b);
  const slope = both.shared["a:log(rounds)/log(2)"]?.estimate ?? Number.NaN;
  expect(both.groups[2]?.parameters.a?.estimate).toBeCloseTo((both.shared.a?.estimate ?? 0) + 2 * slope, 9);
});

test.each([
  ["log", { kind: "squared" }],
  ["linear", { kind: "squared" }],
  ["log", { kind: "huber", delta: 1e-3 }],
] as const)("power laws with one limit, %s %o: as one law with an indicator of the group", (space, loss) => {
  const horizons = spread(1e6, 1e9, 8);
  const first = drawn(powerLawWithLimit, [2.1, 60, 0.25], [horizons], 0.002, 1);
  const second = drawn(powerLawWithLimit, [2.1, 90, 0.28], [horizons], 0.002, 2);
  const fitted = fitGroups(powerLawWithLimit, [first, second], { share: ["limit"] }, { space, loss });
  const law = lawByName("E + (1 - s)*A*D^(-a) + s*B*D^(-b)", ["s", "D"]);
  const one = fitLaw(
    law,
    points(
      law.variables.map((name) =>
        name === "D" ? [...horizons, ...horizons] : horizons.flatMap(() => 0).concat(horizons.map(() => 1)),
      ),
      [...first.loss, ...second.loss],
    ),
    { space, loss, start: { E: 2.1, A: 60, a: 0.25, B: 90, b: 0.28 } },
  );
  expect(fitted.status).toBe("converged");
  expect(fitted.objective / one.objective).toBeCloseTo(1, 9);
  expect(fitted.shared.limit?.estimate).toBeCloseTo(one.parameters.E?.estimate ?? 0, 7);
  expect(fitted.shared.limit?.interval?.lower).toBeCloseTo(one.parameters.E?.interval?.lower ?? 0, 5);
  expect(fitted.groups[1]?.parameters.exponent?.estimate).toBeCloseTo(one.parameters.b?.estimate ?? 0, 7);
  expect(fitted.groups[0]?.parameters.exponent?.standardError).toBeCloseTo(one.parameters.a?.standardError ?? 0, 7);
});

test.each([
  [["limit"], "4.1835e-5"],
  [["exponent"], "3.9095e-5"],
  [["limit", "exponent"], "1.2502e-4"],
] as const)("eight ladders of arXiv 2609.19107 that share %s: the sum of squares of another program", (share, sum) => {
  const fitted = fitGroups(powerLawWithLimit, published(), { share }, { interval: "delta" });
  expect(fitted.status).toBe("converged");
  expect(fitted.objective.toExponential(4)).toBe(sum);
  expect(fitted.groups.reduce((total, { objective }) => total + objective, 0)).toBeCloseTo(fitted.objective, 12);
});

test("one group is the case of one, and groups that share nothing are fitted each by itself", () => {
  const data = drawn(powerLawWithLimit, [1.8, 300, 0.3], [spread(1e7, 1e10, 10)], 0.003, 3);
  expect(fitGroups(powerLawWithLimit, [data]).groups[0]).toEqual(fitLaw(powerLawWithLimit, data));
  const other = drawn(powerLawWithLimit, [2.1, 60, 0.25], [spread(1e6, 1e9, 8)], 0.003, 4);
  const both = fitGroups(powerLawWithLimit, [data, other], {}, { interval: "delta" });
  [data, other].forEach((group, g) => {
    const single = fitLaw(powerLawWithLimit, group, { interval: "delta" });
    for (const name of ["limit", "exponent"]) {
      expect(both.groups[g]?.parameters[name]?.estimate).toBeCloseTo(single.parameters[name]?.estimate ?? 0, 8);
    }
  });
});

test("two architectures under the Chinchilla law with one limit and one exponent of the tokens", () => {
  const [n, d] = [spread(1e7, 1e9, 4), spread(1e8, 1e11, 5)];
  const design = [n.flatMap((size) => d.map(() => size)), n.flatMap(() => d)];
  const first = drawn(chinchilla, [1.7, 400, 410, 0.34, 0.28], design, 0.001, 5);
  const second = drawn(chinchilla, [1.7, 300, 410, 0.33, 0.28], design, 0.001, 6);
  const fitted = fitGroups(chinchilla, [first, second], { share: ["E", "beta"] }, { interval: "delta" });
  expect(fitted.status).toBe("converged");
  for (const [name, truth] of [
    ["E", 1.7],
    ["beta", 0.28],
  ] as const) {
    const { estimate = 0, standardError } = fitted.shared[name] ?? {};
    expect(Math.abs(estimate - truth)).toBeLessThan(3 * (standardError ?? 0));
  }
});

test("what makes no sense is refused in one line", () => {
  const refused = (sharing: Parameters<typeof fitGroups>[2]) => () =>
    fitGroups(straight, lines, sharing, { space: "linear" });
  expect(refused({ share: ["slope"] })).toThrow(
    /^fit: a shared one must name a parameter of a \+ b\*x \(a, b\), got "slope"/,
  );
  expect(refused({ share: ["b"], by: { b: "rounds" } })).toThrow(/shared or a function of a covariate, got both/);
  expect(refused({ by: { b: "depth" } })).toThrow(/numbers that the groups have, got none for depth/);
  expect(refused({ by: { b: "0*rounds" } })).toThrow(/groups that differ in it, got one value/);
  expect(() => fitGroups(straight, lines, { by: { b: "1/(rounds - 1)" } })).toThrow(InputError);
  const short = { ...points([[1]], [2]), group: { line: "short" } };
  expect(() => fitGroups(straight, [...lines, short], { share: [] }, { space: "linear" })).toThrow(FitError);
});
