// A law's parameters fitted to redrawn points: the bootstrap's way to intervals of anything computed from them.
import type { Observations } from "../curve/observations.js";
import { fitted } from "../fit/fitted.js";
import { fullTheta } from "../fit/problem/problem.js";
import { DEFAULT_FIT_OPTIONS, type FitOptions } from "../fit/record.js";
import { replicate } from "../fit/replicates.js";
import type { Law } from "../law/law.js";
import type { Redrawing } from "./redrawing.js";

/** One vector of parameters, in the law's order, a replicate that gave an estimate; by run where runs hold several points. */
export function redrawnThetas(
  law: Law,
  observations: Observations,
  options: Partial<FitOptions>,
  { method, replicates, seed }: Redrawing,
): readonly Float64Array[] {
  const whole = fitted(law, [observations], { ...DEFAULT_FIT_OPTIONS, ...options, interval: "delta" });
  const unit = whole.clusters.by;
  const { frees } = replicate([whole], [observations], { method, unit, replicates, seed });
  return frees.flatMap((ends) => ends.map((free) => fullTheta(whole.problem, free)));
}
