// One engine: what compare says of differences is what fit says of the schemes one by one, for every pairing of weights,
// loss and space.
import { describe, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { compare } from "../../src/compare/compare.js";
import type { Observations } from "../../src/curve/observations.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import { weighedByNoise } from "../../src/fit/fitted.js";
import { DEFAULT_FIT_OPTIONS, type FitOptions } from "../../src/fit/record.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";

const X = [1e6, 3e6, 1e7, 3e7, 1e8, 3e8, 1e9];

/** Three seeds a horizon, noise and its stated standard error growing along x, one point far off. */
function scheme(name: string, [limit, coefficient, exponent]: readonly [number, number, number]): Observations {
  const stream = random(name);
  const x = X.flatMap((value) => [value, value, value]);
  const sizes = x.map((_, i) => 0.002 * (1 + (i % 3)) * (1 + i / 10));
  return {
    group: { scheme: name },
    x: [Float64Array.from(x)],
    loss: Float64Array.from(x, (value, i) => {
      const outlier = i === 7 ? 0.05 : 0;
      return limit + coefficient * value ** -exponent + (sizes[i] ?? 0) * stream.normal() + outlier;
    }),
    standardError: Float64Array.from(sizes),
    run: null,
    pair: x.map((value, i) => `${value}/${i % 3}`),
    decayed: null,
    excluded: [],
  };
}

const groups = [scheme("a", [1.85, 60, 0.25]), scheme("b", [1.87, 64, 0.26])];
const LOSSES: readonly FitOptions["loss"][] = [
  { kind: "squared" },
  { kind: "huber", delta: 1e-3 },
  { kind: "huber", delta: 0.5 },
  { kind: "absolute" },
];
const cases = LOSSES.flatMap((loss) =>
  (["log", "linear"] as const).flatMap((space) =>
    ([true, false, "auto"] as const).map((weighted) => ({ loss, space, weighted })),
  ),
);

describe.each(cases)("%o", (options) => {
  const comparison = compare(groups, { fit: options, replicates: 0 });
  const fits = groups.map((group) => fitLaw(powerLawWithLimit, group, { ...options, interval: "delta" }));
  const value = (l: number, name: string) => fits[l]?.parameters[name]?.estimate ?? Number.NaN;

  test("differences are those of the fits, printed and made", () => {
    for (const name of ["limit", "exponent"]) {
      const row = comparison.differences.find(({ quantity }) => quantity === name);
      expect(row?.difference).toBeCloseTo(value(1, name) - value(0, name), 12);
      const printed = comparison.fits.map(({ parameters }) => parameters[name]?.estimate ?? Number.NaN);
      expect(row?.difference).toBeCloseTo((printed[1] ?? Number.NaN) - (printed[0] ?? Number.NaN), 6);
    }
    const loss = comparison.differences.find(({ quantity }) => quantity === "loss");
    const at = (l: number) => value(l, "limit") + value(l, "coefficient") * 1e9 ** -value(l, "exponent");
    expect(loss?.difference).toBeCloseTo(at(1) - at(0), 10);
  });

  test("the multiplier takes the baseline's law to the scheme's loss", () => {
    const [row] = comparison.multipliers;
    const { budget, multiplier } = row?.last ?? { budget: Number.NaN, multiplier: null };
    const loss = (l: number, x: number) => value(l, "limit") + value(l, "coefficient") * x ** -value(l, "exponent");
    // Null where the baseline's limit lies above the scheme's loss.
    expect(multiplier === null).toBe(loss(1, budget) <= value(0, "limit"));
    if (multiplier !== null) expect(loss(0, multiplier * budget)).toBeCloseTo(loss(1, budget), 8);
  });

  test("the tests' free model is the least-squares fits", () => {
    // Weights by the noise are those of the fits that are compared, whatever their loss.
    const weighed = (group: Observations) =>
      options.weighted === "auto"
        ? weighedByNoise(powerLawWithLimit, group, { ...DEFAULT_FIT_OPTIONS, ...options }).group
        : group;
    const squared = groups.map((group) =>
      fitLaw(powerLawWithLimit, weighed(group), {
        ...options,
        weighted: options.weighted !== false,
        loss: { kind: "squared" },
      }),
    );
    const sum = squared.reduce((total, { objective }) => total + objective, 0);
    expect(comparison.attribution.free.sumOfSquares / sum).toBeCloseTo(1, 8);
  });
});
