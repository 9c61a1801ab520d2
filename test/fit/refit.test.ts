// A replicate is what the whole fit of the redrawn points would be, each point written out as often as it was drawn.
import { describe, expect, test } from "vitest";
import { mean } from "../../src/base/mean.js";
import { type Random, random } from "../../src/base/random.js";
import type { Observations } from "../../src/curve/observations.js";
import { fitted } from "../../src/fit/fitted.js";
import { makeProblem } from "../../src/fit/problem/columns.js";
import { cost } from "../../src/fit/problem/problem.js";
import { DEFAULT_FIT_OPTIONS, type FitOptions, type Loss } from "../../src/fit/record.js";
import { powerLawWithLimitSolver } from "../../src/fit/solve/power-law-solver.js";
import { refitter } from "../../src/fit/solve/refit.js";
import { valleyLaw } from "../../src/forecast/valley-law.js";
import { chinchilla } from "../../src/law/chinchilla.js";
import { at, type Law } from "../../src/law/law.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";
import { CHINCHILLA, isoflopGrid } from "../forecast/grids.js";
import { drawn, points, spread } from "./points.js";

const HUBER: Loss = { kind: "huber", delta: 1e-3 };
const sizes = spread(5e7, 1.5e10, 8).flatMap((n) => spread(1e9, 5e11, 6).map((d) => [n, d] as const));
const surface = drawn(
  chinchilla,
  [1.69, 406, 410, 0.34, 0.28],
  [sizes.map(([n]) => n), sizes.map(([, d]) => d)],
  0.005,
  1,
);
const curve = drawn(powerLawWithLimit, [1.8, 300, 0.3], [spread(1e7, 1e10, 18)], 0.003, 2);

function drawnWithReplacement(points: number, stream: Random): Float64Array {
  const count = new Float64Array(points);
  for (let i = 0; i < points; i++) {
    const chosen = stream.integer(points);
    count[chosen] = at(count, chosen) + 1;
  }
  return count;
}

/** `observations` with each point as often as `count` says. */
function writtenOut({ x, loss }: Observations, count: Float64Array): Observations {
  const rows = Array.from(count).flatMap((times, i) => new Array<number>(times).fill(i));
  return points(
    x.map((column) => rows.map((i) => at(column, i))),
    rows.map((i) => at(loss, i)),
  );
}

// The largest relative excess of the objective, and the root mean square distance in standard errors, each two to five times
// what it is: .1 of these would widen what replicates say of a standard error by .5%.
describe.each([
  ["power law, squared", powerLawWithLimit, curve, { kind: "squared" }, 1e-12, 1e-8],
  ["power law, Huber", powerLawWithLimit, curve, HUBER, 1e-5, 0.03],
  ["power law, absolute", powerLawWithLimit, curve, { kind: "absolute" }, 3e-4, 0.1],
  ["Chinchilla, squared", chinchilla, surface, { kind: "squared" }, 2e-7, 1e-3],
  ["Chinchilla, Huber", chinchilla, surface, HUBER, 5e-6, 0.05],
] satisfies readonly (readonly [string, Law, Observations, Loss, number, number])[])(
  "%s",
  (_, law, observations, loss, excess, distance) => {
    const options: FitOptions = { ...DEFAULT_FIT_OPTIONS, loss, interval: "delta" };
    const whole = fitted(law, [observations], options);
    const { problem, solution } = whole;
    const refit = refitter(problem, solution.free);
    const width = solution.free.map((_, k) => Math.sqrt(at(whole.covariance?.[k] ?? [], k)));

    /** Holds replicates against fits from all starts. */
    const check = (replicates: readonly (readonly [Float64Array | null, Observations])[]) => {
      let squares = 0;
      for (const [free, alone] of replicates) {
        const fit = fitted(law, [alone], options);
        expect(free).not.toBeNull();
        const objective = cost(fit.problem, free ?? width, new Float64Array(fit.problem.points));
        expect(objective / fit.solution.cost - 1).toBeGreaterThan(-1e-9);
        expect(objective / fit.solution.cost - 1).toBeLessThan(excess);
        const apart = width.map((w, k) => Math.abs(at(free ?? [], k) - at(fit.solution.free, k)) / w);
        squares += Math.max(...apart) ** 2;
      }
      expect(Math.sqrt(squares / replicates.length)).toBeLessThan(distance);
    };

    test("points drawn with replacement", () => {
      const stream = random(3);
      check(
        Array.from({ length: 24 }, () => {
          const count = drawnWithReplacement(problem.points, stream);
          return [refit(problem.observed, count), writtenOut(observations, count)] as const;
        }),
      );
    });

    test("losses redrawn", () => {
      const stream = random(4);
      check(
        Array.from({ length: 24 }, () => {
          const redrawn = problem.observed.map((y) => y * Math.exp(0.004 * stream.normal()));
          return [refit(redrawn, null), { ...observations, loss: redrawn }] as const;
        }),
      );
    });
  },
);

