// Redrawing: what is drawn together stays together. Intervals: a published example.
import { describe, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import { type ResampleGroup, resampler } from "../../src/fit/bootstrap.js";
import { expandedLevel, percentileBounds, quantile } from "../../src/fit/bootstrap-interval.js";

const group = (
  pair: readonly string[],
  residual: readonly number[],
  run: readonly string[] | null = null,
): ResampleGroup => ({
  loss: new Float64Array(pair.length).fill(3),
  residual: Float64Array.from(residual),
  space: "linear",
  pair,
  run,
});

describe("one draw for all groups", () => {
  const a = group(["x", "y", "z", "w"], [0.1, -0.2, 0.3, -0.4]);
  const b = group(["z", "y", "x"], [0.03, -0.02, 0.01]);

  test("pairs: a key is drawn equally often in every group", () => {
    const draw = resampler([a, b], "pairs", "pair");
    const stream = random(1);
    for (let r = 0; r < 50; r++) {
      const [first, second] = draw(stream);
      expect([first?.count[2], first?.count[1], first?.count[0]]).toEqual(Array.from(second?.count ?? []));
      expect(first?.count.reduce((sum, n) => sum + n, 0)).toBe(4);
    }
  });

  test("wild: a key has one normal multiplier in every group", () => {
    const draw = resampler([a, b], "wild", "pair");
    const stream = random(2);
    const drawn: number[] = [];
    for (let r = 0; r < 400; r++) {
      const [first, second] = draw(stream);
      const multiplier = ((first?.loss[0] ?? 0) - 3) / 0.1;
      expect(((second?.loss[2] ?? 0) - 3) / 0.01).toBeCloseTo(multiplier, 9);
      drawn.push(multiplier);
    }
    // Mean 0, variance 1 and a fourth moment of 3 (of signs: 1), each ± 4 standard deviations of 400 normal numbers.
    const moment = (order: number) => drawn.reduce((sum, value) => sum + value ** order, 0) / drawn.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.2);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / 400));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / 400));
  });

  test("residual: groups take the residual of one and the same key, centred", () => {
    const mean = (0.1 - 0.2 + 0.3 - 0.4) / 4;
    const draw = resampler([a, group(["x", "y", "z", "w"], [1, -2, 3, -4])], "residual", "pair");
    const stream = random(3);
    for (let r = 0; r < 50; r++) {
      const [first, second] = draw(stream);
      for (let i = 0; i < 4; i++) {
        const taken = (first?.loss[i] ?? 0) - 3 + mean;
        expect((second?.loss[i] ?? 0) - 3 + 10 * mean).toBeCloseTo(10 * taken, 9);
      }
    }
  });

  test("runs: all points of a run are drawn together", () => {
    const draw = resampler([group(["1", "2", "3", "4"], [1, 1, 1, 1], ["p", "p", "q", "q"])], "pairs", "run");
    const stream = random(4);
    for (let r = 0; r < 20; r++) {
      const count = draw(stream)[0]?.count;
      expect(count?.[0]).toBe(count?.[1]);
      expect(count?.[2]).toBe(count?.[3]);
      expect((count?.[0] ?? 0) + (count?.[2] ?? 0)).toBe(2);
    }
  });

  test("a unit without its key, and residuals by run, are refused with the remedy", () => {
    expect(() => resampler([a], "wild", "run")).toThrow(/needs a run key/);
    expect(() => resampler([a], "residual", "run")).toThrow(/use method wild or pairs/);
  });
});

describe("intervals", () => {
  // Spatial test data of Efron & Tibshirani (1993), table 14.1: the variance of A. Table 14.2 gives for 90%:
  // percentile (100.8, 233.9) from 2,000 replicates.
  const a = [48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26, 30, 41];
  const variance = (values: readonly number[]) => {
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    return values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  };
  const stream = random(5);
  const replicates = Array.from({ length: 20_000 }, () => variance(a.map(() => a[stream.integer(a.length)] ?? 0)));

  test("percentiles of a published example", () => {
    expect(variance(a)).toBeCloseTo(171.5, 1);
    const percentile = percentileBounds(replicates, 0.9);
    expect(Math.abs((percentile?.lower ?? 0) - 100.8)).toBeLessThan(4);
    expect(Math.abs((percentile?.upper ?? 0) - 233.9)).toBeLessThan(4);
  });

  test("quantiles are those of R's default definition", () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBeCloseTo(1.75, 12);
    expect(quantile([1, 2, 3, 4], 1)).toBe(4);
  });

  test("the widened level turns the normal quantile into that of t", () => {
    // t(.975, 15) = 2.1314 and Φ(2.1314) = .98347, from tables.
    expect(expandedLevel(0.95, 15)).toBeCloseTo(2 * 0.98347 - 1, 4);
    expect(expandedLevel(0.95, 0)).toBe(0.95);
  });

  test("too few replicates give no interval", () => {
    expect(percentileBounds([1, 2, 3], 0.95)).toBeNull();
  });
});
