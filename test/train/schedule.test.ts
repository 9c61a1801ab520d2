import { expect, test } from "vitest";
import { learningRate, segments, trunkPoints } from "../../src/train/schedule.js";

const settings = { learningRate: 0.8, warmupSteps: 4, timescale: 3, cooldownFraction: 0.25 };

test("a hand-worked walk over trunk and branches", () => {
  expect(segments([8, 16], settings)).toEqual([
    { kind: "trunk", horizon: 0, from: 0, to: 6 },
    { kind: "branch", horizon: 0, from: 6, to: 8 },
    { kind: "trunk", horizon: 1, from: 6, to: 12 },
    { kind: "branch", horizon: 1, from: 12, to: 16 },
  ]);
});

test("hand-worked rates", () => {
  const [trunk, branch, , second] = segments([8, 28], settings);
  if (trunk === undefined || branch === undefined || second === undefined) throw new Error("four segments");
  // Warm-up in quarters, the peak at its end; √(1 + 3/3) = √2 three steps later.
  expect([0, 1, 2, 3, 4].map((step) => learningRate(step, trunk, settings))).toEqual([
    0.2, 0.4, 0.6000000000000001, 0.8, 0.8,
  ]);
  expect(learningRate(7, trunk, settings)).toBe(0.8 / Math.SQRT2);
  // √(1 + 9/3) = 2.
  expect(learningRate(13, trunk, settings)).toBe(0.4);
  // The cool-down starts at the trunk's rate √(1 + 2/3) and halves over two steps; 21 → 28 in sevenths.
  expect(learningRate(6, branch, settings)).toBeCloseTo(0.8 / Math.sqrt(5 / 3), 15);
  expect(learningRate(7, branch, settings)).toBeCloseTo(0.4 / Math.sqrt(5 / 3), 15);
  expect(learningRate(27, second, settings)).toBeCloseTo(0.8 / Math.sqrt(1 + 17 / 3) / 7, 15);
});

test("mid-run points stand twice an octave and at each start of a cool-down", () => {
  expect(trunkPoints([8, 32], settings, 2)).toEqual([4, 6, 8, 12, 16, 24]);
});