test("the power law's solver ends in the same place from a fit near by as from its own scan", () => {
  const stream = random(5);
  const [tokens, scanned, warm] = [Float64Array.from(spread(1e7, 1e10, 6)), new Float64Array(4), new Float64Array(4)];
  for (const space of ["log", "linear"] as const) {
    const solve = powerLawWithLimitSolver(tokens, space);
    for (let r = 0; r < 300; r++) {
      // With 5% of noise the limit of many falls to its bound.
      const noise = [0.001, 0.01, 0.05][r % 3] ?? 0;
      const loss = tokens.map((d) => (1.8 + 300 * d ** -0.3) * Math.exp(noise * stream.normal()));
      const status = solve(loss, null, null, scanned);
      expect(solve(loss, null, Float64Array.of(1.8, 300, 0.3), warm)).toBe(status);
      expect(Math.abs(at(warm, 3) / at(scanned, 3) - 1)).toBeLessThan(1e-9);
    }
  }
});

test("a replicate of a robust loss takes few evaluations", () => {
  let calls = 0;
  const counted: Law = {
    ...chinchilla,
    gradient: (theta, x, out) => {
      calls++;
      return chinchilla.gradient(theta, x, out);
    },
  };
  const { problem, solution } = fitted(counted, [surface], { ...DEFAULT_FIT_OPTIONS, loss: HUBER, interval: "delta" });
  const refit = refitter(problem, solution.free);
  const stream = random(6);
  let points = 0;
  calls = 0;
  for (let r = 0; r < 60; r++) {
    const count = drawnWithReplacement(problem.points, stream);
    points += count.filter((times) => times > 0).length;
    refit(problem.observed, count);
  }
  // 12.4; with steps of plain reweighted least squares 22.
  expect(calls / points).toBeLessThan(15);
});

test("a replicate that meets bounds on its first step does not stay where it began", () => {
  const budgets = [1e18, 1e19, 1e20, 1e21];
  const grid = isoflopGrid(CHINCHILLA, budgets, 9, 4, 0.003, 1);
  const [sizes = new Float64Array(0)] = grid.x;
  const valley = (i: number) => Math.floor(i / 9);
  const middle = (b: number) => Math.exp(mean(sizes.subarray(9 * b, 9 * b + 9).map(Math.log)));
  const valleys = { ...grid, x: [sizes.map((_, i) => valley(i)), sizes.map((size, i) => size / middle(valley(i)))] };
  const { problem, solution } = fitted(valleyLaw(budgets.length), [valleys], {
    ...DEFAULT_FIT_OPTIONS,
    interval: "delta",
  });
  const refit = refitter(problem, solution.free);
  const stream = random(9);
  for (let r = 0; r < 100; r++) {
    const count = drawnWithReplacement(problem.points, stream);
    const end = refit(problem.observed, count);
    const drawn = makeProblem(valleyLaw(budgets.length), [writtenOut(valleys, count)], DEFAULT_FIT_OPTIONS);
    const scratch = new Float64Array(drawn.points);
    expect(cost(drawn, end ?? solution.free, scratch)).toBeLessThan(cost(drawn, solution.free, scratch));
  }
});
