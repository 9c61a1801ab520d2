// Schemes, each fitted by itself: where every comparison starts, and what it asks of them.
import { FitError, InputError } from "../base/errors.js";
import type { Observations } from "../curve/observations.js";
import { type Fitted, fitted } from "../fit/fitted.js";
import { groupName } from "../fit/problem/columns.js";
import { distinctPoints } from "../fit/problem/points.js";
import { fullTheta } from "../fit/problem/problem.js";
import type { FitOptions } from "../fit/record.js";
import type { Replicates } from "../fit/replicates.js";
import { at, type Law, type LawParameter, mainVariable } from "../law/law.js";

export interface Schemes {
  readonly law: Law;
  readonly names: readonly string[];
  readonly groups: readonly Observations[];
  readonly options: FitOptions;
  /** Every parameter free in every scheme. */
  readonly fits: readonly Fitted[];
}

/** The law's parameters, one vector a scheme, in each of several sets. */
export type Thetas = readonly (readonly Float64Array[])[];

const NOTHING = new Float64Array(0);

/** Throws InputError on too few points, FitError naming the scheme that has no fit. */
export function fitSchemes(law: Law, groups: readonly Observations[], given: FitOptions): Schemes {
  // What is asked of the estimates comes later, for all schemes at once.
  const options: FitOptions = { ...given, interval: "delta", heldOut: 0 };
  const names = groups.map(groupName);
  const fits = groups.map((group, l) => {
    const name = names[l] ?? "";
    check(law, group, name);
    const fit = fittedAs(name, law, group, options);
    const [column] = group.x;
    if (group.x.length === 1 && column !== undefined && !falls(law, fit, column)) {
      throw new FitError(
        `compare: ${name} must fall with x to have a power law, got losses that do not; leave it out or check --x`,
      );
    }
    return fit;
  });
  return { law, names, groups, options, fits };
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

function check(law: Law, group: Observations, name: string): void {
  if (group.x.length !== law.variables.length) {
    throw new InputError(
      `compare: ${law.name} is of ${law.variables.length} variables (${law.variables.join(", ")}), got ${group.x.length}; give a column of each with --x or --map`,
    );
  }
  const needed = law.parameters.length;
  if (distinctPoints(group.x) < needed) {
    throw new InputError(
      `compare: ${name} must have points at ${needed} different x at least, got ${distinctPoints(group.x)}; add horizons or leave it out`,
    );
  }
  if (
    ![...group.x.flatMap((column) => [...column]), ...group.loss].every((value) => Number.isFinite(value) && value > 0)
  ) {
    throw new InputError(`compare: ${name} must have positive finite x and loss at every point; exclude the others`);
  }
}

function falls(law: Law, { thetas: [theta = new Float64Array(0)] }: Fitted, x: Float64Array): boolean {
  const [least, most] = [Math.min(...x), Math.max(...x)];
  const drop = law.value(theta, [least]) - law.value(theta, [most]);
  return drop > 1e-9 * Math.abs(law.value(theta, [most]));
}

/** Some of the schemes. */
export function subset(schemes: Schemes, which: readonly number[]): Schemes {
  const pick = <T>(list: readonly T[]) => which.flatMap((l) => list.slice(l, l + 1));
  return { ...schemes, names: pick(schemes.names), groups: pick(schemes.groups), fits: pick(schemes.fits) };
}

/** The law's parameters of a scheme. */
export function thetaOf({ fits }: Schemes, l: number): Float64Array {
  return fits[l]?.thetas[0] ?? new Float64Array(0);
}

/** The law's parameters of every scheme in each of these sets of free ones: redrawn data sets, or sets without a unit. */
export function thetasOf({ fits }: Schemes, sets: Replicates["frees"]): Thetas {
  return sets.map((frees) => fits.map(({ problem }, l) => fullTheta(problem, frees[l] ?? NOTHING)));
}

/** A gradient over the free parameters of a scheme from one over the law's. */
export function freeGradient({ fits }: Schemes, l: number, gradient: ArrayLike<number>): Float64Array {
  const problem = fits[l]?.problem;
  const sum = new Float64Array(problem?.names.length ?? 0);
  const [block] = problem?.blocks ?? [];
  for (const { parameter, column, factor } of block?.links ?? []) {
    const k = block?.columns[column] ?? -1;
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

/** Least and most of the law's main variable in a scheme's points. */
export function rangeOf({ law, groups }: Schemes, l: number): { readonly least: number; readonly most: number } {
  const x = groups[l]?.x[mainVariable(law)] ?? new Float64Array(0);
  return { least: Math.min(...x), most: Math.max(...x) };
}

/**
 * Where laws are held against each other: the budget in the main variable, and in every other one the largest value that
 * every scheme reaches.
 * @param budget of the main variable; null for the largest that every scheme reaches
 */
export function meetingPoint({ law, groups }: Schemes, budget: number | null): readonly number[] {
  const main = mainVariable(law);
  return law.variables.map((_, v) =>
    v === main && budget !== null
      ? budget
      : Math.min(...groups.map(({ x }) => Math.max(...(x[v] ?? new Float64Array(0))))),
  );
}

/** The point with another value of the main variable. */
export function withBudget(law: Law, point: readonly number[], budget: number): readonly number[] {
  return point.map((value, v) => (v === mainVariable(law) ? budget : value));
}

/** Mean correlation of residuals between schemes at equal pair keys; null where fewer than 4 keys match in every pair. */
export function residualCorrelation({ groups, fits }: Schemes): number | null {
  const maps = fits.map(({ problem, solution }, l) => {
    const residuals = new Float64Array(problem.points);
    problem.residuals(solution.free, residuals);
    return new Map(groups[l]?.pair?.map((key, i) => [key, at(residuals, i) / at(problem.weights, i)]));
  });
  const correlations: number[] = [];
  for (let a = 0; a < maps.length; a++) {
    for (let b = a + 1; b < maps.length; b++) {
      let [count, xx, yy, xy] = [0, 0, 0, 0];
      for (const [key, x] of maps[a] ?? []) {
        const y = maps[b]?.get(key);
        if (y === undefined) continue;
        count++;
        xx += x * x;
        yy += y * y;
        xy += x * y;
      }
      if (count >= 4 && xx > 0 && yy > 0) correlations.push(xy / Math.sqrt(xx * yy));
    }
  }
  return correlations.length === 0 ? null : correlations.reduce((a, b) => a + b, 0) / correlations.length;
}
