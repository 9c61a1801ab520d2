// Schemes, each fitted by itself: where every comparison starts, and what it asks of them.

import { FitError, InputError } from "../base/errors.js";
import { extent } from "../base/extent.js";
import { item } from "../base/item.js";
import { mean } from "../base/mean.js";
import type { Observations } from "../curve/observations.js";
import { type Fitted, fitted } from "../fit/fitted.js";
import { groupName } from "../fit/problem/columns.js";
import { distinctPoints } from "../fit/problem/points.js";
import { fullTheta } from "../fit/problem/problem.js";
import type { FitOptions } from "../fit/record.js";
import { type Clusters, clustersOf } from "../fit/variance/clusters.js";
import { at, type Law, type LawParameter, mainVariable } from "../law/law.js";

export interface Scheme {
  readonly name: string;
  readonly group: Observations;
  /** Every parameter its own. */
  readonly fit: Fitted;
  /** The law's parameters. */
  readonly theta: Float64Array;
  /** Least and most of the law's main variable. */
  readonly range: readonly [least: number, most: number];
  /** Of each point; points of whatever scheme with one number share an error. */
  readonly cluster: Int32Array;
  /** The number of its first point among those of all schemes. */
  readonly first: number;
}

export interface Schemes {
  readonly law: Law;
  readonly options: FitOptions;
  readonly clusters: Clusters;
  readonly all: readonly Scheme[];
}

/** Throws InputError on too few points, FitError naming the scheme that has no fit. */
export function fitSchemes(law: Law, groups: readonly Observations[], given: FitOptions): Schemes {
  // What is asked of the estimates comes later, for all schemes at once.
  const options: FitOptions = { ...given, interval: "delta", heldOut: 0 };
  const clusters = clustersOf(groups);
  let points = 0;
  const all = groups.map((group) => {
    const scheme = fitScheme(law, group, options);
    const first = points;
    points += group.loss.length;
    const cluster = clusters.of?.subarray(first, points) ?? Int32Array.from(group.loss, (_, i) => first + i);
    return { ...scheme, cluster, first };
  });
  return { law, options, clusters, all };
}

function fitScheme(law: Law, group: Observations, options: FitOptions): Omit<Scheme, "cluster" | "first"> {
  const name = groupName(group);
  check(law, group, name);
  const fit = fittedAs(name, law, group, options);
  const theta = fullTheta(fit.problem, fit.solution.free);
  const main = item(group.x, mainVariable(law));
  const range = extent(main);
  if (group.x.length === 1) {
    const [highest = Number.NaN, lowest = Number.NaN] = range.map((x) => law.value(theta, [x]));
    if (!(highest - lowest > 1e-9 * Math.abs(lowest))) {
      throw new FitError(
        `compare: ${name} must fall with x to have a power law, got losses that do not; leave it out or check --x`,
      );
    }
  }
  return { name, group, fit, theta, range };
}

/** The fit of one group, whose name is put into what is thrown. */
function fittedAs(name: string, law: Law, group: Observations, options: FitOptions): Fitted {
  try {
    return fitted(law, [group], options);
  } catch (error) {
    if (!(error instanceof FitError)) throw error;
    throw new FitError(`compare: ${name}: ${error.message.replace(/^fit: /, "")}, or leave the scheme out`);
  }
}

function check(law: Law, { x, loss }: Observations, name: string): void {
  const { variables, parameters } = law;
  if (x.length !== variables.length) {
    throw new InputError(
      `compare: ${law.name} is of ${variables.length} variables (${variables.join(", ")}), got ${x.length}; give a column of each with --x or --map`,
    );
  }
  const distinct = distinctPoints(x);
  if (distinct < parameters.length) {
    throw new InputError(
      `compare: ${name} must have points at ${parameters.length} different x at least, got ${distinct}; add horizons or leave it out`,
    );
  }
  if (![...x, loss].every((column) => column.every((value) => Number.isFinite(value) && value > 0))) {
    throw new InputError(`compare: ${name} must have positive finite x and loss at every point; exclude the others`);
  }
}

/** A gradient over the free parameters of a scheme from one over the law's. */
export function freeGradient({ fit: { problem } }: Scheme, gradient: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(problem.names.length);
  const { links, columns } = item(problem.blocks, 0);
  for (const { parameter, column, factor } of links) {
    const k = at(columns, column);
    sum[k] = at(sum, k) + factor * at(gradient, parameter);
  }
  return sum;
}

/** Free parameters that a comparison asks about: limits and exponents, or coefficients where the law has neither. */
export function askedOf({ law, options }: Pick<Schemes, "law" | "options">): readonly LawParameter[] {
  const free = law.parameters.filter(({ name }) => options.fixed[name] === undefined);
  const asked = free.filter(({ role }) => role === "limit" || role === "exponent");
  return asked.length > 0 ? asked : free.filter(({ role }) => role === "coefficient");
}

/**
 * Where laws are held against each other: the budget in the main variable, and in every other one the largest value that
 * every scheme reaches.
 * @param budget of the main variable; null for the largest that every scheme reaches
 */
export function meetingPoint({ law, all }: Schemes, budget: number | null): readonly number[] {
  const reached = law.variables.map((_, v) => Math.min(...all.map(({ group }) => extent(item(group.x, v))[1])));
  return budget === null ? reached : withBudget(law, reached, budget);
}

/** The point with another value of the main variable. */
export function withBudget(law: Law, point: readonly number[], budget: number): readonly number[] {
  return point.map((value, v) => (v === mainVariable(law) ? budget : value));
}

/** Mean correlation of residuals between schemes at equal pair keys; null where fewer than 4 keys match in every pair. */
export function residualCorrelation({ all }: Schemes): number | null {
  const maps = all.map(({ group, fit: { problem, solution } }) => {
    const residuals = new Float64Array(problem.points);
    problem.residuals(solution.free, residuals);
    return new Map(group.pair?.map((key, i) => [key, at(residuals, i) / at(problem.weights, i)]));
  });
  const correlations: number[] = [];
  for (const [a, first] of maps.entries()) {
    for (const second of maps.slice(a + 1)) {
      let [count, xx, yy, xy] = [0, 0, 0, 0];
      for (const [key, x] of first) {
        const y = second.get(key);
        if (y === undefined) continue;
        count++;
        xx += x * x;
        yy += y * y;
        xy += x * y;
      }
      if (count >= 4 && xx > 0 && yy > 0) correlations.push(xy / Math.sqrt(xx * yy));
    }
  }
  return correlations.length === 0 ? null : mean(correlations);
}
