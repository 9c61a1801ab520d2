// Formulas of the user's: values against hand arithmetic, derivatives against central differences, and what is refused.
import { describe, expect, test } from "vitest";
import { InputError } from "../../src/base/errors.js";
import { compileExpression, compileRowExpression } from "../../src/base/expression/compile.js";
import { derivative, parseExpression } from "../../src/base/expression/parse.js";

const evaluate = (text: string, scope: Readonly<Record<string, number>>): number =>
  compileExpression(parseExpression(text), Object.keys(scope))(Object.values(scope));

describe("values", () => {
  test.each([
    ["2 + 3 * 4", {}, 14],
    ["-x^2", { x: 3 }, -9],
    ["2^3^2", {}, 512],
    ["E + A/N^alpha", { E: 1, A: 8, N: 4, alpha: 0.5 }, 5],
    ["3 x", { x: 2 }, 6],
    ["log(8, 2) + log10(100) + log(e)", {}, 6],
    ["max(1, x, 2) - min(x, 0)", { x: 7 }, 7],
    ["x > 2 and not (x > 3) ? 10 : 20", { x: 2.5 }, 10],
    ["1 < x < 3", { x: 2 }, Number.NaN],
  ])("%s", (text, scope, expected) => {
    if (Number.isNaN(expected)) expect(() => evaluate(text, scope)).toThrow(InputError);
    else expect(evaluate(text, scope)).toBeCloseTo(expected, 12);
  });

  test("free names, constants aside, in order", () => {
    expect(parseExpression("b1 * exp(-b2 * x) + pi + e").names).toEqual(["b1", "b2", "x"]);
  });
});

test("derivatives agree with central differences", () => {
  const names = ["a", "b", "x"];
  const at = [1.3, 0.7, 2.1];
  for (const text of [
    "a*x^(-b)",
    "a/(1+exp(-b*x))",
    "a*atan(b*x) + tan(b)",
    "sqrt(a+b*x)*log(x,10)",
    "tanh(a*b) + abs(x-a)",
  ]) {
    const expression = parseExpression(text);
    const value = compileExpression(expression, names);
    names.forEach((name, i) => {
      const step = (h: number): number => value(at.map((v, j) => (i === j ? v + h : v)));
      const exact = compileExpression(derivative(expression, name), names)(at);
      expect(exact).toBeCloseTo((step(1e-6) - step(-1e-6)) / 2e-6, 7);
    });
  }
  expect(() => derivative(parseExpression("max(a, 1)"), "a")).toThrow(/derivative/);
});

describe("refused, with the column", () => {
  test.each([
    ["", /must not be empty/],
    ["x = 3", /column 3: .*assign nothing/],
    ["f(x) = x", /column 6/],
    ['import("fs")', /column 1: function must be a known one, got "import"/],
    ["exq(x)", /did you mean exp\?/],
    ["x.constructor", /column 2: .*property/],
    ["a[1]", /column 2/],
    ["{a: 1}", /column 1/],
    ["1; 2", /column 2/],
    ["a + * b", /column 5: formula must parse/],
    ["x!", /operator must be one of/],
    ["1e999", /finite/],
    ["(".repeat(101), /nest at most 100/],
    [`${"-".repeat(3999)}x`, /nest at most|must parse/],
    [Array(1_000_000).fill("x").join("+"), /at most 4000 characters/],
    ["sin(1, 2)", /sin must have 1 input/],
    ['x + "', /column 5/],
    ["1:3", /./],
  ])("%.20s", (text, message) => {
    expect(() => parseExpression(text, "--law")).toThrow(InputError);
    expect(() => parseExpression(text, "--law")).toThrow(message);
  });

  test("an unknown name, at its column", () => {
    expect(() => compileExpression(parseExpression("a + tokenz", "--where"), ["a", "tokens"], "--where")).toThrow(
      '--where column 5: name must be a known one, got "tokenz"; did you mean tokens?',
    );
  });
});

test("rows: numbers and text", () => {
  const columns = new Map([
    ["n", { kind: "number" as const, values: new Float64Array([1, 2, 3]) }],
    ["scheme", { kind: "text" as const, values: ["a", "b", "a"] }],
  ]);
  const rows = (text: string): number[] => {
    const keep = compileRowExpression(
      parseExpression(text),
      (name) => columns.get(name),
      [...columns.keys()],
      "--where",
    );
    return [0, 1, 2].filter((row) => keep(row) !== 0);
  };
  expect(rows('scheme == "a" and n > 1')).toEqual([2]);
  expect(rows('scheme != "a" or n == 1')).toEqual([0, 1]);
  expect(() => rows("scheme > 1")).toThrow(/must hold numbers/);
});
