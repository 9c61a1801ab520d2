// Bootstrap replicates of the free fits of all schemes, from one draw for all of them.
import { random } from "../base/random.js";
import { type ResampleMethod, type ResampleUnit, resampler } from "../fit/bootstrap.js";
import { descend, predict } from "./joint.js";
import { type JointModel, type Ladder, WIDTH } from "./ladder.js";
import type { FreeFits } from "./ladders.js";
import { spreads } from "./spread.js";

export interface BootstrapOptions {
  readonly method: ResampleMethod;
  readonly unit: ResampleUnit;
  readonly replicates: number;
  readonly seed: number;
}

export interface Replicates {
  /** (E, a, c) of every ladder, one row a replicate that gave an estimate in all ladders. */
  readonly thetas: readonly Float64Array[];
  readonly failed: number;
}

/** The residual of a point that the fit goes through is rounding, and is not blown up. */
const MOST_LEVERAGE = 0.99;

/**
 * What replicates are redrawn from: a fitted curve and residuals scaled up for what the fit took from them, by
 * 1/√(1 − h) or, where their own signs are flipped, 1/(1 − h) (Davidson & Flachaire 2008), h being a point's leverage.
 */
export function resampleGroups(free: FreeFits, fitted: Float64Array, method: ResampleMethod) {
  const spread = spreads(free);
  return free.ladders.map((ladder, l) => {
    const leverage = spread[l]?.leverage ?? new Float64Array();
    return {
      loss: method === "pairs" ? ladder.loss : ladder.u.map((u) => predict(fitted, l * WIDTH, u)),
      residual: (spread[l]?.residual ?? new Float64Array()).map(
        (r, i) => r / (1 - Math.min(MOST_LEVERAGE, leverage[i] ?? 0)) ** (method === "wild" ? 1 : 0.5),
      ),
      space: free.space,
      pair: ladder.pair,
      run: ladder.run,
    };
  });
}

export function replicate(free: FreeFits, options: BootstrapOptions): Replicates {
  const draw = resampler(resampleGroups(free, free.theta, options.method), options.method, options.unit);
  const stream = random(options.seed).split("replicates");
  const model: JointModel = { space: free.space, limit: "free", exponent: "free", huber: free.huber };
  const thetas: Float64Array[] = [];
  for (let r = 0; r < options.replicates; r++) {
    const redrawn = draw(stream);
    const theta = new Float64Array(free.theta.length);
    let found = true;
    for (const [l, ladder] of free.ladders.entries()) {
      const loss = redrawn[l]?.loss ?? ladder.loss;
      const count = redrawn[l]?.count ?? ladder.weight;
      // Fewer than three different x leave the law undetermined: such a replicate of "pairs" has no estimate.
      if (options.method === "pairs" && distinctDrawn(ladder, count) < WIDTH) found = false;
      if (!found) break;
      const weight = options.method === "pairs" ? ladder.weight.map((w, i) => w * (count[i] ?? 0)) : ladder.weight;
      const start = free.theta.slice(l * WIDTH, (l + 1) * WIDTH);
      theta.set(descend([{ ...ladder, loss, weight }], model, start, 1e-8, 100).theta, l * WIDTH);
    }
    if (found && theta.every(Number.isFinite)) thetas.push(theta);
  }
  return { thetas, failed: options.replicates - thetas.length };
}

function distinctDrawn(ladder: Ladder, count: Float64Array): number {
  return new Set(ladder.u.filter((_, i) => (count[i] ?? 0) > 0)).size;
}
