// Many groups side by side: the likelihood that keeps them apart is that of the whole matrix, however clusters lie.
import { describe, expect, test } from "vitest";
import { random } from "../../../src/base/random.js";
import { groupedLikelihood } from "../../../src/fit/variance/grouped-likelihood.js";
import { type Linearization, orthogonalise } from "../../../src/fit/variance/linearization.js";
import { restrictedLikelihood } from "../../../src/fit/variance/restricted-likelihood.js";

const GROUPS = 5;
const POINTS = 7;

/** Two parameters a group. */
function groups(cluster: (g: number, i: number) => number): Linearization {
  const stream = random(11);
  const points = Array.from({ length: GROUPS * POINTS }, (_, n) => ({ g: Math.floor(n / POINTS), i: n % POINTS }));
  return {
    rows: points.map(({ g, i }) =>
      Float64Array.from({ length: 2 * GROUPS }, (_, k) =>
        k === 2 * g ? 1 : k === 2 * g + 1 ? i + stream.normal() : 0,
      ),
    ),
    score: Float64Array.from(points, () => stream.normal()),
    slope: Float64Array.from(points, ({ i }) => 1 - 0.1 * (i % 3)),
    cluster: Int32Array.from(points, ({ g, i }) => cluster(g, i)),
    along: null,
  };
}

describe.each([
  ["across the groups", (_: number, i: number) => i],
  ["within them", (g: number, i: number) => 10 * g + (i % 3)],
  ["both", (g: number, i: number) => (i < 3 ? i : 10 * g + 10 + (i % 2))],
  ["none", (g: number, i: number) => g * POINTS + i],
])("clusters %s", (kind, cluster) => {
  const basis = orthogonalise(groups(cluster));
  const along = Float64Array.from({ length: GROUPS * POINTS }, (_, n) => (n % POINTS) / POINTS - 3 / POINTS);
  const shares = kind === "none" ? [0] : [-0.1, 0, 0.3, 0.95];

  test("the same numbers as over the whole matrix", () => {
    if (basis === null) throw new Error("the points determine the parameters");
    expect(basis.parts).toHaveLength(GROUPS);
    for (const slope of [-3, 0, 2.5]) {
      const apart = groupedLikelihood(basis, along, POINTS * GROUPS - 2 * GROUPS)(slope, shares);
      const whole = restrictedLikelihood(basis, along, POINTS * GROUPS - 2 * GROUPS)(slope, shares);
      apart.forEach((likely, k) => {
        expect(likely.variance / (whole[k]?.variance ?? Number.NaN)).toBeCloseTo(1, 9);
        expect(likely.log).toBeCloseTo(whole[k]?.log ?? Number.NaN, 8);
      });
    }
  });
});
