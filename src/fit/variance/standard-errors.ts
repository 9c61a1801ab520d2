// The standard error of any combination of parameters, with degrees of freedom: from a model of the noise, unless the
// residuals contradict it; then from the residuals alone.
import { chiSquaredTail } from "../../base/distributions.js";
import { type Basis, equalCovariance, type StandardError } from "./linearization.js";
import { type Noise, noise } from "./noise.js";
import { type Sandwich, sandwich } from "./sandwich.js";

export interface RobustError extends StandardError {
  /** If every point had noise of one size and its own: √(gᵀH⁻¹g·Σ score²/(n − p)) in the units of the fit. */
  readonly plain: number;
  /** "noise model": noise.ts, sizes that change along x and shares common to clusters; "sandwich": CR3. */
  readonly source: "noise model" | "sandwich";
}

export interface StandardErrors {
  readonly model: Noise;
  /** Of gradientᵀθ̂; null where it has none. */
  of(gradient: ArrayLike<number>): RobustError | null;
  /** CR3. */
  jackknife(): Sandwich;
}

/** Two-sided probability below which the residuals' own variance contradicts that of the noise model. */
const CONTRADICTED = 0.01;

/** Ratios of variances that so many degrees of freedom would not contradict are not worth a test. */
const MOST_DEGREES = 400;

/**
 * The noise model is the sharper by far with tens of points, the sandwich needs no model. Their ratio is held against what
 * it would be if the model were right, χ² over its degrees of freedom (sandwich.ts): outside 99% of that, the sandwich
 * decides.
 *
 * A profile interval keeps its shape and takes this size where it ends at a signed root of the rise, in units of `plain`,
 * of t(degreesOfFreedom)·value/plain: 93 to 98% covered in simulation where the t of equal noise covered 67 to 100. Losses
 * other than squares are better served by redrawn points: with δ far below the residuals, as in Chinchilla's fit, scores
 * have no curvature to speak of, and percentiles of 200 redrawn sets covered 94 to 97% where profiles covered 86 to 90.
 *
 * Null where the data say nothing of the noise.
 */
export function standardErrors(basis: Basis): StandardErrors | null {
  const model = noise(basis);
  if (model === null) return null;
  const unbiased = sandwich(basis, "CR2");
  // As many as there can be: what these do not contradict, fewer do not either, and to count them is dear.
  const most = Math.min(MOST_DEGREES, basis.clusters?.length ?? basis.points);
  // Dearer than the rest, and seldom asked for.
  let known: Sandwich | null = null;
  const jackknife = () => {
    known ??= sandwich(basis, "CR3");
    return known;
  };
  return {
    model,
    jackknife,
    of(gradient) {
      const plain = Math.sqrt(equalCovariance(basis, [gradient])[0] ?? Number.NaN);
      const modelled = model.standardError(gradient);
      const ratio = unbiased.variance(gradient) / modelled.value ** 2;
      if (contradicts(ratio, most)) {
        const degrees = unbiased.standardError(gradient)?.degreesOfFreedom ?? null;
        const error = degrees !== null && contradicts(ratio, degrees) ? jackknife().standardError(gradient) : null;
        if (error !== null) return { ...error, plain, source: "sandwich" };
      }
      return { ...modelled, plain, source: "noise model" };
    },
  };
}

/** Whether a variance that is `ratio` times the expected one is out of the question for so many degrees of freedom. */
function contradicts(ratio: number, degreesOfFreedom: number): boolean {
  const above = chiSquaredTail(degreesOfFreedom * ratio, degreesOfFreedom);
  return 2 * Math.min(above, 1 - above) < CONTRADICTED;
}
