// Runs on IsoFLOP grids about the optimum of a known law, for tests of allocation.
import { random } from "../../src/base/random.js";
import type { Observations } from "../../src/curve/observations.js";
import { SIX_N_D } from "../../src/forecast/compute-rule.js";
import { type Constants, lossAt, trainingOptimum } from "../../src/forecast/optimum.js";

export const CHINCHILLA: Constants = { E: 1.69, A: 406.4, B: 410.7, alpha: 0.34, beta: 0.28 };

/** `sizes` runs a budget, from the optimum over `width` to the optimum times it, evenly in log N. */
export function isoflopGrid(
  law: Constants,
  budgets: readonly number[],
  sizes: number,
  width: number,
  noise = 0,
  seed = 0,
): Observations {
  const stream = random(seed);
  const runs = budgets.flatMap((flops) =>
    Array.from({ length: sizes }, (_, i) => {
      const parameters = trainingOptimum(law, SIX_N_D, flops).parameters * width ** ((2 * i) / (sizes - 1) - 1);
      const tokens = flops / (6 * parameters);
      return { parameters, tokens, loss: lossAt(law, parameters, tokens) * Math.exp(noise * stream.normal()) };
    }),
  );
  return {
    group: {},
    x: [Float64Array.from(runs, (run) => run.parameters), Float64Array.from(runs, (run) => run.tokens)],
    loss: Float64Array.from(runs, (run) => run.loss),
    standardError: null,
    run: null,
    pair: null,
    decayed: null,
    excluded: [],
  };
}
