// What the points of a fit must be, and how residuals are weighted: here once, for one group and for many.

import { FitError, InputError } from "../../base/errors.js";
import { extent } from "../../base/extent.js";
import type { Observations } from "../../curve/observations.js";
import { at, type Law } from "../../law/law.js";
import type { FitOptions } from "../record.js";

/** How many different points there are in the space of the variables; of some points, as far as `enough`. */
export function distinctPoints(
  x: readonly Float64Array[],
  some: (point: number) => boolean = () => true,
  enough = Number.POSITIVE_INFINITY,
): number {
  const [first, ...others] = x;
  const seen = new Set<number | string>();
  for (let i = 0; i < (first?.length ?? 0) && seen.size < enough; i++) {
    if (!some(i)) continue;
    const value = at(first ?? [], i);
    seen.add(others.length === 0 ? value : [value, ...others.map((column) => at(column, i))].join(" "));
  }
  return seen.size;
}

/** Throws InputError for arrays that do not fit the law, FitError for points that `free` parameters cannot be fitted to. */
export function checkPoints(law: Law, observations: Observations, space: FitOptions["space"], free: number): void {
  const { x, loss } = observations;
  if (x.length !== law.variables.length || x.some((column) => column.length !== loss.length)) {
    throw new InputError(
      `fit: ${law.name} takes ${law.variables.length} variables (${law.variables.join(", ")}) of the losses' length, got ${x.length} arrays; map a column to each`,
    );
  }
  loss.forEach((y, i) => {
    if (!Number.isFinite(y) || x.some((column) => !Number.isFinite(column[i]))) {
      throw new FitError(`fit: points must be finite, got loss ${y} at point ${i}; exclude it`);
    }
    if (space === "log" && !(y > 0)) {
      throw new FitError(`fit: log residuals need losses above 0, got ${y} at point ${i}; use --space linear`);
    }
  });
  const distinct = distinctPoints(x);
  if (distinct < free) {
    throw new FitError(
      `fit: ${law.name} has ${free} free parameters and needs as many distinct ${law.variables.join(", ")}, got ${distinct}; add points, fix a parameter or take a simpler law`,
    );
  }
  const [least, most] = extent(loss);
  const [spread, largest] = [most - least, Math.max(-least, most)];
  if (free > 1 && !(spread > largest * 1e-11)) {
    throw new FitError(
      `fit: losses must differ by more than rounding, got a spread of ${spread} around ${largest}; nothing can be fitted to a constant`,
    );
  }
}

/**
 * Factor of each residual: 1, or 1/σ with σ the standard error of what the residual is of: of the loss over `unit`, or of
 * its logarithm, σ(L)/L. The loss function applies to the weighted residual, so that Huber's δ then counts in σ.
 */
export function pointWeights(observations: Observations, options: FitOptions, unit: number): Float64Array {
  const { standardError, loss } = observations;
  if (!options.weighted) return new Float64Array(loss.length).fill(1);
  if (standardError === null) {
    throw new InputError("fit: a weighted fit needs a standard error for each point, got none; name its column");
  }
  return standardError.map((error, i) => {
    if (!(error > 0)) {
      throw new InputError(
        `fit: standard errors must be above 0, got ${error} at point ${i}; exclude it or do not weight`,
      );
    }
    return (options.space === "log" ? (loss[i] ?? Number.NaN) : unit) / error;
  });
}
