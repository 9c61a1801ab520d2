// P-values of differences: hand-made replicates against tables of t, and never in contradiction to the interval.
import { describe, expect, test } from "vitest";
import { compare } from "../../src/compare/compare.js";
import { differences } from "../../src/compare/differences.js";
import { fitFree, ladders } from "../../src/compare/ladders.js";
import { robustDifference } from "../../src/compare/robust.js";
import { spreads } from "../../src/compare/spread.js";
import { exact, ladder, published } from "./ladder-data.js";

const X = [1e6, 3e6, 1e7, 3e7, 1e8, 3e8, 1e9];
/** Seven points and so 4 degrees of freedom, scattered a little round the law. */
const scheme = (name: string, phase: number) =>
  ladder(
    name,
    X,
    Array.from(exact(name, X, [1.8, 40, 0.25]).loss, (loss, i) => loss * Math.exp(0.002 * Math.sin(phase + 2.3 * i))),
    X.map(String),
  );

/** The row of the limit with 401 replicates whose differences of limit run evenly over .001·(−below … 400 − below). */
function limitRow(below: number) {
  const prepared = ladders([scheme("a", 0), scheme("b", 1)], false);
  const free = fitFree(prepared.ladders, prepared.origin, "log");
  const thetas = Array.from({ length: 401 }, (_, i) => {
    const theta = Float64Array.from(free.theta);
    theta[3] = (theta[0] ?? 0) + 0.001 * (i - below);
    return theta;
  });
  const options = { interval: "bootstrap-percentile", level: 0.95, budget: 1e8 } as const;
  const spread = spreads(free);
  const robust = [null, robustDifference(free, spread, [1, 0], "pair")];
  return differences(free, spread, 0, robust, { thetas, failed: 0 }, [], options)[0];
}

test("the percentile at which 0 lies, as a t with the degrees of freedom that widen the interval", () => {
  // 2·P(t₄ > z) with z the normal quantile of 1 − 40/400 and 1 − 10/400: R's 2*pt(qnorm(c(.1, .025)), 4).
  expect(limitRow(40)?.pValue).toBeCloseTo(0.269245, 5);
  expect(limitRow(10)?.pValue).toBeCloseTo(0.12156, 5);
  expect(limitRow(390)?.pValue).toBeCloseTo(0.12156, 5);
});

describe("58 ladder points of arXiv 2609.19107", () => {
  test.each(["bootstrap-percentile", "bootstrap-bca", "delta"] as const)(
    "%s: p below .05 where 0 is outside",
    (interval) => {
      const { differences: rows } = compare(published(), {
        baseline: "deep_vanilla",
        replicates: 500,
        testReplicates: 0,
        interval,
      });
      expect(rows).toHaveLength(21);
      for (const { scheme: name, quantity, interval: found, pValue } of rows) {
        const outside = (found?.lower ?? 0) > 0 || (found?.upper ?? 0) < 0;
        expect([name, quantity, (pValue ?? 1) < 0.05]).toEqual([name, quantity, outside]);
      }
    },
  );
});
