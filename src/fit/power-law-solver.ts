// The power law with limit, solved thousands of times (bootstrap, simulation, tables of curves): variable projection on a
// grid of exponents a factor of two apart, then Newton's method on all three parameters with exact second derivatives.
// One solver per set of tokens; a solve allocates nothing and loads no package.
import { FitError } from "../base/errors.js";
import { at } from "../law/law.js";
import type { FitStatus } from "./fit.js";

/** Positions of the results in `out`. */
export const LIMIT = 0;
export const COEFFICIENT = 1;
export const EXPONENT = 2;
export const OBJECTIVE = 3;

const EXPONENT_UPPER = 10;
const GRID = 18;
const ITERATIONS = 100;

/**
 * Solves min Σ ωᵢ·rᵢ² for L = limit + coefficient·D^−exponent, limit ≥ 0, coefficient ≥ 0, 0 < exponent ≤ 10.
 * `out` takes limit, coefficient, exponent and the objective. `omega` multiplies squared residuals (how often a point was
 * drawn; 0 leaves it out); null for all ones. A finite `limit` or `exponent` is held there; NaN, the default, frees it.
 */
export type PowerLawSolve = (
  loss: Float64Array,
  omega: Float64Array | null,
  out: Float64Array,
  limit?: number,
  exponent?: number,
) => FitStatus;

