// A replicate is what the whole fit of the redrawn points would be, each point written out as often as it was drawn.
import { describe, expect, test } from "vitest";
import { random } from "../../src/base/random.js";
import type { Observations } from "../../src/curve/observations.js";
import { fitted } from "../../src/fit/fitted.js";
import { cost } from "../../src/fit/problem/problem.js";
import { DEFAULT_FIT_OPTIONS, type FitOptions, type Loss } from "../../src/fit/record.js";
import { powerLawWithLimitSolver } from "../../src/fit/solve/power-law-solver.js";
import { refitter } from "../../src/fit/solve/refit.js";
import { chinchilla } from "../../src/law/chinchilla.js";
import { at, type Law } from "../../src/law/law.js";
import { powerLawWithLimit } from "../../src/law/power-law.js";
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

/** `observations` with each point as often as `count` says. */
function writtenOut({ x, loss }: Observations, count: Float64Array): Observations {
  const rows = Array.from(count).flatMap((times, i) => new Array<number>(times).fill(i));
  return points(
    x.map((column) => rows.map((i) => at(column, i))),
    rows.map((i) => at(loss, i)),
  );
}

// The largest relative excess of the objective, and the root mean square distance in standard errors: .1 of these widens
// what replicates say of a standard error by .5%. The absolute loss is flat where it is least.
describe.each([
  ["power law, squared", powerLawWithLimit, curve, { kind: "squared" }, 1e-9, 1e-6],
  ["power law, Huber", powerLawWithLimit, curve, HUBER, 1e-4, 0.1],
  ["power law, absolute", powerLawWithLimit, curve, { kind: "absolute" }, 1e-3, 0.3],
  ["Chinchilla, squared", chinchilla, surface, { kind: "squared" }, 1e-6, 0.01],
  ["Chinchilla, Huber", chinchilla, surface, HUBER, 1e-4, 0.1],
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
          const count = new Float64Array(problem.points);
          for (let i = 0; i < count.length; i++) {
            const chosen = stream.integer(count.length);
            count[chosen] = at(count, chosen) + 1;
          }
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
