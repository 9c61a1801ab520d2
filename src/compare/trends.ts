// Is a parameter a straight line in something the schemes have, such as their rounds? Each in turn is fitted as one over
// all schemes, the others free in each, and held against the fit that leaves it free too.
import { fTail, studentTwoSided } from "../base/distributions.js";
import { fitted } from "../fit/fitted.js";
import { linearize } from "../fit/linearize.js";
import type { Interval } from "../fit/record.js";
import { standardErrors } from "../fit/variance/standard-errors.js";
import { at } from "../law/law.js";
import type { Trend } from "./comparison.js";
import { askedOf, type Schemes } from "./schemes.js";

/**
 * One row a parameter: parameter = intercept + slope·covariate, the covariate a formula of the groups' values.
 * F = ((SSE_line − SSE_free)/(schemes − 2))/(SSE_free/ν) says whether the line is enough; null for two schemes, which any
 * line joins. Throws InputError for a covariate that the groups have not, or that is one and the same.
 *
 * @param schemes fitted by squared residuals
 */
export function trends(schemes: Schemes, covariate: string, level: number): readonly Trend[] {
  const { law, options, clusters, all } = schemes;
  const groups = all.map(({ group }) => group);
  const free = all.reduce((sum, { fit }) => sum + fit.solution.cost * fit.problem.residualUnit ** 2, 0);
  const parameters = all.reduce((sum, { fit }) => sum + fit.problem.names.length, 0);
  const alone = all.map(({ theta }) => theta);
  return askedOf(schemes).map(({ name }): Trend => {
    const line = fitted(law, groups, options, { share: [], by: { [name]: covariate } }, alone);
    const { problem, solution } = line;
    const k = problem.names.indexOf(`${name}:${covariate}`);
    const slope = at(solution.free, k);
    const { basis, gradient } = linearize([line], clusters.of);
    const errors = basis === null ? null : standardErrors(basis);
    const error = errors?.of(gradient([problem.names.map((_, j) => Number(j === k))])) ?? null;
    const half = error === null ? Number.NaN : error.value * studentTwoSided(level, error.degreesOfFreedom);
    const interval: Interval | null = Number.isFinite(half)
      ? { level, lower: slope - half, upper: slope + half, method: "delta" }
      : null;
    const spare = parameters - problem.names.length;
    const df = problem.points - parameters;
    const rise = Math.max(0, solution.cost * problem.residualUnit ** 2 - free);
    return {
      parameter: name,
      covariate,
      intercept: at(solution.free, problem.names.indexOf(name)),
      slope,
      standardError: error?.value ?? null,
      interval,
      pValue: error === null ? null : fTail((slope / error.value) ** 2, 1, error.degreesOfFreedom),
      linePValue: spare > 0 && df > 0 ? fTail(rise / spare / (free / df), spare, df) : null,
    };
  });
}
