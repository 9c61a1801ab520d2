// Scoring a law on points it did not see: the largest kept out of one fit, and expanding windows over a whole curve.
import { FitError, InputError } from "../base/errors.js";
import type { Observations } from "../curve/observations.js";
import { at, type Law } from "../law/law.js";
import { type FitOptions, fit as fitLaw, type HeldOut } from "./fit.js";

/** The variable that a law extrapolates along: tokens where it has them, else its last. */
export function mainVariable(law: Law): number {
  const tokens = law.variables.indexOf("tokens");
  return tokens >= 0 ? tokens : law.variables.length - 1;
}

/** The observations at the given positions, in that order. */
export function pick(observations: Observations, positions: readonly number[]): Observations {
  const numbers = (column: Float64Array) => Float64Array.from(positions, (i) => at(column, i));
  const list = <T>(values: readonly T[] | null): T[] | null =>
    values === null ? null : positions.flatMap((i) => values.slice(i, i + 1));
  return {
    ...observations,
    x: observations.x.map(numbers),
    loss: numbers(observations.loss),
    standardError: observations.standardError === null ? null : numbers(observations.standardError),
    run: list(observations.run),
    pair: list(observations.pair),
    decayed: list(observations.decayed),
  };
}

/** Splits off the `count` points of largest x. Throws InputError unless points are left to fit. */
export function holdOut(
  law: Law,
  observations: Observations,
  count: number,
): { readonly kept: Observations; readonly heldOut: Observations | null } {
  if (count === 0) return { kept: observations, heldOut: null };
  const n = observations.loss.length;
  if (!Number.isInteger(count) || count < 0 || count >= n) {
    throw new InputError(
      `fit: points held out must be a whole number below the ${n} there are, got ${count}; hold out fewer`,
    );
  }
  const x = observations.x[mainVariable(law)] ?? new Float64Array(n);
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => at(x, a) - at(x, b));
  const inOrder = (positions: readonly number[]) => [...positions].sort((a, b) => a - b);
  return {
    kept: pick(observations, inOrder(order.slice(0, n - count))),
    heldOut: pick(observations, inOrder(order.slice(n - count))),
  };
}

/** Mean relative error of a fitted law on points kept out, and how far out they lie. */
export function score(law: Law, theta: ArrayLike<number>, fitted: Observations, heldOut: Observations): HeldOut {
  const n = heldOut.loss.length;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const predicted = law.value(
      theta,
      heldOut.x.map((column) => at(column, i)),
    );
    sum += Math.abs(predicted / at(heldOut.loss, i) - 1);
  }
  const farthest = (observations: Observations) =>
    (observations.x[mainVariable(law)] ?? new Float64Array(0)).reduce(
      (m, v) => Math.max(m, v),
      Number.NEGATIVE_INFINITY,
    );
  const decades = Math.log10(farthest(heldOut) / farthest(fitted));
  return { points: n, meanRelativeError: sum / n, decades: Number.isFinite(decades) ? decades : 0 };
}

/** One prediction of an expanding window: fitted to the `fitted` smallest distinct x, scored at a larger one. */
export interface Extrapolation {
  readonly law: string;
  /** Distinct x in the window. */
  readonly fitted: number;
  readonly x: number;
  /** log10 of x over the largest x in the window. */
  readonly decades: number;
  /** Mean of predicted/observed − 1 over the points at x. */
  readonly relativeError: number;
}

/**
 * Expanding windows: each law fitted to the smallest m distinct x, m = (most parameters + 1) …, and scored on every
 * larger x, so that a law is judged against simpler ones on the same windows by error against distance in decades.
 * A window on which some law cannot be fitted is left out for all.
 *
 * @example
 * import { extrapolations, lawByName, observe, powerLawWithLimit, readTable } from "rinsight";
 *
 * const { groups } = observe((await readTable(["curves.csv"])).table, ["tokens"]);
 * const laws = [powerLawWithLimit, lawByName("power-law")];
 * for (const group of groups) {
 *   for (const row of extrapolations(laws, group)) console.log(row.law, row.decades, row.relativeError);
 * }
 */
export function extrapolations(
  laws: readonly Law[],
  observations: Observations,
  options: Partial<FitOptions> = {},
): readonly Extrapolation[] {
  const first = laws[0];
  if (first === undefined) return [];
  const x = observations.x[mainVariable(first)] ?? new Float64Array(0);
  const distinct = [...new Set(x)].sort((a, b) => a - b);
  const smallest = Math.max(...laws.map((law) => law.parameters.length)) + 1;
  const rows: Extrapolation[] = [];
  for (let size = smallest; size < distinct.length; size++) {
    const edge = distinct[size - 1] ?? 0;
    const window = pick(
      observations,
      Array.from(x.keys()).filter((i) => at(x, i) <= edge),
    );
    const windowRows: Extrapolation[] = [];
    try {
      for (const law of laws) {
        const { parameters } = fitLaw(law, window, { ...options, interval: "delta", heldOut: 0 });
        const theta = law.parameters.map((parameter) => parameters[parameter.name]?.estimate ?? Number.NaN);
        for (const target of distinct.slice(size)) {
          const at1 = Array.from(x.keys()).filter((i) => at(x, i) === target);
          const errors = at1.map((i) => {
            const point = observations.x.map((column) => at(column, i));
            return law.value(theta, point) / at(observations.loss, i) - 1;
          });
          const relativeError = errors.reduce((sum, e) => sum + e, 0) / errors.length;
          windowRows.push({
            law: law.name,
            fitted: size,
            x: target,
            decades: Math.log10(target / edge),
            relativeError,
          });
        }
      }
    } catch (error) {
      if (!(error instanceof FitError)) throw error;
      continue;
    }
    rows.push(...windowRows);
  }
  return rows;
}
