// The profile of one parameter over a grid, for charts: how much worse the best fit gets as the parameter is moved.

import { InputError } from "../../base/errors.js";
import type { Observations } from "../../curve/observations.js";
import { at, type Law } from "../../law/law.js";
import { fitted } from "../fitted.js";
import { fullTheta, linkGradient } from "../problem/problem.js";
import { DEFAULT_FIT_OPTIONS, type FitOptions } from "../record.js";
import { profiler, smoothed } from "./walk.js";

export interface Profile {
  readonly name: string;
  readonly estimate: number;
  /** t at which the interval of the fit ends: |t| ≤ critical lies inside. */
  readonly critical: number;
  readonly points: readonly {
    readonly value: number;
    /** Minimum of the objective with the parameter held at `value`. */
    readonly objective: number;
    /** Signed root of the rise of the objective in units of one squared standard error. */
    readonly t: number;
    /** All parameters of the law there, by name. */
    readonly parameters: Readonly<Record<string, number>>;
  }[];
}

/**
 * The profile of the free parameter `name` at the values of `grid`; values at which the law cannot be fitted are left out.
 * Throws InputError unless `name` is free, FitError where `fit` would.
 */
export function profile(
  law: Law,
  observations: Observations,
  options: Partial<FitOptions>,
  name: string,
  grid: readonly number[],
): Profile {
  const chosen = { ...DEFAULT_FIT_OPTIONS, ...options };
  const { problem, solution, doubt, criticals, ends } = fitted(law, [observations], {
    ...chosen,
    // Redrawn points have no profile.
    interval: chosen.interval === "auto" && chosen.loss.kind === "squared" ? "auto" : "profile",
  });
  const parameter = law.parameters.findIndex((known) => known.name === name);
  const index = linkGradient(problem, parameter).indexOf(1);
  if (index < 0) {
    throw new InputError(
      `profile: parameter must be a free one of ${problem.names.join(", ")}, got ${name}; choose one`,
    );
  }
  const absolute = chosen.loss.kind === "absolute";
  const walked = absolute ? smoothed(problem, solution.free) : problem;
  const estimate = at(solution.free, index);
  const factor = problem.residualUnit ** (absolute ? 1 : 2);
  // Out of the estimate, and out of the ends of all parameters' intervals: those may be in another valley.
  const valleys = [solution.free, ...ends].map((from) => {
    const walk = profiler(walked, from, index, from === solution.free ? doubt.covariance : null);
    const distance = (value: number) => Math.abs(value - at(from, index));
    return new Map([...grid].sort((a, b) => distance(a) - distance(b)).map((value) => [value, walk(value)]));
  });
  const points = grid
    .flatMap((value) => valleys.flatMap((valley) => valley.get(value) ?? []).sort((a, b) => a.cost - b.cost)[0] ?? [])
    .filter((point) => Number.isFinite(point.cost))
    .map((point) => {
      const theta = fullTheta(problem, point.free);
      const rise = Math.max(0, point.cost - solution.cost) / doubt.unitRise;
      return {
        value: point.value,
        objective: point.cost * factor,
        t: doubt.unitRise > 0 ? Math.sign(point.value - estimate) * Math.sqrt(rise) : 0,
        parameters: Object.fromEntries(law.parameters.map((parameter, i) => [parameter.name, at(theta, i)])),
      };
    });
  return {
    name,
    estimate,
    critical: at(criticals, index),
    points: points.sort((a, b) => a.value - b.value),
  };
}