/** A solver for losses at these `tokens` (> 0, at least two distinct); residuals are of log losses or of losses. */
export function powerLawWithLimitSolver(tokens: Float64Array, space: "log" | "linear"): PowerLawSolve {
  const n = tokens.length;
  const z = tokens.map(Math.log);
  const origin = z.reduce((m, v) => Math.min(m, v), Number.POSITIVE_INFINITY);
  for (let i = 0; i < n; i++) z[i] = at(z, i) - origin;
  const range = z.reduce((m, v) => Math.max(m, v), 0);
  if (!(range > 0 && Number.isFinite(range))) {
    throw new FitError("fit: tokens must be above 0 with two distinct values at least, got fewer; add horizons");
  }
  const smallest = 2 ** -12 / range;
  const y = new Float64Array(n);
  const target = new Float64Array(n);
  const weight = new Float64Array(n);
  const projected = new Float64Array(n);
  const power = new Float64Array(n);
  const costs = new Float64Array(GRID);
  // E, b and F of the last projection; the gradient and Hessian of the last derivatives.
  let level = 0;
  let height = 0;
  const g = new Float64Array(3);
  const h = new Float64Array(6);
  const gaussNewton = new Float64Array(6);
  const pinned = new Float64Array(3);
  const theta = new Float64Array(3);
  const f = new Float64Array(5);
  const step = new Float64Array(3);

  /** Bounded linear least squares for limit and coefficient at the exponent whose powers stand in `power`. */
  const project = (held: number): number => {
    let [s, su, sy] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      const w = at(projected, i);
      s += w;
      su += w * at(power, i);
      sy += w * at(y, i);
    }
    const [meanU, meanY] = Number.isNaN(held) ? [su / s, sy / s] : [0, held];
    let [suu, suy] = [0, 0];
    for (let i = 0; i < n; i++) {
      const du = at(power, i) - meanU;
      suu += at(projected, i) * du * du;
      suy += at(projected, i) * du * (at(y, i) - meanY);
    }
    height = suu > 0 ? Math.max(0, suy / suu) : 0;
    level = Number.isNaN(held) ? meanY - height * meanU : held;
    if (level < 0 && Number.isNaN(held)) {
      [suu, suy] = [0, 0];
      for (let i = 0; i < n; i++) {
        suu += at(projected, i) * at(power, i) ** 2;
        suy += at(projected, i) * at(power, i) * at(y, i);
      }
      level = 0;
      height = suu > 0 ? Math.max(0, suy / suu) : 0;
    }
    let cost = 0;
    for (let i = 0; i < n; i++) cost += at(projected, i) * (at(y, i) - level - height * at(power, i)) ** 2;
    return cost;
  };

  /** Powers of the smallest exponent, then squared from one grid point to the next: one exponential a point in all. */
  const scan = (held: number): number => {
    for (let i = 0; i < n; i++) power[i] = Math.exp(-smallest * at(z, i));
    let best = 0;
    for (let k = 0; k < GRID && smallest * 2 ** k <= EXPONENT_UPPER; k++) {
      if (k > 0) for (let i = 0; i < n; i++) power[i] = at(power, i) ** 2;
      costs[k] = project(held);
      costs.fill(Number.POSITIVE_INFINITY, k + 1);
      if (at(costs, k) < at(costs, best)) best = k;
    }
    const [left, middle, right] = [at(costs, best - 1), at(costs, best), at(costs, best + 1)];
    const bend = left - 2 * middle + right;
    const shift = bend > 0 && Number.isFinite(bend) ? (0.5 * (left - right)) / bend : 0;
    return Math.min(smallest * 2 ** (best + shift), EXPONENT_UPPER);
  };

  /**
   * f and its derivatives at point i, into `f`: value, ∂₁, ∂₂, ∂₁₂, ∂₂₂ (∂₀ is 1). With everything free the parameters are
   * (A, S, c) of f = A − S·(1 − e^−cz)/c, loss and slope at the smallest tokens: the valley that (limit, coefficient, c)
   * follow as c falls is straight there, and c = 0 is an ordinary point. Otherwise they are (limit, b, c) of f = limit + b·e^−cz.
   */
  const model = (i: number, curved: boolean, a: number, b: number, c: number): void => {
    const zi = at(z, i);
    const v = c * zi;
    const u = Math.exp(-v);
    if (!curved) {
      f[0] = a + b * u;
      f[1] = u;
      f[2] = -b * zi * u;
      f[3] = -zi * u;
      f[4] = b * zi * zi * u;
      return;
    }
    const small = Math.abs(v) < 1e-3;
    const phi = v === 0 ? zi : -Math.expm1(-v) / c;
    const first = small ? zi * zi * (-1 / 2 + v / 3 - (v * v) / 8 + (v * v * v) / 30) : (zi * u - phi) / c;
    const second = small ? zi ** 3 * (1 / 3 - v / 4 + (v * v) / 10) : (-zi * zi * u - 2 * first) / c;
    f[0] = a - b * phi;
    f[1] = -phi;
    f[2] = -b * first;
    f[3] = -first;
    f[4] = -b * second;
  };

  const cost = (curved: boolean, a: number, b: number, c: number): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const u = Math.exp(-c * at(z, i));
      const predicted = curved ? a - b * (c === 0 ? at(z, i) : (1 - u) / c) : a + b * u;
      const r = at(target, i) - (space === "log" ? Math.log(predicted) : predicted);
      sum += at(weight, i) * r * r;
    }
    return sum;
  };

  /** Half the gradient and Hessian of the objective, packed 00 01 02 11 12 22; returns the objective. */
  const derivatives = (curved: boolean, a: number, b: number, c: number): number => {
    g.fill(0);
    h.fill(0);
    gaussNewton.fill(0);
    let sum = 0;
    for (let i = 0; i < n; i++) {
      model(i, curved, a, b, c);
      const w = at(weight, i);
      const predicted = at(f, 0);
      const scale = space === "log" ? 1 / predicted : 1;
      const r = at(target, i) - (space === "log" ? Math.log(predicted) : predicted);
      const f1 = at(f, 1) * scale;
      const f2 = at(f, 2) * scale;
      // −r·∂²f; in log space ∂²log f = ∂²f/f − ∂f∂fᵀ/f², which adds r to the factor of the outer product.
      const outer = space === "log" ? 1 + r : 1;
      sum += w * r * r;
      g[0] = at(g, 0) - w * r * scale;
      g[1] = at(g, 1) - w * r * f1;
      g[2] = at(g, 2) - w * r * f2;
      add(gaussNewton, w, scale, f1, f2);
      add(h, w * outer, scale, f1, f2);
      h[4] = at(h, 4) - w * r * at(f, 3) * scale;
      h[5] = at(h, 5) - w * r * at(f, 4) * scale;
    }
    return sum;
  };

  /** Newton's method from `theta`, in place, on what `moveFirst` and `moveExponent` leave free. */
  const descend = (curved: boolean, moveFirst: boolean, moveExponent: boolean): FitStatus => {
    let [a, b, c] = [at(theta, 0), at(theta, 1), at(theta, 2)];
    let damping = 0;
    let current = derivatives(curved, a, b, c);
    let status: FitStatus = "iteration-limit";
    for (let iteration = 0; iteration < ITERATIONS && Number.isFinite(current); iteration++) {
      // At the bound of the limit only while the descent points outwards.
      let first = moveFirst && (curved || a > 0 || at(g, 0) < 0);
      let solved = newtonStep(g, damping, first, moveExponent);
      if (solved && first && !curved && a + at(step, 0) < 0) {
        // To the bound and no further: the others minimise the model there, which the clipped step would miss.
        first = false;
        pinned[0] = 0;
        pinned[1] = at(g, 1) - at(h, 1) * a;
        pinned[2] = at(g, 2) - at(h, 2) * a;
        solved = newtonStep(pinned, damping, first, moveExponent);
        step[0] = -a;
      }
      if (!solved) {
        status = "ill-conditioned";
        break;
      }
      const promised = -(at(g, 0) * at(step, 0) + at(g, 1) * at(step, 1) + at(g, 2) * at(step, 2));
      const reach = Math.max(Math.abs(c), 1 / range);
      const nextC = c + Math.min(Math.max(at(step, 2), -reach), 2 * reach);
      const nextA = curved ? a + at(step, 0) : Math.max(0, a + at(step, 0));
      const nextB = b + at(step, 1);
      // Below this what is left to gain is lost in rounding: the step is taken unchecked, and it is the last.
      const settled = Math.abs(promised) <= 1e-15 * current || current < n * 1e-31;
      if (settled || cost(curved, nextA, nextB, nextC) < current) {
        [a, b, c] = [nextA, nextB, nextC];
        damping = damping > 1e-8 ? damping / 10 : 0;
        if (!settled) current = derivatives(curved, a, b, c);
      } else {
        damping = damping === 0 ? 1e-6 : damping * 10;
        if (damping > 1e12) {
          if (promised <= 1e-9 * current) status = "converged";
          break;
        }
      }
      if (settled) {
        status = "converged";
        break;
      }
      // Past straight lines and rising curves no power law waits.
      if (c < -2 / range || c > 2 * EXPONENT_UPPER) break;
    }
    [theta[0], theta[1], theta[2]] = [a, b, c];
    return status;
  };

  const newtonStep = (slope: Float64Array, damping: number, first: boolean, last: boolean): boolean =>
    solveThree(h, slope, damping, first, last, step) ||
    solveThree(gaussNewton, slope, Math.max(damping, 1e-12), first, last, step);

  /** Puts the best limit and coefficient for exponent c into `theta`. */
  const seed = (c: number, limit: number): void => {
    for (let i = 0; i < n; i++) power[i] = Math.exp(-c * at(z, i));
    project(limit);
    [theta[0], theta[1], theta[2]] = [level, height, c];
  };

  return (loss, omega, out, limit = Number.NaN, exponent = Number.NaN) => {
    let unit = 0;
    for (let i = 0; i < n; i++) unit = Math.max(unit, at(loss, i));
    for (let i = 0; i < n; i++) {
      y[i] = at(loss, i) / unit;
      target[i] = space === "log" ? Math.log(at(y, i)) : at(y, i);
      weight[i] = omega === null ? 1 : at(omega, i);
      projected[i] = space === "log" ? at(weight, i) / at(y, i) ** 2 : at(weight, i);
    }
    const heldLimit = limit / unit;
    const freeLimit = Number.isNaN(heldLimit);
    const freeExponent = Number.isNaN(exponent);
    let status: FitStatus;
    seed(freeExponent ? scan(heldLimit) : exponent, heldLimit);
    if (freeLimit && freeExponent) {
      const c = at(theta, 2);
      theta[0] = at(theta, 0) + at(theta, 1);
      theta[1] = at(theta, 1) * c;
      status = descend(true, true, true);
      const [start, slope, end] = [at(theta, 0), at(theta, 1), at(theta, 2)];
      theta[1] = slope / end;
      theta[0] = start - slope / end;
      if (end > EXPONENT_UPPER) {
        seed(EXPONENT_UPPER, heldLimit);
        descend(false, true, false);
        status = "at-bound";
      } else if (!(end > 0 && slope > 0 && start * end >= slope)) {
        // The best curve has its limit below zero: the answer is the power law without one.
        seed(scan(0), 0);
        status = descend(false, false, true) === "converged" ? "at-bound" : "ill-conditioned";
      }
    } else {
      status = descend(false, freeLimit, freeExponent);
      if (status === "converged" && freeLimit && at(theta, 0) <= 0) status = "at-bound";
      if (at(theta, 2) > EXPONENT_UPPER) {
        seed(EXPONENT_UPPER, heldLimit);
        descend(false, freeLimit, false);
        status = "at-bound";
      }
    }
    const c = at(theta, 2);
    if (!(c > 0 && at(theta, 1) > 0)) status = "ill-conditioned";
    const objective = cost(false, at(theta, 0), at(theta, 1), c);
    out[LIMIT] = at(theta, 0) * unit;
    out[COEFFICIENT] = at(theta, 1) * unit * Math.exp(c * origin);
    out[EXPONENT] = c;
    out[OBJECTIVE] = space === "log" ? objective : objective * unit * unit;
    return status;
  };
}

