import { expect, test } from "vitest";
import { differences } from "../../src/reproduce/differences.js";

const files = (entries: Record<string, string>) => new Map(Object.entries(entries));
const fits = (limit: number) => JSON.stringify({ fits: [{ parameters: { limit: { estimate: limit } } }] });

test("the same files have no differences", () => {
  expect(differences(files({ "fits.json": fits(1.5) }), files({ "fits.json": fits(1.5) }), 0)).toEqual([]);
});

test("one altered number is named by its place", () => {
  const found = differences(files({ "fits.json": fits(1.5) }), files({ "fits.json": fits(1.6) }), 1e-9);
  expect(found).toEqual([
    { where: "fits.json fits[0].parameters.limit.estimate", old: "1.5", new: "1.6", tolerance: 1e-9 },
  ]);
});

test("a relative tolerance allows the last digits to differ, no tolerance does not", () => {
  const [a, b] = [files({ "fits.json": fits(1.5) }), files({ "fits.json": fits(1.5 * (1 + 1e-12)) })];
  expect(differences(a, b, 1e-9)).toEqual([]);
  expect(differences(a, b, 0)).toHaveLength(1);
});

test("missing files, added files and altered lines are named", () => {
  const found = differences(files({ "README.md": "a\nb\nc", old: "" }), files({ "README.md": "a\nB\nc", new: "" }), 0);
  expect(found.map((difference) => difference.where)).toEqual(["README.md line 2", "new", "old"]);
});

test("a number that became null is a difference under any tolerance", () => {
  expect(differences(files({ "a.json": "[1]" }), files({ "a.json": "[null]" }), 1)).toHaveLength(1);
});
