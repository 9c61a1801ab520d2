// Laws against each other by what they predict beyond the points they were fitted to: expanding windows over a curve.
import { FitError } from "../base/errors.js";
import { mean } from "../base/mean.js";
import type { Observations } from "../curve/observations.js";
import { at, type Law, mainVariable } from "../law/law.js";
import { fit as fitLaw } from "./fit.js";
import { pick } from "./held-out.js";
import type { FitOptions } from "./record.js";

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

/** Windows at most: neighbours among more differ by a point or two, and each is a fit of every law. */
const MOST_WINDOWS = 16;

/**
 * Expanding windows: each law fitted to the smallest m distinct x, m = (most parameters + 1) …, and scored on every
 * larger x, so that a law is judged against simpler ones on the same windows by error against distance in decades.
 * Of more than 16 windows, 16 in even steps of m are taken, the first and the last among them.
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
  const windows = Math.min(MOST_WINDOWS, distinct.length - smallest);
  for (let w = 0; w < windows; w++) {
    const size = smallest + Math.round((w * (distinct.length - 1 - smallest)) / Math.max(1, windows - 1));
    const edge = distinct[size - 1] ?? Number.NaN;
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
          const relativeError = mean(errors);
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
