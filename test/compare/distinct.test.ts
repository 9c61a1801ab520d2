// Least squares of all points and of their means at distinct x: one sum of squares, whatever the law.
import { expect, test } from "vitest";
import { distinctX } from "../../src/compare/distinct.js";
import { residuals } from "../../src/compare/joint.js";

test.each(["log", "linear"] as const)("weighted, %s", (space) => {
  const u = Float64Array.of(0, 1, 0, 2, 1, 0);
  const loss = Float64Array.of(3, 2.5, 3.2, 2.1, 2.4, 2.9);
  const weight = Float64Array.of(1, 2, 0.5, 1, 3, 1);
  const ladder = { name: "a", u, loss, weight, pair: null, run: null };
  const { ladders, load } = distinctX([ladder], space);
  const within = load([loss]);
  expect(Array.from(ladders[0]?.u ?? [])).toEqual([0, 1, 2]);
  const model = { space, limit: "free", exponent: "free", huber: null } as const;
  for (const theta of [Float64Array.of(1, 0.7, 0.3), Float64Array.of(2, -0.2, 0.5)]) {
    const sum = (list: typeof ladders) =>
      Array.from(residuals(list, model, theta)[0] ?? []).reduce(
        (total, r, i) => total + (list[0]?.weight[i] ?? 0) * r * r,
        0,
      );
    expect(sum(ladders) + within).toBeCloseTo(sum([ladder]), 12);
  }
});
