// The power law with limit, solved thousands of times (bootstrap, simulation, tables of curves): variable projection on a
// grid of exponents a factor of two apart, then Newton's method on all three parameters with exact second derivatives.
// One solver per set of tokens; a solve allocates nothing and loads no package.

import { at } from "../../law/law.js";
import type { FitStatus } from "../record.js";
import { EXPONENT_UPPER, type PowerLawSums, powerLawSums } from "./power-law-sums.js";

const ITERATIONS = 100;

/**
 * Solves min Σ ωᵢ·rᵢ² for L = limit + coefficient·D^−exponent, limit ≥ 0, coefficient ≥ 0, 0 < exponent ≤ 10.
 * `out` takes limit, coefficient, exponent and the objective. `omega` multiplies squared residuals (how often a point was
 * drawn; 0 leaves it out); null for all ones. `near` is limit, coefficient and exponent of an optimum near by, where Newton's
 * method begins, to end in the optimum nearest to it; without it, and where it does not converge, exponents are scanned for a start.
 */
type PowerLawSolve = (
  loss: Float64Array,
  omega: Float64Array | null,
  near: Float64Array | null,
  out: Float64Array,
) => FitStatus;

/** A solver for losses at these `tokens` (> 0, at least two distinct); residuals are of log losses or of losses. */
export function powerLawWithLimitSolver(tokens: Float64Array, space: "log" | "linear"): PowerLawSolve {
  const sums = powerLawSums(tokens, space);
  const newton = newtonOn(sums, tokens.length * 1e-31);
  // The three parameters and the objective there.
  const theta = new Float64Array(4);
  // In (A, S, c) of f = A − S·(1 − e^−cz)/c, loss and slope at the smallest tokens, the valley that limit and
  // coefficient follow as c falls is straight, and c = 0 is an ordinary point.
  const straighten = (limit: number, coefficient: number, exponent: number) => {
    theta[0] = limit + coefficient;
    theta[1] = coefficient * exponent;
    theta[2] = exponent;
  };
  return (loss, omega, near, out) => {
    const unit = sums.load(loss, omega);
    let status: FitStatus = "iteration-limit";
    if (near !== null) {
      const [limit, coefficient, exponent] = [at(near, 0), at(near, 1), at(near, 2)];
      straighten(limit / unit, (coefficient / unit) * Math.exp(-exponent * sums.origin), exponent);
      status = newton(theta, true, true, true);
    }
    if (status !== "converged") {
      sums.project(sums.scan(true), true, theta);
      straighten(at(theta, 0), at(theta, 1), at(theta, 2));
      status = newton(theta, true, true, true);
    }
    const [start, slope, end] = [at(theta, 0), at(theta, 1), at(theta, 2)];
    theta[1] = slope / end;
    theta[0] = start - slope / end;
    if (end > EXPONENT_UPPER) {
      sums.project(EXPONENT_UPPER, true, theta);
      newton(theta, false, true, false);
      status = "at-bound";
    } else if (!(end > 0 && slope > 0 && start * end >= slope)) {
      // The best curve has its limit below zero: the answer is the power law without one.
      sums.project(sums.scan(false), false, theta);
      status = newton(theta, false, false, true) === "converged" ? "at-bound" : "ill-conditioned";
    }
    const [e, b, c, objective] = [at(theta, 0), at(theta, 1), at(theta, 2), at(theta, 3)];
    if (!(c > 0 && b > 0)) status = "ill-conditioned";
    out[0] = e * unit;
    out[1] = b * unit * Math.exp(c * sums.origin);
    out[2] = c;
    out[3] = space === "log" ? objective : objective * unit * unit;
    return status;
  };
}

/**
 * Newton's method from `theta`, in place, with the objective in its fourth entry: (A, S, c) when `straight`, else (limit, b, c) of limit + b·e^−cz, of which the
 * first and the last move when asked. Damped where a step would not lower the objective.
 */
