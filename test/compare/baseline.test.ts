// Which scheme the others are held against, by name, by a beginning of it, and when nobody said.
import { expect, test } from "vitest";
import { baselineIndex } from "../../src/compare/baseline.js";

test.each([
  [["deep_vanilla", "loop_2", "vanilla"], "vanilla"],
  [["RAO r=2 ((A B)^2)", "RINS r=2 (A^2 B)", "baseline (A B)"], "baseline (A B)"],
  [["a", "Plain, 64", "plains"], "Plain, 64"],
  // The name alone comes before one that goes on after it.
  [["baseline_wide", "plain"], "plain"],
  [["loop", "vanillas"], "loop"],
])("of %j nobody's choice is %s", (names, expected) => {
  expect(names[baselineIndex(names, null)]).toBe(expected);
});

test("a name, an alias, a beginning that only one has", () => {
  const names = ["RINS r=2 (A^2 B)", "RINS r=3 (A^3 B)", "baseline (A B)", "base"];
  const aliases = new Map([["rins-3", "RINS r=3 (A^3 B)"]]);
  const of = (wanted: string) => names[baselineIndex(names, wanted, aliases)];
  expect(of("base")).toBe("base");
  expect(of("rins-3")).toBe("RINS r=3 (A^3 B)");
  expect(of("rins r=2")).toBe("RINS r=2 (A^2 B)");
  expect(() => of("RINS")).toThrow(/baseline must be one of RINS r=2/);
  expect(() => of("rinz-3")).toThrow(/did you mean rins-3\?/);
  expect(() => of("")).toThrow(/baseline must be one of/);
});
