// A test of several combinations of parameters at once, brought to the noise as it is: the F statistic that equal noise
// would make exact, times what the noise model makes of it.
import { fTail } from "../../base/distributions.js";
import { solvePositiveDefinite } from "../../base/linear-algebra.js";
import { type Basis, dot, equalCovariance } from "./linearization.js";
import { noise } from "./noise.js";

export interface JointTest {
  readonly fStatistic: number;
  readonly numeratorDf: number;
  /** Those of the combination in which the differences stand out most. */
  readonly denominatorDf: number;
  readonly pValue: number;
}

/**
 * `differences` are the values of the combinations `gradients` at the fit, 0 under the hypothesis; `fStatistic` is ((SSE₀ −
 * SSE)/q)/(SSE/(n − p)) of the law with and without it, which keeps the shape that a law far from a straight line has.
 * It is multiplied by dᵀV⁻¹d/dᵀV₀⁻¹d, V being the differences' covariance under the noise model and V₀ under equal noise of
 * each point's own: a likelihood ratio calibrated by its Wald statistics (Chandler & Bate 2007; Pace, Salvan & Sartori 2011).
 * Null where the combinations depend on each other.
 */
export type CalibratedTest = (
  gradients: readonly ArrayLike<number>[],
  differences: readonly number[],
  fStatistic: number,
) => JointTest | null;

/** The tests of one fit; null where noise.ts has no model of it. */
export function calibratedTests(basis: Basis): CalibratedTest | null {
  const model = noise(basis);
  if (model === null) return null;
  return (gradients, differences, fStatistic) => {
    const d = Float64Array.from(differences);
    const plain = solvePositiveDefinite(equalCovariance(basis, gradients), d);
    const robust = solvePositiveDefinite(model.covariance(gradients), d);
    if (plain === null || robust === null) return null;
    const ratio = dot(robust, d) / dot(plain, d);
    if (!(ratio > 0)) return null;
    const foremost = new Float64Array(gradients[0]?.length ?? 0);
    for (const [k, gradient] of gradients.entries()) {
      for (let j = 0; j < foremost.length; j++) {
        foremost[j] = (foremost[j] ?? Number.NaN) + (robust[k] ?? Number.NaN) * (gradient[j] ?? Number.NaN);
      }
    }
    const denominatorDf = model.standardError(foremost).degreesOfFreedom;
    const calibrated = fStatistic * ratio;
    return {
      fStatistic: calibrated,
      numeratorDf: gradients.length,
      denominatorDf,
      pValue: fTail(calibrated, gradients.length, denominatorDf),
    };
  };
}