function newtonOn(sums: PowerLawSums, floor: number) {
  const { g, h, range } = sums;
  const step = new Float64Array(3);
  const pinned = new Float64Array(3);
  return (theta: Float64Array, straight: boolean, moveFirst: boolean, moveExponent: boolean): FitStatus => {
    let [a, b, c] = [theta[0] ?? Number.NaN, theta[1] ?? Number.NaN, theta[2] ?? Number.NaN];
    let damping = 0;
    let status: FitStatus = "iteration-limit";
    let current = sums.derivatives(straight, a, b, c, true);
    const stepFor = (slope: Float64Array, first: boolean): boolean => {
      if (solveThree(h, slope, damping, first, moveExponent, step)) return true;
      sums.derivatives(straight, a, b, c, false);
      return solveThree(h, slope, Math.max(damping, 1e-12), first, moveExponent, step);
    };
    for (let iteration = 0; iteration < ITERATIONS && Number.isFinite(current); iteration++) {
      // At the bound of the limit only while the descent points outwards.
      let first = moveFirst && (straight || a > 0 || (g[0] ?? Number.NaN) < 0);
      let solved = stepFor(g, first);
      if (solved && first && !straight && a + (step[0] ?? Number.NaN) < 0) {
        // To the bound and no further: the others minimise the model there, which the clipped step would miss.
        first = false;
        pinned[1] = (g[1] ?? Number.NaN) - (h[1] ?? Number.NaN) * a;
        pinned[2] = (g[2] ?? Number.NaN) - (h[2] ?? Number.NaN) * a;
        solved = stepFor(pinned, first);
        step[0] = -a;
      }
      if (!solved) {
        status = "ill-conditioned";
        break;
      }
      const promised = -(
        (g[0] ?? Number.NaN) * (step[0] ?? Number.NaN) +
        (g[1] ?? Number.NaN) * (step[1] ?? Number.NaN) +
        (g[2] ?? Number.NaN) * (step[2] ?? Number.NaN)
      );
      const reach = Math.max(Math.abs(c), 1 / range);
      const nextC = c + Math.min(Math.max(step[2] ?? Number.NaN, -reach), 2 * reach);
      const nextA = straight ? a + (step[0] ?? Number.NaN) : Math.max(0, a + (step[0] ?? Number.NaN));
      const nextB = b + (step[1] ?? Number.NaN);
      // So near, the objective is lost in rounding while the gradient is not: one full step, squaring what is left, ends it.
      if (Math.abs(promised) <= 1e-9 * current || current < floor) {
        if (damping > 0) {
          damping = 0;
          continue;
        }
        [a, b, c] = [nextA, nextB, nextC];
        current = Math.max(0, current - promised);
        status = "converged";
        break;
      }
      const next = sums.derivatives(straight, nextA, nextB, nextC, true);
      if (next < current) {
        [a, b, c, current] = [nextA, nextB, nextC, next];
        damping = damping > 1e-8 ? damping / 10 : 0;
      } else {
        damping = damping === 0 ? 1e-6 : damping * 10;
        if (damping > 1e12) {
          if (promised <= 1e-9 * current) status = "converged";
          break;
        }
        sums.derivatives(straight, a, b, c, true);
      }
      // Past straight lines and rising curves no power law waits.
      if (c < -2 / range || c > 2 * EXPONENT_UPPER) break;
    }
    [theta[0], theta[1], theta[2], theta[3]] = [a, b, c, current];
    return status;
  };
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
  const ee = moveLimit ? (h[0] ?? Number.NaN) * grow : 1;
  const eb = moveLimit ? (h[1] ?? Number.NaN) : 0;
  const ec = moveLimit && moveExponent ? (h[2] ?? Number.NaN) : 0;
  const bc = moveExponent ? (h[4] ?? Number.NaN) : 0;
  const l0 = Math.sqrt(ee);
  const l1 = eb / l0;
  const l2 = ec / l0;
  const bb = (h[3] ?? Number.NaN) * grow - l1 * l1;
  const l3 = Math.sqrt(bb);
  const l4 = (bc - l1 * l2) / l3;
  const cc = (moveExponent ? (h[5] ?? Number.NaN) * grow : 1) - l2 * l2 - l4 * l4;
  step.fill(0);
  if (!(ee > 0 && bb > 1e-15 * (h[3] ?? Number.NaN) && cc > 1e-15 * Math.abs(h[5] ?? Number.NaN))) return false;
  const l5 = Math.sqrt(cc);
  const t0 = (moveLimit ? -(g[0] ?? Number.NaN) : 0) / l0;
  const t1 = (-(g[1] ?? Number.NaN) - l1 * t0) / l3;
  const t2 = ((moveExponent ? -(g[2] ?? Number.NaN) : 0) - l2 * t0 - l4 * t1) / l5;
  const c = t2 / l5;
  const b = (t1 - l4 * c) / l3;
  step[0] = (t0 - l1 * b - l2 * c) / l0;
  step[1] = b;
  step[2] = c;
  return true;
}
