// The verdict's rules and Holm's adjustment, worked by hand.
import { expect, test } from "vitest";
import { adjustPairs, verdict } from "../../src/compare/attribution.js";
import type { NestedTest } from "../../src/compare/comparison.js";
import { holm } from "../../src/compare/holm.js";

const tests = (limit: boolean, exponent: boolean, both: boolean): readonly NestedTest[] =>
  (["shared-limit", "shared-exponent", "shared-both"] as const).map((model, i) => ({
    model,
    sumOfSquares: 1,
    parameters: 3,
    fStatistic: 1,
    numeratorDf: 1,
    denominatorDf: 10,
    pValue: 0.5,
    calibratedPValue: null,
    adjustedPValue: 0.5,
    rejected: [limit, exponent, both][i] ?? false,
  }));

test("a verdict is given only where the rival explanation is rejected", () => {
  expect(verdict(tests(false, true, true), "not shown")).toBe("exponent");
  expect(verdict(tests(true, false, true), "not shown")).toBe("limit");
  expect(verdict(tests(true, true, true), "not shown")).toBe("both");
  expect(verdict(tests(false, false, true), "equal")).toBe("cannot tell");
  expect(verdict(tests(false, true, false), "not shown")).toBe("cannot tell");
  expect(verdict(tests(false, false, false), "not shown")).toBe("cannot tell");
  expect(verdict(tests(false, false, false), "equal")).toBe("neither");
});

test("Holm's adjustment, as R's p.adjust gives it", () => {
  const close = (adjusted: readonly (number | null)[]) =>
    adjusted.map((p) => (p === null ? null : Number(p.toFixed(6))));
  expect(close(holm([0.01, 0.04, 0.03, 0.005]))).toEqual([0.03, 0.06, 0.06, 0.02]);
  expect(close(holm([0.9, null, 0.6]))).toEqual([1, null, 1]);
});

test("each pair gets its own equivalence: equal within the margins is neither, not merely untold", () => {
  const pair = (name: string) => ({
    verdict: "cannot tell" as const,
    tests: tests(false, false, false),
    free: { sumOfSquares: 1, parameters: 6, points: 16 },
    schemes: ["baseline", name],
  });
  const adjusted = adjustPairs([pair("same"), pair("unclear")], ["equal", "not shown"], 0.05);
  expect(adjusted.map((one) => one.verdict)).toEqual(["neither", "cannot tell"]);
});
