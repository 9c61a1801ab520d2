// The inner descent of every fit: Levenberg–Marquardt on iteratively reweighted residuals, QR-based, column-scaled
// (Moré 1978), with Nielsen's damping and bounds by projection on an active set. It ends on our own test, not on a flag.
import { factorQr, solveUpper } from "../../base/linear-algebra.js";
import type { LossShape } from "../problem/loss.js";
import type { Problem } from "../problem/problem.js";

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
  /** The start is known to be near: the first step is nearly undamped, and one that promises too little is not tried. */
  readonly near?: boolean;
}

/**
 * Descends from `start` (clipped to the bounds). Null where the law has no finite value at the start.
 * One IRLS step minimises a quadratic above the Huber loss, so the cost never rises.
 */
export function descend(
  problem: Problem,
  start: Float64Array,
  shape: LossShape,
  { iterations, tolerance, near = false }: DescentOptions,
): Descent | null {
  const { points: n, lower, upper } = problem;
  const p = problem.names.length;
  const free = start.map((value, k) => Math.min(Math.max(value, lower[k] ?? 0), upper[k] ?? 0));
  const trial = new Float64Array(p);
  const { matrix, right, roots } = problem.workspace;
  let [residuals, trialResiduals] = [problem.workspace.residuals, problem.workspace.trialResiduals];
  let [jacobian, trialJacobian] = [problem.workspace.jacobian, problem.workspace.trialJacobian];
  const augmented = new Float64Array(2 * p * p);
  const augmentedRight = new Float64Array(2 * p);
  const step = new Float64Array(p);
  const scale = new Float64Array(p);
  const active: number[] = [];
  const pinned: boolean[] = [];
  const moving = new Float64Array(p);
  const clamp = (value: number, k: number) => Math.min(Math.max(value, lower[k] ?? 0), upper[k] ?? 0);

  /**
   * Minimises |right − R·step|² + damping·|scale·step|² over the active parameters. One that would leave its bounds goes
   * to the bound, and the others minimise what is left, which a step merely clipped would miss.
   */
  const boundedStep = (damping: number): boolean => {
    const q = active.length;
    const rows = Math.max(n, q);
    pinned.length = 0;
    for (let round = 0; round <= q; round++) {
      let m = 0;
      for (let j = 0; j < q; j++) if (!pinned[j]) m++;
      if (m === 0) return true;
      const height = q + m;
      augmented.fill(0);
      augmentedRight.fill(0);
      for (let i = 0; i < q; i++) augmentedRight[i] = right[i] ?? 0;
      let column = 0;
      for (let j = 0; j < q; j++) {
        for (let i = 0; i <= j; i++) {
          if (pinned[j]) augmentedRight[i] = (augmentedRight[i] ?? 0) - (matrix[j * rows + i] ?? 0) * (step[j] ?? 0);
          else augmented[column * height + i] = matrix[j * rows + i] ?? 0;
        }
        if (!pinned[j]) {
          augmented[column * height + q + column] = Math.sqrt(damping) * (scale[active[j] ?? 0] ?? 0);
          column++;
        }
      }
      factorQr(augmented, height, m, augmentedRight);
      if (!solveUpper(augmented, height, m, augmentedRight, moving)) return false;
      let left = false;
      column = 0;
      for (let j = 0; j < q; j++) {
        if (pinned[j]) continue;
        const k = active[j] ?? 0;
        const end = (free[k] ?? 0) + (moving[column] ?? 0);
        step[j] = moving[column] ?? 0;
        column++;
        if (end < (lower[k] ?? 0) || end > (upper[k] ?? 0)) {
          step[j] = clamp(end, k) - (free[k] ?? 0);
          pinned[j] = true;
          left = true;
        }
      }
      if (!left) return true;
    }
    return true;
  };
  if (!problem.jacobian(free, residuals, jacobian)) return null;
  let cost = total(residuals, n, shape);
  if (p === 0) return { free, cost, iterations: 0, gradient: 0, settled: true };
  let damping = near ? 1e-9 : 1e-3;
  let growth = 2;
  let gradient = Number.POSITIVE_INFINITY;
  for (let iteration = 0; iteration < iterations; iteration++) {
    // Weighted system on the parameters that no bound holds.
    active.length = 0;
    gradient = 0;
    let weighted = 0;
    for (let i = 0; i < n; i++) {
      const r = residuals[i] ?? 0;
      const root = Math.sqrt(shape.weight(r));
      roots[i] = root;
      right[i] = root * r;
      weighted += root * r * root * r;
    }
    for (let k = 0; k < p; k++) {
      const column = active.length * n;
      let dot = 0;
      let square = 0;
      for (let i = 0; i < n; i++) {
        const entry = (roots[i] ?? 0) * (jacobian[k * n + i] ?? 0);
        matrix[column + i] = entry;
        dot += entry * (right[i] ?? 0);
        square += entry * entry;
      }
      const norm = Math.sqrt(square);
      scale[k] = Math.max(scale[k] ?? 0, norm);
      // dot > 0: the descent direction raises the parameter.
      if (
        (dot > 0 && (free[k] ?? 0) >= (upper[k] ?? 0)) ||
        (dot < 0 && (free[k] ?? 0) <= (lower[k] ?? 0)) ||
        norm === 0
      )
        continue;
      gradient = Math.max(gradient, Math.abs(dot) / (norm * Math.sqrt(weighted) || 1));
      active.push(k);
    }
    const q = active.length;
    if (q === 0 || weighted === 0 || gradient < 1e-14) {
      return { free, cost, iterations: iteration, gradient, settled: true };
    }
    const rows = Math.max(n, q);
    if (n < q) return { free, cost, iterations: iteration, gradient, settled: false };
    factorQr(matrix, rows, q, right);

    let accepted = false;
    for (let attempt = 0; attempt < 60 && !accepted; attempt++) {
      if (!boundedStep(damping)) {
        damping = Math.max(damping * 10, 1e-12);
        continue;
      }
      trial.set(free);
      let moved = 0;
      for (let j = 0; j < q; j++) {
        const k = active[j] ?? 0;
        trial[k] = clamp((free[k] ?? 0) + (step[j] ?? 0), k);
        step[j] = (trial[k] ?? 0) - (free[k] ?? 0);
        moved = Math.max(moved, Math.abs(step[j] ?? 0) / (Math.abs(free[k] ?? 0) || 1e-300));
      }
      let predicted = 0;
      for (let i = 0; i < q; i++) {
        let image = 0;
        for (let j = i; j < q; j++) image += (matrix[j * rows + i] ?? 0) * (step[j] ?? 0);
        predicted += image * (2 * (right[i] ?? 0) - image);
      }
      if (near && damping < 1e-6 && predicted / 2 <= tolerance * cost) {
        return { free, cost, iterations: iteration, gradient, settled: true };
      }
      const usable = problem.jacobian(trial, trialResiduals, trialJacobian);
      const next = usable ? total(trialResiduals, n, shape) : Number.POSITIVE_INFINITY;
      // Half the drop of the weighted squares bounds the drop of ρ (squared: ρ = r², weight 2).
      const ratio = (cost - next) / (predicted / 2);
      if (next < cost && predicted > 0) {
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
        damping *= growth;
        growth *= 2;
      }
    }
    if (!accepted) return { free, cost, iterations: iteration, gradient, settled: false };
  }
  return { free, cost, iterations, gradient, settled: false };
}

function total(residuals: Float64Array, n: number, shape: LossShape): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += shape.rho(residuals[i] ?? 0);
  return sum;
}
