// Zeros of functions, against values known in closed form.
import { expect, test } from "vitest";
import { zero } from "../../src/base/zero.js";

const CASES: readonly (readonly [name: string, f: (x: number) => number, from: number, to: number, at: number])[] = [
  ["x² − 2", (x) => x * x - 2, 0, 2, Math.SQRT2],
  ["falling", (x) => Math.exp(-x) - 0.5, 5, 0, Math.LN2],
  ["steep at one end", (x) => x ** 9 - 1e-9, 0, 10, 0.1],
  ["a step, infinite on one side", (x) => (x < 0.3 ? -1 : Number.POSITIVE_INFINITY), 0, 1, 0.3],
];

test.each(CASES)("%s", (name, f, from, to, at) => {
  let calls = 0;
  const counted = (x: number) => {
    calls++;
    return f(x);
  };
  const found = zero(counted, [from, f(from)], [to, f(to)], 1e-10);
  expect(Math.abs(found - at)).toBeLessThan(1e-10);
  // Halving alone takes 36 for a bracket of 5.
  expect(calls).toBeLessThan(name.startsWith("a step") ? 40 : 16);
});
