// The same problem with other losses or weights, solved from an optimum near by: thousands of times in a bootstrap.
import { at } from "../../law/law.js";
import { powerLawWithLimit } from "../../law/power-law.js";
import { withSlope } from "../problem/loss.js";
import { onDrawn, type Problem, withData } from "../problem/problem.js";
import { descend } from "./descend.js";
import { powerLawWithLimitSolver } from "./power-law-solver.js";

/**
 * The free parameters at the optimum, or null where there is none.
 * @param count how often each point stands in the sum; null for once
 */
export type Refit = (observed: Float64Array, count: Float64Array | null) => Float64Array | null;

const ITERATIONS = 200;
/** At ten times as much the standard error of Chinchilla's B comes out 1% smaller. */
const TOLERANCE = 1e-7;

/** A solver from the optimum `free` of `problem`: the power law's own where that is the problem, else a descent. */
export function refitter(problem: Problem, free: Float64Array): Refit {
  const residuals = new Float64Array(problem.points);
  problem.residuals(free, residuals);
  const shape = withSlope(problem.loss, residuals);
  const plain = powerLawRefit(problem, free);
  return (observed, count) => {
    if (problem.space === "log" && !observed.every((y) => y > 0)) return null;
    if (plain !== null) return plain(observed, count);
    const data = observed === problem.observed ? problem : withData(problem, observed, problem.weights);
    const drawn = count === null ? data : onDrawn(data, count);
    const end = descend(drawn, free, shape, {
      iterations: ITERATIONS,
      tolerance: TOLERANCE,
      from: "optimum",
      times: count?.filter((times) => times > 0) ?? null,
    });
    return end?.free.every(Number.isFinite) ? end.free : null;
  };
}

/** The default law with every parameter free in its own bounds, by squared residuals: its own solver; else null. */
export function powerLawRefit(problem: Problem, near: Float64Array | null): Refit | null {
  const { law, blocks, names, lower, upper, weights } = problem;
  const [tokens] = problem.x;
  const plain =
    law === powerLawWithLimit &&
    blocks.length === 1 &&
    names.length === 3 &&
    law.parameters.every((parameter, k) => lower[k] === parameter.lower && upper[k] === parameter.upper) &&
    problem.loss.quadratic;
  if (!(plain && tokens?.every((x) => x > 0))) return null;
  const solver = powerLawWithLimitSolver(tokens, problem.space);
  /** Factors of squared residuals; null where all are 1. */
  const squares = weights.every((weight) => weight === 1) ? null : weights.map((weight) => weight * weight);
  const out = new Float64Array(4);
  return (observed, count) => {
    if (!observed.every((y) => y > 0)) return null;
    solver(
      observed,
      count === null || squares === null ? (count ?? squares) : squares.map((s, i) => s * at(count, i)),
      near,
      out,
    );
    return out.every(Number.isFinite) ? out.slice(0, 3) : null;
  };
}
