// The standard error of any combination of parameters, with degrees of freedom: from a model of the noise, unless the
// residuals contradict it; then from the residuals alone.
import { chiSquaredTail } from "../../base/distributions.js";
import { dot, type Linearization, orthogonalise, type StandardError } from "./linearization.js";
import { noise } from "./noise.js";
import { sandwich } from "./sandwich.js";

export interface RobustError extends StandardError {
  /** If every point had noise of one size and its own: √(gᵀH⁻¹g·Σ score²/(n − p)) in the units of the fit. */
  readonly plain: number;
  /** "noise model": noise.ts, sizes that change along x and shares common to clusters; "sandwich": CR3. */
  readonly source: "noise model" | "sandwich";
}

export type StandardErrors = (gradient: ArrayLike<number>) => RobustError | null;

/** Two-sided probability below which the residuals' own variance contradicts that of the noise model. */
const CONTRADICTED = 0.01;

/**
 * The noise model is the sharper by far with tens of points, the sandwich needs no model. Their ratio is held against what
 * it would be if the model were right, χ² over its degrees of freedom (sandwich.ts): outside 99% of that, the sandwich
 * decides. Null where the data say nothing of the noise, or of the parameters.
 */
export function standardErrors(fit: Linearization): StandardErrors | null {
  const basis = orthogonalise(fit);
  const model = noise(fit);
  const degrees = fit.rows.length - (fit.rows[0]?.length ?? 0);
  if (basis === null || model === null) return null;
  const level = fit.score.reduce((sum, value) => sum + value * value, 0) / degrees;
  const unbiased = sandwich(fit, "CR2");
  const jackknife = sandwich(fit, "CR3");
  return (gradient) => {
    const y = basis.combination(gradient);
    const plain = Math.sqrt(level * basis.rows.reduce((sum, row) => sum + dot(row, y) ** 2, 0));
    const modelled = model.standardError(gradient);
    const own = unbiased?.standardError(gradient) ?? null;
    if (own !== null) {
      const df = own.degreesOfFreedom;
      const above = chiSquaredTail(df * (own.value / modelled.value) ** 2, df);
      const robust = jackknife?.standardError(gradient) ?? null;
      if (2 * Math.min(above, 1 - above) < CONTRADICTED && robust !== null) {
        return { ...robust, plain, source: "sandwich" };
      }
    }
    return { ...modelled, plain, source: "noise model" };
  };
}
