// Columns are longer than a call takes arguments.
import { expect, test } from "vitest";
import { extent } from "../../src/base/extent.js";
import { parseJsonLines } from "../../src/curve/read/json-lines.js";

test("the ends of a column, however long", () => {
  expect(extent([3, -1, 2])).toEqual([-1, 3]);
  expect(extent([])).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  expect(extent([1, Number.NaN, 2])).toEqual([Number.NaN, Number.NaN]);
  const long = Float64Array.from({ length: 500_000 }, (_, i) => (i * 7919) % 500_009);
  expect(() => Math.max(...long)).toThrow(RangeError);
  expect(extent(long)).toEqual([0, 500_008]);
});

test("a JSON list of 200,000 rows is read", () => {
  const rows = Array.from({ length: 200_000 }, (_, i) => ({ tokens: i + 1, loss: 2 }));
  expect(parseJsonLines("t", JSON.stringify(rows)).rows).toBe(200_000);
});
