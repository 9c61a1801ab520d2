import { expect, test } from "vitest";
import { count, duration, fixed, significant } from "../../src/base/format.js";

test.each([
  [1536, "1.54k"],
  [2_400_000, "2.40M"],
  [999, "999"],
  [999_400, "999k"],
  [999_600, "1.00M"],
  [999_754_061_824, "1.00T"],
  [-2.5e9, "-2.50G"],
  [0, "0"],
  [null, "–"],
  [Number.NaN, "–"],
])("a count of %s reads %s", (value, text) => {
  expect(count(value)).toBe(text);
});

test("a missing number is a dash and never 0", () => {
  expect([significant(null), fixed(null, 2), significant(Number.POSITIVE_INFINITY)]).toEqual(["–", "–", "–"]);
  expect([significant(0), fixed(0, 2)]).toEqual(["0", "0.00"]);
});

test.each([
  [42.4, "42 s"],
  [200, "3 min 20 s"],
  [7500, "2 h 5 min"],
])("%s seconds read %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
