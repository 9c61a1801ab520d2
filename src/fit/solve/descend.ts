// The inner descent of every fit: Levenberg–Marquardt on iteratively reweighted residuals, column-scaled (Moré 1978), with
// Nielsen's damping and bounds by projection on an active set. It ends on our own test, not on a flag.
import type { LossShape } from "../problem/loss.js";
import type { Problem } from "../problem/problem.js";
import { linearSystem } from "./linear-system.js";

export interface Descent {
  readonly free: Float64Array;
  readonly cost: number;
  readonly iterations: number;
  /** Largest |cosine| between residuals and a column of the Jacobian that is not held by a bound. */
  readonly gradient: number;
  /** True when the gradient or the step test was met, false when the iterations ran out. */
  readonly settled: boolean;
}

export interface DescentOptions {
  readonly iterations: number;
  /** Stop when the model promises less than this part of the cost. */
  readonly tolerance: number;
  /**
   * What is known of the start. "near" the end: the first step is nearly undamped, and one that promises too little is not
   * tried. "optimum" of other losses or weights, a replicate's: so too, and steps of a robust loss are of twice the length and
   * along the valley. Reweighted least squares minimise a curve above the loss, so that their steps fall short (de Leeuw &
   * Heiser 1980).
   */
  readonly from?: "anywhere" | "near" | "optimum";
  /** How often each point stands in the sum; null for once. */
  readonly times?: Float64Array | null;
}

/**
 * Descends from `start` (clipped to the bounds). Null where the law has no finite value at the start.
 * One IRLS step minimises a quadratic above the Huber loss, so the cost never rises.
 */
export function descend(
  problem: Problem,
  start: Float64Array,
  shape: LossShape,
  { iterations, tolerance, from: known = "anywhere", times = null }: DescentOptions,
): Descent | null {
  const { points: n, lower, upper } = problem;
  const near = known !== "anywhere";
  const long = known === "optimum" && !shape.quadratic;
  const p = problem.names.length;
  const clamp = (value: number, k: number) => Math.min(Math.max(value, lower[k] ?? Number.NaN), upper[k] ?? Number.NaN);
  const free = start.map(clamp);
  const trial = new Float64Array(p);
  let { residuals, trialResiduals, jacobian, trialJacobian } = problem.workspace;
  if (!problem.jacobian(free, residuals, jacobian)) return null;
  let cost = total(residuals, shape, times);
  if (p === 0) return { free, cost, iterations: 0, gradient: 0, settled: true };
  const system = linearSystem(problem);
  const step = new Float64Array(p);
  const scale = new Float64Array(p);
  const moves: boolean[] = [];
  let damping = near ? 1e-9 : 1e-3;
  let growth = 2;
  let gradient = Number.POSITIVE_INFINITY;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const weighted = system.load(residuals, jacobian, shape, times);
    gradient = 0;
    let moving = 0;
    for (let k = 0; k < p; k++) {
      const dot = system.dot[k] ?? Number.NaN;
      const norm = Math.sqrt(system.square[k] ?? Number.NaN);
      scale[k] = Math.max(scale[k] ?? Number.NaN, norm);
      // dot > 0: the descent direction raises the parameter.
      const value = free[k] ?? Number.NaN;
      const held = (dot > 0 && value >= (upper[k] ?? Number.NaN)) || (dot < 0 && value <= (lower[k] ?? Number.NaN));
      moves[k] = !held && norm > 0;
      if (!moves[k]) continue;
      gradient = Math.max(gradient, Math.abs(dot) / (norm * Math.sqrt(weighted) || 1));
      moving++;
    }
    if (moving === 0 || weighted === 0 || gradient < 1e-14) {
      return { free, cost, iterations: iteration, gradient, settled: true };
    }
    if (n < moving) return { free, cost, iterations: iteration, gradient, settled: false };
    system.factor(moves, scale);

    let accepted = false;
    let reach = long ? 2 : 1;
    for (let attempt = 0; attempt < 60 && !accepted; attempt++) {
      if (!system.solve(damping, free, step)) {
        damping = Math.max(damping * 10, 1e-12);
        continue;
      }
      let moved = 0;
      for (let k = 0; k < p; k++) {
        const from = free[k] ?? Number.NaN;
        const by = step[k] ?? Number.NaN;
        trial[k] = clamp(long ? alongValley(from, by, reach, lower[k] ?? Number.NaN) : from + by, k);
        const went = (trial[k] ?? Number.NaN) - from;
        if (!long) step[k] = went;
        moved = Math.max(moved, Math.abs(went) / (Math.abs(from) || 1e-300));
      }
      const predicted = system.promised(step);
      // Where parameters are stopped at their bounds one after the other, what is left may go up.
      if (predicted < -1e-9 * cost) {
        damping *= growth;
        growth *= 2;
        continue;
      }
      if (near && damping < 1e-6 && predicted / 2 <= tolerance * cost) {
        return { free, cost, iterations: iteration, gradient, settled: true };
      }
      const usable = problem.jacobian(trial, trialResiduals, trialJacobian);
      const next = usable ? total(trialResiduals, shape, times) : Number.POSITIVE_INFINITY;
      // Half the drop of the weighted squares bounds the drop of ρ (squared: ρ = r², weight 2).
      const ratio = (cost - next) / (predicted / 2);
      // A long step that gains less than the short one promised went too far, and says nothing of the damping.
      if (next < cost && predicted > 0 && (reach === 1 || ratio >= 1)) {
        accepted = true;
        damping *= Math.max(1 / 10, 1 - (2 * ratio - 1) ** 3);
        damping = Math.max(damping, 1e-20);
        growth = 2;
        const promised = predicted / 2 <= tolerance * cost && cost - next <= tolerance * cost;
        free.set(trial);
        cost = next;
        [residuals, trialResiduals] = [trialResiduals, residuals];
        [jacobian, trialJacobian] = [trialJacobian, jacobian];
        if (promised || moved < 1e-15) return { free, cost, iterations: iteration + 1, gradient, settled: true };
      } else {
        if (moved < 1e-15 || predicted / 2 <= 1e-16 * cost) {
          return { free, cost, iterations: iteration, gradient, settled: true };
        }
        if (reach > 1) reach = 1;
        else {
          damping *= growth;
          growth *= 2;
        }
      }
    }
    if (!accepted) return { free, cost, iterations: iteration, gradient, settled: false };
  }
  return { free, cost, iterations, gradient, settled: false };
}

/**
 * Where `reach` times a step leads. A parameter that ends at 0 moves by a factor where it stays well above, as a coefficient
 * does along the valley that it shares with its exponent; a step to the bound reaches it.
 */
function alongValley(from: number, by: number, reach: number, lower: number): number {
  return lower === 0 && Math.abs(by) < from ? from * Math.exp((reach * by) / from) : from + reach * by;
}

function total(residuals: Float64Array, shape: LossShape, times: Float64Array | null): number {
  let sum = 0;
  for (let i = 0; i < residuals.length; i++) {
    const rho = shape.rho(residuals[i] ?? Number.NaN);
    sum += times === null ? rho : rho * (times[i] ?? Number.NaN);
  }
  return sum;
}
