// Laws that miss the shape of the data: what a bend would change, and that no difference is called which it would undo.
import { expect, test } from "vitest";
import { bending } from "../../src/compare/bend.js";
import { compare } from "../../src/compare/compare.js";
import { fitSchemes } from "../../src/compare/schemes.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import { DEFAULT_FIT_OPTIONS } from "../../src/fit/record.js";
import { formulaLaw } from "../../src/law/formula.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";
import { bent, LAST, law, scheme } from "./bent-schemes.js";

test("one step from the fit, the change is that of the law fitted anew with a parabola of its own", () => {
  const group = scheme("bent", bent, 1, 0.0005);
  const free = formulaLaw("(E + b*flops^(-c)) * exp(d*(log(flops) - 26.5)^2)", ["flops"]);
  const point = [LAST];
  const [one] = fitSchemes(powerLawWithLimit, [group], DEFAULT_FIT_OPTIONS).all;
  if (one === undefined) throw new Error("one group has one fit");
  const loss = powerLawWithLimit.value(one.theta, point);
  const gradient = new Float64Array(3);
  powerLawWithLimit.gradient(one.theta, point, gradient);
  const other = fitLaw(free, group, { start: { E: 1.4, b: 200, c: 0.25, d: 0 } });
  const values = free.parameters.map(({ name }) => other.parameters[name]?.estimate ?? Number.NaN);
  const change = free.value(values, point) - loss;
  expect(Math.abs(change)).toBeGreaterThan(0.002);
  expect(Math.abs(bending(one)(gradient, { x: LAST, loss }) / change - 1)).toBeLessThan(0.05);
});

test("two schemes equal at the last budget, one bent: laws alone call a difference, with the bend hardly any is told", () => {
  let [byLaws, told, measured] = [0, 0, 0];
  for (let seed = 0; seed < 20; seed++) {
    const groups = [scheme("plain", law, seed), scheme("bent", bent, seed)];
    const result = compare(groups, { baseline: "plain", replicates: 0 });
    const loss = result.differences.find(({ quantity }) => quantity === "loss");
    byLaws += Number((loss?.pValue ?? 1) < 0.05);
    told += Number(loss?.told);
    measured += Number((result.measured[0]?.pValue ?? 1) < 0.05);
  }
  // 42, 4 and 1 of 60 sets; a test at 5% may call 4 of 20 with a probability of .016.
  expect(byLaws).toBeGreaterThan(10);
  expect(told).toBeLessThan(5);
  expect(measured).toBeLessThan(5);
});

test("where the law is true a bend takes away next to nothing", () => {
  const lower = (x: number) => 1.39 + 200 * x ** -0.25;
  let [byLaws, told] = [0, 0];
  for (let seed = 0; seed < 20; seed++) {
    const { differences } = compare([scheme("plain", law, seed), scheme("lower", lower, seed)], {
      baseline: "plain",
      replicates: 0,
    });
    const loss = differences.find(({ quantity }) => quantity === "loss");
    byLaws += Number((loss?.pValue ?? 1) < 0.05);
    told += Number(loss?.told);
  }
  expect(byLaws).toBeGreaterThan(15);
  expect(byLaws - told).toBeLessThan(3);
});

test("a verdict that rests on a difference which a bend would undo is withheld, and a doubt says so", () => {
  const { attribution, differences, fits, warnings } = compare([scheme("plain", law, 3), scheme("bent", bent, 3)], {
    baseline: "plain",
    replicates: 0,
  });
  // Less than the share of the range from which on a doubt of the fit would forbid the verdict by itself.
  expect(fits[1]?.structure?.share).toBeLessThan(0.01);
  const limit = differences.find(({ quantity }) => quantity === "limit");
  expect(attribution.tests.some(({ rejected }) => rejected)).toBe(true);
  expect([limit?.told, (limit?.adjustedPValue ?? 1) < 0.05]).toEqual([false, true]);
  expect(Math.abs(limit?.bend ?? 0)).toBeGreaterThan(Math.abs(limit?.simultaneous?.upper ?? Number.NaN));
  expect(attribution.obstacles).toEqual([{ scheme: "bent", code: "residuals-structured" }]);
  expect(attribution.verdict).toBe("cannot tell");
  expect(warnings.find(({ code }) => code === "laws-bend")?.message).toMatch(/limit of bent .*lean on the measured/);
});
