// The analytic Jacobian of every law against central differences of its value.
import { expect, test } from "vitest";
import { LAWS, lawByName } from "../../src/law/catalogue.js";
import { at } from "../../src/law/law.js";

const THETA: Readonly<Record<string, readonly number[]>> = {
  "power-law-with-limit": [1.7, 40, 0.3],
  "power-law": [40, 0.3],
  m3: [30, 2e-8, 0.25],
  m4: [1.6, 9, 0.7, 45, 0.31],
  "bnsl-1": [1.5, 20, 0.2, 0.15, 3e6, 0.7],
  "bnsl-2": [1.5, 20, 0.2, 0.15, 3e6, 0.7, -0.1, 8e7, 0.9],
  "rounds-exponential": [2.1, 0.8, 0.6],
  "rounds-power": [2.1, 0.8, 0.6],
  chinchilla: [1.69, 406, 410, 0.34, 0.28],
  "chinchilla-tied": [1.69, 406, 410, 0.31],
  looped: [1.57, 28, 915, 0.2, 0.37, 0.46],
};
const X: Readonly<Record<string, readonly number[]>> = {
  tokens: [1e6, 3e7, 2e9],
  parameters: [1e7, 2e8, 7e10],
  rounds: [1, 3, 8],
  parametersOnce: [7e6, 1e7, 4e7],
  parametersRecurrent: [2e7, 5e7, 3e8],
};

function check(law: ReturnType<typeof lawByName>, theta: readonly number[], points: readonly (readonly number[])[]) {
  for (const x of points) {
    const out = new Float64Array(theta.length);
    expect(law.gradient(theta, x, out)).toBeCloseTo(law.value(theta, x), 12);
    theta.forEach((value, k) => {
      const h = 1e-5 * Math.abs(value);
      const shifted = (sign: number) =>
        law.value(
          theta.map((v, j) => (j === k ? v + sign * h : v)),
          x,
        );
      // Fourth-order central difference.
      const up = shifted(1) - shifted(-1);
      const wide = shifted(2) - shifted(-2);
      const difference = (8 * up - wide) / (12 * h);
      // Differences carry rounding of 1e-11·loss/θ; a slope that small is held to that instead of to itself.
      const scale = Math.max(Math.abs(difference), 1e-5 * Math.abs(law.value(theta, x) / value));
      expect(Math.abs(at(out, k) - difference) / scale, `${law.name} ∂${law.parameters[k]?.name} at ${x}`).toBeLessThan(
        2e-6,
      );
    });
  }
}

test.each(LAWS.map((law) => [law.name, law] as const))("%s", (name, law) => {
  const theta = THETA[name] ?? [];
  expect(theta).toHaveLength(law.parameters.length);
  check(
    law,
    theta,
    [0, 1, 2].map((i) => law.variables.map((variable) => X[variable]?.[i] ?? Number.NaN)),
  );
});

test("a formula: symbolic derivatives, variables by column, linear parameters and roles", () => {
  const law = lawByName("E + A/N^alpha + B/D^beta", ["N", "D", "loss"]);
  expect(law.variables).toEqual(["N", "D"]);
  expect(law.parameters.map((p) => [p.name, p.linear, p.role])).toEqual([
    ["E", true, "limit"],
    ["A", true, "coefficient"],
    ["alpha", false, "exponent"],
    ["B", true, "coefficient"],
    ["beta", false, "exponent"],
  ]);
  check(
    law,
    [1.69, 406, 0.34, 410, 0.28],
    [
      [2e8, 3e9],
      [7e10, 1e8],
    ],
  );
  const product = lawByName("a*b*exp(-k*x) + atan(c)/x", ["x"]);
  expect(product.parameters.filter((p) => p.linear).map((p) => p.name)).toEqual(["a"]);
  check(product, [2, 3, 0.4, 0.7], [[1.5], [4]]);
});

test.each([
  ["tokens", /law must be one of/],
  ["chinchila", /did you mean chinchilla/],
  ["a + b", /must have a variable/],
  ["x^2", /must have a parameter/],
  ['a*x; import("fs")', /plain arithmetic/],
  ["f(x) = a*x", /assign nothing/],
  ["x.constructor*a", /no property access/],
  ["evaluate(a*x)", /known one/],
  ["a*max(x, b)", /derivative/],
  [`a*x${"+a*x".repeat(2000)}`, /characters/],
])("refuses %.30s", (text, message) => {
  expect(() => lawByName(text, ["x"])).toThrow(message);
});

test("m4 solves its own equation, at α = 0 it is the power law with limit", () => {
  const m4 = lawByName("m4");
  const [limit, start, alpha, beta, c] = [1.6, 9, 0.7, 45, 0.31];
  for (const tokens of [1, 1e3, 1e8, 1e15]) {
    const loss = m4.value([limit, start, alpha, beta, c], [tokens]);
    expect((loss - limit) / (start - loss) ** alpha / (beta * tokens ** -c)).toBeCloseTo(1, 10);
  }
  const power = lawByName("power-law-with-limit");
  expect(m4.value([1.6, 900, 0, 45, 0.31], [1e7])).toBeCloseTo(power.value([1.6, 45, 0.31], [1e7]), 12);
});