function add(h: Float64Array, w: number, e: number, b: number, c: number): void {
  h[0] = at(h, 0) + w * e * e;
  h[1] = at(h, 1) + w * e * b;
  h[2] = at(h, 2) + w * e * c;
  h[3] = at(h, 3) + w * b * b;
  h[4] = at(h, 4) + w * b * c;
  h[5] = at(h, 5) + w * c * c;
}

/** step = −(H + damping·diag H)⁻¹·g over the parameters that move, by Cholesky; false unless positive definite. */
function solveThree(
  h: Float64Array,
  g: Float64Array,
  damping: number,
  moveLimit: boolean,
  moveExponent: boolean,
  step: Float64Array,
): boolean {
  const grow = 1 + damping;
  const ee = moveLimit ? at(h, 0) * grow : 1;
  const eb = moveLimit ? at(h, 1) : 0;
  const ec = moveLimit && moveExponent ? at(h, 2) : 0;
  const bc = moveExponent ? at(h, 4) : 0;
  const l0 = Math.sqrt(ee);
  const l1 = eb / l0;
  const l2 = ec / l0;
  const bb = at(h, 3) * grow - l1 * l1;
  const l3 = Math.sqrt(bb);
  const l4 = (bc - l1 * l2) / l3;
  const cc = (moveExponent ? at(h, 5) * grow : 1) - l2 * l2 - l4 * l4;
  step.fill(0);
  if (!(ee > 0 && bb > 1e-15 * at(h, 3) && cc > 1e-15 * Math.abs(at(h, 5)))) return false;
  const l5 = Math.sqrt(cc);
  const t0 = (moveLimit ? -at(g, 0) : 0) / l0;
  const t1 = (-at(g, 1) - l1 * t0) / l3;
  const t2 = ((moveExponent ? -at(g, 2) : 0) - l2 * t0 - l4 * t1) / l5;
  const c = t2 / l5;
  const b = (t1 - l4 * c) / l3;
  step[0] = (t0 - l1 * b - l2 * c) / l0;
  step[1] = b;
  step[2] = c;
  return true;
}
