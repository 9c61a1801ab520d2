// Where descents begin: the law's own starts for what it is not linear in, the rest by bounded linear least squares
// (variable projection, Golub & Pereyra 1973), ranked by the objective there. Deterministic, and no start is needed.
import { quantile } from "../bootstrap-interval.js";
import { lossShape } from "../problem/loss.js";
import { cost, fullTheta, jacobianCells, type Problem } from "../problem/problem.js";
import { linearSystem } from "./linear-system.js";

export interface Start {
  readonly free: Float64Array;
  readonly cost: number;
}

/** Every usable start of one group, best first; those of equal cost in the law's order. */
export function rankedStarts(problem: Problem): readonly Start[] {
  const { law, lower, upper } = problem;
  const nonlinear = law.parameters.map((_, i) => i).filter((i) => law.parameters[i]?.linear !== true);
  const { links = [], columns = [] } = problem.blocks[0] ?? {};
  const candidates = law.starts(problem.x, problem.observed).map((values) => {
    const free = new Float64Array(problem.names.length);
    // Backwards, so that of tied parameters the first one's value stands.
    for (const { parameter, column } of links.toReversed()) {
      const place = nonlinear.indexOf(parameter);
      if (place >= 0) free[columns[column] ?? -1] = values[place] ?? Number.NaN;
    }
    return free.map((value, k) => Math.min(Math.max(value, lower[k] ?? Number.NaN), upper[k] ?? Number.NaN));
  });
  return ranked(
    problem,
    candidates.map((free) => projected(problem, free)),
  );
}

/**
 * Starts of several groups at once from the fits of each alone (the law's parameters): a group's own parameters as they
 * are, shared ones at quantiles of all groups' and functions of a covariate by regression; each also with the linear ones
 * projected.
 */
export function jointStarts(problem: Problem, alone: readonly Float64Array[]): readonly Start[] {
  const candidates = [0, 0.25, 0.5, 0.75, 1].map((share) =>
    Float64Array.from(problem.names, (_, k) => {
      const settings = problem.blocks.flatMap(({ columns, links }, g) => {
        const link = links.find(({ column }) => columns[column] === k);
        if (link === undefined) return [];
        const factors = links.filter(({ parameter }) => parameter === link.parameter).map(({ factor }) => factor);
        const [, slope = 0] = factors;
        const isSlope = links.find(({ parameter }) => parameter === link.parameter) !== link;
        return [{ value: alone[g]?.[link.parameter] ?? Number.NaN, slope, isSlope, regressed: factors.length > 1 }];
      });
      const values = settings.map(({ value }) => value);
      const [first] = settings;
      const start = first?.regressed
        ? regression(settings, first.isSlope)
        : quantile(
            values.sort((a, b) => a - b),
            share,
          );
      return Math.min(Math.max(start, problem.lower[k] ?? Number.NaN), problem.upper[k] ?? Number.NaN);
    }),
  );
  return ranked(
    problem,
    candidates.flatMap((free) => [free, projected(problem, Float64Array.from(free))]),
  );
}

function ranked(problem: Problem, candidates: readonly Float64Array[]): readonly Start[] {
  const scratch = new Float64Array(problem.points);
  const distinct = new Map(candidates.map((free) => [free.join(" "), free]));
  return [...distinct.values()]
    .map((free) => ({ free, cost: cost(problem, free, scratch) }))
    .filter((start) => Number.isFinite(start.cost))
    .sort((a, b) => a.cost - b.cost);
}

/** Slope or intercept of the least-squares line of values on the groups' covariate. */
function regression(settings: readonly { readonly value: number; readonly slope: number }[], slope: boolean): number {
  const mean = (of: (setting: (typeof settings)[number]) => number) =>
    settings.reduce((sum, setting) => sum + of(setting), 0) / settings.length;
  const [x, y] = [mean((setting) => setting.slope), mean(({ value }) => value)];
  const fitted = mean((s) => (s.slope - x) * (s.value - y)) / mean((s) => (s.slope - x) ** 2);
  return slope ? fitted : y - fitted * x;
}

/**
 * Sets the linear parameters of `free` to their least-squares values given the others, in place, those that would leave
 * their bounds to the bound. Log residuals are weighted 1/loss, their first order. Returns `free`.
 */
export function projected(problem: Problem, free: Float64Array): Float64Array {
  const { law, x, observed, linear, blocks } = problem;
  if (!linear.includes(true)) return free;
  linear.forEach((isLinear, k) => {
    if (isLinear) free[k] = 0;
  });
  const jacobian = new Float64Array(jacobianCells(blocks));
  const right = new Float64Array(problem.points);
  const point = new Float64Array(x.length);
  const gradient = new Float64Array(law.parameters.length);
  let offset = 0;
  for (const [g, { from, to, columns, links }] of blocks.entries()) {
    const theta = fullTheta(problem, free, g);
    for (let i = from; i < to; i++) {
      for (let v = 0; v < x.length; v++) point[v] = x[v]?.[i] ?? Number.NaN;
      const divisor = problem.space === "log" ? (observed[i] ?? Number.NaN) : problem.unit;
      const weight = (problem.weights[i] ?? Number.NaN) / divisor;
      right[i] = ((observed[i] ?? Number.NaN) - law.gradient(theta, point, gradient)) * weight;
      for (const { parameter, column, factor } of links) {
        if (!linear[columns[column] ?? -1]) continue;
        const cell = offset + column * (to - from) + i - from;
        jacobian[cell] = (jacobian[cell] ?? Number.NaN) + (gradient[parameter] ?? Number.NaN) * factor * weight;
      }
    }
    offset += (to - from) * columns.length;
  }
  const system = linearSystem(problem);
  system.load(right, jacobian, lossShape({ kind: "squared" }), null);
  const scale = system.square.map(Math.sqrt);
  const moves = linear.map((isLinear, k) => isLinear && (scale[k] ?? Number.NaN) > 0);
  if (problem.points < moves.filter(Boolean).length) return free;
  system.factor(moves, scale);
  const step = new Float64Array(free.length);
  if (system.solve(0, free, step)) {
    step.forEach((value, k) => {
      if (moves[k]) free[k] = value;
    });
  }
  return free;
}
