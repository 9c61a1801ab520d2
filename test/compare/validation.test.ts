// A small seeded part of npm run validate: intervals cover whatever the noise, verdicts do not name what is not there.
import { expect, test } from "vitest";
import { answerable, attributed, covered, FALSE_TRUTHS, NOISES } from "../../scripts/validation/simulated.js";
import { random } from "../../src/base/random.js";

const DATA_SETS = 200;
/** 93% of 200 is 186, 98% 196; four standard deviations of Binomial(200, .93) are 14.4. */
const LEAST = 171;

test.each(Object.keys(NOISES).filter((name) => name !== "mild break"))("6 × 3, noise %s: intervals cover", (name) => {
  const counts = covered(name, "6 × 3", random(11), DATA_SETS);
  expect(Object.keys(counts).length).toBe(9);
  for (const [key, { hits }] of Object.entries(counts)) {
    expect(hits, key).toBeGreaterThanOrEqual(LEAST);
  }
});

test.each([
  ["constant", "neither"],
  ["rising 8-fold", "neither"],
  ["effect of the run", "neither"],
  ["constant", "limit"],
  ["common to schemes", "exponent"],
] as const)("8 × 3, noise %s, truth %s: false attribution at most 5 in 100", (name, truth) => {
  const counts = attributed(name, "8 × 3", 2, truth, random(12), 100);
  const wrong = FALSE_TRUTHS[truth].reduce((sum, verdict) => sum + (counts[verdict]?.hits ?? 0), 0);
  // Four standard deviations of Binomial(100, .05) above its mean are 13.7.
  expect(wrong).toBeLessThanOrEqual(13);
  if (truth !== "neither") expect(counts[truth]?.hits).toBeGreaterThan(80);
});

test("six schemes of one law: a difference of loss is called in 1 of 20 families", () => {
  const counts = attributed("constant", "6 × 3", 6, "neither", random(13), 60);
  expect(counts["a difference of loss"]?.hits).toBeLessThanOrEqual(9);
});

test("one run that supplies every horizon promises no interval of its own", () => {
  expect(answerable("effect of the run", "40 × 1")).toBe(false);
  expect(answerable("effect of the run", "6 × 3")).toBe(true);
});
