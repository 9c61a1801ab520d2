// Weights by the noise as it is estimated: what they are made of, that they are what a user could have given, and that they
// buy shorter intervals which still cover.
import { describe, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { fit as fitLaw } from "../../src/fit/fit.js";
import { predict } from "../../src/fit/predict.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";
import { points, spread } from "./points.js";

const TRUTH = [2, 60, 0.25] as const;
const HORIZONS = spread(1e6, 1e9, 8);
const X = HORIZONS.flatMap((x) => [x, x, x]);

/** Three seeds at eight horizons, the noise of the log loss from .002 to .016; `bump` is added at the fourth horizon. */
function rising(seed: number, bump = 0) {
  const stream = random(seed).split("rising");
  const loss = X.map((x, i) => {
    const horizon = Math.floor(i / 3);
    const error = 0.002 * 8 ** (horizon / 7) * stream.normal() + (horizon === 3 ? bump : 0);
    return powerLawWithLimit.value(TRUTH, [x]) * Math.exp(error);
  });
  return points([X], loss);
}

describe("--weights auto", () => {
  test("is the fit that has these errors given", () => {
    const data = rising(1);
    const auto = fitLaw(powerLawWithLimit, data, { weighted: "auto" });
    const [least, greatest] = auto.noiseWeights?.ends ?? [Number.NaN, Number.NaN];
    expect(auto.noiseWeights?.from).toBe("repeats");
    expect(least * greatest).toBeCloseTo(1, 12);
    expect(greatest / least).toBeGreaterThan(2);
    expect(greatest / least).toBeLessThan(32);
    const size = (x: number) => least * (greatest / least) ** (Math.log(x / 1e6) / Math.log(1e9 / 1e6));
    const given = { ...data, standardError: data.loss.map((loss, i) => loss * size(X[i] ?? Number.NaN)) };
    const same = fitLaw(powerLawWithLimit, given, { weighted: true });
    for (const [name, { estimate, standardError }] of Object.entries(auto.parameters)) {
      expect(estimate / (same.parameters[name]?.estimate ?? Number.NaN)).toBeCloseTo(1, 8);
      expect((standardError ?? 0) / (same.parameters[name]?.standardError ?? Number.NaN)).toBeCloseTo(1, 6);
    }
    expect(auto.warnings.find(({ code }) => code === "weighted-by-noise")?.message).toMatch(/grows .*repeat an x/);
  });

  test("a shape that the law misses leaves the noise of repeated losses as it was, and not that of residuals", () => {
    const ends = (bump: number, seeds: number) => {
      const whole = rising(2, bump);
      const kept = X.flatMap((_, i) => (i % 3 < seeds ? [i] : []));
      const data = points(
        [kept.map((i) => X[i] ?? Number.NaN)],
        kept.map((i) => whole.loss[i] ?? Number.NaN),
      );
      return fitLaw(powerLawWithLimit, data, { weighted: "auto" }).noiseWeights;
    };
    expect(ends(0.05, 3)?.ends[1]).toBeCloseTo(ends(0, 3)?.ends[1] ?? Number.NaN, 8);
    expect(ends(0.05, 1)?.from).toBe("residuals");
    expect(ends(0.05, 1)?.ends[1]).not.toBeCloseTo(ends(0, 1)?.ends[1] ?? Number.NaN, 2);
  });

  test("intervals under rising noise are a third shorter or more, cover, and know the noise of a new run", () => {
    const width = { auto: 0, plain: 0 };
    const covered = { limit: 0, newRun: 0 };
    const stream = random(3);
    for (let seed = 0; seed < 200; seed++) {
      const data = rising(seed);
      const auto = fitLaw(powerLawWithLimit, data, { weighted: "auto" });
      const plain = fitLaw(powerLawWithLimit, data);
      const of = ({ parameters }: typeof auto) => parameters.limit?.interval;
      width.auto += (of(auto)?.upper ?? Number.NaN) - (of(auto)?.lower ?? Number.NaN);
      width.plain += (of(plain)?.upper ?? Number.NaN) - (of(plain)?.lower ?? Number.NaN);
      covered.limit += Number((of(auto)?.lower ?? 9) <= 2 && (of(auto)?.upper ?? 0) >= 2);
      const [end] = predict(powerLawWithLimit, auto, [[1e9]]);
      const again = powerLawWithLimit.value(TRUTH, [1e9]) * Math.exp(0.016 * stream.normal());
      covered.newRun += Number((end?.newRun?.lower ?? 9) <= again && (end?.newRun?.upper ?? 0) >= again);
    }
    expect(width.auto).toBeLessThan(0.67 * width.plain);
    // 93% of 200 is 186; four standard deviations of Binomial(200, .93) are 14.4.
    expect(covered.limit).toBeGreaterThanOrEqual(171);
    expect(covered.newRun).toBeGreaterThanOrEqual(171);
  });

  test("noise without a trend to tell: weighted alike, and said", () => {
    const x = [1e7, 1e8, 1e9, 1e10];
    const exact = points(
      [x],
      x.map((value) => powerLawWithLimit.value(TRUTH, [value])),
    );
    const fitted = fitLaw(powerLawWithLimit, exact, { weighted: "auto" });
    expect(fitted.noiseWeights).toBeNull();
    expect(fitted.parameters.limit?.estimate).toBeCloseTo(2, 6);
    expect(fitted.warnings.map(({ code }) => code)).toContain("weighted-by-noise");
  });
});
