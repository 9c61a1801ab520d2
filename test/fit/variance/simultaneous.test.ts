// Simultaneous intervals and p-values: Dunnett's (1964) table for comparisons with one baseline, Šidák's level for
// estimates that share nothing, and no change where all are the same.
import { expect, test } from "vitest";
import { normalBelow, normalQuantile } from "../../../src/base/distributions.js";
import { random } from "../../../src/base/random.js";
import { family, type Member } from "../../../src/fit/variance/simultaneous.js";

const POINTS = 6;

/** Means of two groups of points; groups of one number are the same points. */
function difference(group: number, baseline: number): Member {
  const places = [group, baseline].flatMap((g, side) => Array.from({ length: POINTS }, (_, i) => ({ g, side, i })));
  return { draws: places.map(({ g, i }) => g * POINTS + i), pulls: places.map(({ side }) => (side === 0 ? 1 : -1)) };
}

const REPLICATES = 20000;
const quantileOf = (level: number) => normalQuantile((1 + level) / 2);

test.each([
  [2, 2.21],
  [5, 2.51],
  [9, 2.69],
])("%i schemes against one baseline: Dunnett's %f", (schemes, wanted) => {
  const members = Array.from({ length: schemes }, (_, k) => difference(k + 1, 0));
  const { level, adjusted } = family(members, 0.95, 1, REPLICATES);
  // The table's rounding and four standard errors of the simulated quantile.
  expect(Math.abs(quantileOf(level) - wanted)).toBeLessThan(0.045);
  expect(adjusted(2 * normalBelow(-wanted))).toBeCloseTo(0.05, 2);
});

test("estimates that share nothing: Šidák's level", () => {
  const members = Array.from({ length: 6 }, (_, k) => difference(2 * k, 2 * k + 1));
  const { level } = family(members, 0.95, 2, REPLICATES);
  expect(level).toBeCloseTo(0.95 ** (1 / 6), 2.3);
});

test("one estimate, or the same one twice, is left as it is", () => {
  expect(family([difference(1, 0)], 0.95, 3)).toMatchObject({ level: 0.95 });
  const twice = family([difference(1, 0), difference(1, 0)], 0.95, 3, REPLICATES);
  expect(twice.level).toBeCloseTo(0.95, 2);
  expect(twice.adjusted(0.2)).toBeCloseTo(0.2, 1.7);
});

test("an interval is without 0 exactly where its adjusted p-value is small enough", () => {
  const { level, adjusted } = family(
    [1, 2, 3, 4].map((k) => difference(k, 0)),
    0.95,
    4,
  );
  const stream = random(5);
  for (let i = 0; i < 200; i++) {
    const pValue = 0.05 * stream.uniform();
    expect(adjusted(pValue) <= 0.05).toBe(pValue < 1 - level);
  }
});
