// Differences as the points have them: the paired t test by hand, and where there is none.
import { expect, test } from "vitest";
import { item } from "../../src/base/item.js";
import { random } from "../../src/base/random.js";
import { measuredDifferences } from "../../src/compare/measured.js";
import { ladder } from "./ladder-data.js";

const OPTIONS = { baseline: 0, point: [1e9], budget: 1e9, level: 0.95, seed: 1 };
const KEYS = ["1", "2", "3", "4", "5"];
/** Three budgets of which the last is the one; a step more or less of it is the same budget. */
const scheme = (name: string, losses: readonly number[], last = 1e9) =>
  ladder(name, [1e7, 1e8, ...losses.map(() => last)], [3, 2.5, ...losses], ["a", "b", ...KEYS.slice(0, losses.length)]);
const baseline = scheme("baseline", [2.1, 2.12, 2.09, 2.11, 2.13]);

test("five pairs: mean, standard error, t interval and p-value worked by hand", () => {
  // Differences −.02, −.01, −.03, .00, −.04: mean −.02, variance .00025, standard error .0070711, t = 2.8284 of 4 degrees of
  // freedom, whose 97.5% point is 2.776445; p = 1 − t·(t² + 6)/(t² + 4)^1.5 = .0474207.
  const [row, ...others] = measuredDifferences(
    [baseline, scheme("a", [2.08, 2.11, 2.06, 2.11, 2.09], 1.001e9)],
    OPTIONS,
  );
  expect(others).toEqual([]);
  expect([row?.scheme, row?.baseline, row?.pairs, row?.budget]).toEqual(["a", "baseline", 5, 1e9]);
  expect(row?.difference).toBeCloseTo(-0.02, 12);
  expect(row?.standardError).toBeCloseTo(Math.sqrt(0.00025 / 5), 12);
  expect(row?.interval.lower).toBeCloseTo(-0.02 - 2.776445 * Math.sqrt(0.00025 / 5), 7);
  expect(row?.interval.upper).toBeCloseTo(-0.02 + 2.776445 * Math.sqrt(0.00025 / 5), 7);
  expect(row?.pValue).toBeCloseTo(0.0474207, 6);
  expect([row?.simultaneous, row?.adjustedPValue]).toEqual([row?.interval, row?.pValue]);
});

test("of several schemes the intervals hold together: between one alone and Bonferroni's", () => {
  const rows = measuredDifferences(
    [
      baseline,
      scheme("a", [2.08, 2.11, 2.06, 2.11, 2.09]),
      scheme("b", [2.12, 2.1, 2.08, 2.13, 2.12]),
      scheme("c", [2.11, 2.1, 2.1, 2.1, 2.14]),
    ],
    OPTIONS,
  );
  expect(rows.map((row) => row.scheme)).toEqual(["a", "b", "c"]);
  for (const { interval, simultaneous, standardError, difference, pValue, adjustedPValue } of rows) {
    const wide = (simultaneous.upper ?? Number.NaN) - difference;
    expect(wide).toBeGreaterThan((interval.upper ?? Number.NaN) - difference);
    // t of 4 degrees of freedom at 1 − .05/6; two standard deviations of 5,000 draws are 6% of .0167.
    expect(wide / standardError).toBeLessThan(3.961 * 1.02);
    expect(adjustedPValue).toBeGreaterThanOrEqual(pValue);
    expect(adjustedPValue).toBeLessThan(Math.min(1, 3.2 * pValue) + 1e-12);
  }
});

test.each([
  { schemes: 5, pairs: 3 },
  { schemes: 39, pairs: 3 },
  { schemes: 7, pairs: 10 },
])(
  "$schemes schemes with $pairs pairs, all alike: in 1 of 20 families some interval is without 0",
  ({ schemes, pairs }) => {
    const stream = random(7);
    const family = () =>
      Array.from({ length: schemes + 1 }, () => Array.from({ length: pairs }, () => stream.normal()));
    const keys = Array.from({ length: pairs }, (_, k) => String(k));
    const groups = family().map((losses, l) =>
      ladder(
        `s${l}`,
        keys.map(() => 1e9),
        losses.map((z) => 2 + 0.01 * z),
        keys,
      ),
    );
    const [row] = measuredDifferences(groups, OPTIONS);
    const critical = ((row?.simultaneous.upper ?? Number.NaN) - (row?.difference ?? 0)) / (row?.standardError ?? 0);
    const count = 10000;
    let called = 0;
    for (let i = 0; i < count; i++) {
      const [baseline = [], ...others] = family();
      const some = others.some((losses) => {
        const values = losses.map((value, k) => value - (baseline[k] ?? 0));
        const mean = values.reduce((sum, v) => sum + v, 0) / pairs;
        const squares = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
        return Math.abs(mean) > critical * Math.sqrt(squares / (pairs - 1) / pairs);
      });
      if (some) called++;
    }
    // Four standard errors of both simulations.
    expect(Math.abs(called / count - 0.05)).toBeLessThan(0.015);
  },
);

test("no keys, other budgets, one pair, differences all alike or a key that stands twice: no measured difference", () => {
  const one = scheme("one", [2.08]);
  const far = scheme("far", [2.08, 2.11, 2.06, 2.11, 2.09], 1.1e9);
  const unkeyed = { ...scheme("unkeyed", [2.08, 2.11, 2.06, 2.11, 2.09]), pair: null };
  const twice = scheme("twice", [2.08, 2.11, 2.06]);
  const doubled = { ...twice, pair: ["a", "b", "1", "1", "2"] };
  const same = scheme("same", [2.1, 2.12, 2.09, 2.11, 2.13]);
  for (const group of [one, same, far, unkeyed, doubled])
    expect(measuredDifferences([baseline, group], OPTIONS)).toEqual([]);
});

test("in a law of two variables points must be there in both", () => {
  const sized = (name: string, shift: number) => {
    const group = scheme(name, [2.1 + shift, 2.12, 2.3, 2.31]);
    return { ...group, x: [Float64Array.of(1e6, 1e6, 2e6, 2e6, 1e6, 1e6), item(group.x, 0)] };
  };
  const [row] = measuredDifferences([sized("baseline", 0), sized("other", 0.2)], { ...OPTIONS, point: [2e6, 1e9] });
  // The two points of 2e6: .2 and 0; the others differ by nothing.
  expect([row?.pairs, row?.difference]).toEqual([2, expect.closeTo(0.1, 12)]);
});
