// Fits repeated on redrawn points: of one problem or of several from one draw for all.
import { random } from "../base/random.js";
import type { Observations } from "../curve/observations.js";
import { at } from "../law/law.js";
import { type ResampleGroup, type ResampleMethod, type ResampleUnit, resampler } from "./bootstrap.js";
import { distinctPoints } from "./problem/points.js";
import type { Problem } from "./problem/problem.js";
import { refitter } from "./solve/refit.js";
import type { Solved } from "./solve/solve.js";
import { leverage } from "./variance/linearization.js";

interface ReplicateOptions {
  readonly method: ResampleMethod;
  readonly unit: ResampleUnit;
  readonly replicates: number;
  readonly seed: number;
}

/** The free parameters of each problem, one entry a replicate that gave an estimate in all of them. */
export interface Replicates {
  readonly frees: readonly (readonly Float64Array[])[];
  readonly failed: number;
}

export type Keys = Pick<Observations, "run" | "pair">;

/** The residual of a point that the fit goes through is rounding, and is not blown up. */
const MOST_LEVERAGE = 0.99;

/**
 * What replicates are redrawn from: a fitted curve and residuals scaled up for what the fit took from them, by
 * 1/√(1 − h) or, where each is multiplied by a number of its own, 1/(1 − h) (Davidson & Flachaire 2008), h being a point's leverage.
 */
function resampleGroup(fit: Solved, method: ResampleMethod, keys: Keys): ResampleGroup {
  const { problem, solution } = fit;
  const { basis, residuals } = solution.linear;
  const raw = residuals.map((r, i) => (r / at(problem.weights, i)) * problem.unit);
  const log = problem.space === "log";
  const curve = () => problem.observed.map((y, i) => (log ? y * Math.exp(-at(raw, i)) : y - at(raw, i)));
  return {
    loss: method === "pairs" ? problem.observed : curve(),
    residual: raw.map((r, i) => {
      const taken = basis === null ? 0 : Math.min(MOST_LEVERAGE, leverage(basis, i));
      return r / (1 - taken) ** (method === "wild" ? 1 : 0.5);
    }),
    space: problem.space,
    run: keys.run,
    pair: keys.pair,
  };
}

/** @param keys of the points of each problem */
export function replicate(fits: readonly Solved[], keys: readonly Keys[], options: ReplicateOptions): Replicates {
  if (options.replicates === 0) return { frees: [], failed: 0 };
  const groups = fits.map((fit, f) => resampleGroup(fit, options.method, keys[f] ?? { run: null, pair: null }));
  const draw = resampler(groups, options.method, options.unit);
  const stream = random(options.seed).split("replicates");
  const refits = fits.map(({ problem, solution }) => refitter(problem, solution.free));
  const frees: Float64Array[][] = [];
  for (let r = 0; r < options.replicates; r++) {
    const redrawn = draw(stream);
    const ends: Float64Array[] = [];
    for (const [f, { problem }] of fits.entries()) {
      const { loss, count } = redrawn[f] ?? { loss: problem.observed, count: problem.weights };
      const pairs = options.method === "pairs";
      // Too few different x leave the law undetermined: such a replicate of "pairs" has no estimate.
      if (pairs && !determined(problem, count)) break;
      const free = refits[f]?.(pairs ? problem.observed : loss, pairs ? count : null) ?? null;
      if (free === null) break;
      ends.push(free);
    }
    if (ends.length === fits.length) frees.push(ends);
  }
  return { frees, failed: options.replicates - frees.length };
}

/** Whether the points that were drawn have as many different x in each group as its law has parameters of its own. */
function determined({ blocks, x }: Problem, count: Float64Array): boolean {
  return blocks.every(({ from, to, own }) => {
    const columns = x.map((column) => column.subarray(from, to));
    return distinctPoints(columns, (i) => at(count, from + i) > 0, own) >= own;
  });
}
