// Standard errors of the free parameters from the noise as it is, and the covariance that goes with them.
import { solvePositiveDefinite } from "../base/linear-algebra.js";
import { at } from "../law/law.js";
import type { Linearized } from "./linearize.js";
import type { Uncertainty } from "./uncertainty.js";
import { type RobustError, type StandardErrors, standardErrors } from "./variance/standard-errors.js";

export interface ParameterErrors {
  /** One per free parameter; null where not defined. */
  readonly of: readonly (RobustError | null)[];
  readonly covariance: readonly Float64Array[];
  /** Of any combination of the columns of the linearization. */
  readonly errors: StandardErrors;
}

/** With more free parameters than this, correlations are those of noise of one size. */
const MOST_PAIRS = 30;

/** Null where the data say nothing of the noise. */
export function parameterErrors(
  { basis, gradient }: Linearized,
  names: readonly string[],
  plain: Uncertainty,
): ParameterErrors | null {
  const deviation = names.map((_, k) => Math.sqrt(at(plain.covariance?.[k] ?? [], k)));
  const errors = basis === null ? null : standardErrors(basis);
  if (errors === null) return null;
  const errorOf = (entries: readonly (readonly [k: number, factor: number])[]) => {
    const free = new Float64Array(names.length);
    for (const [k, factor] of entries) free[k] = factor;
    return errors.of(gradient([free]));
  };
  const inside = names.map((_, k) => k).filter((k) => (deviation[k] ?? Number.NaN) > 0);
  const of = names.map((_, k) => (inside.includes(k) ? errorOf([[k, 1]]) : null));
  const ratio = names.map((_, k) => (of[k]?.value ?? Number.NaN) / at(deviation, k));
  const plainly = (j: number, k: number) => at(plain.covariance?.[j] ?? [], k) / at(deviation, j) / at(deviation, k);
  // ½·[Var(a + b) − Var(a) − Var(b)], a and b in units of their plain errors.
  const between = (j: number, k: number): number => {
    const both = errorOf([
      [j, 1 / at(deviation, j)],
      [k, 1 / at(deviation, k)],
    ]);
    return ((both?.value ?? Number.NaN) ** 2 - at(ratio, j) ** 2 - at(ratio, k) ** 2) / 2;
  };
  const size = inside.length;
  const scaled = new Float64Array(size * size).fill(Number.NaN);
  inside.forEach((j, a) => {
    scaled[a * size + a] = at(ratio, j) ** 2;
    for (let b = 0; b < a && size <= MOST_PAIRS; b++) {
      scaled[a * size + b] = between(j, at(inside, b));
      scaled[b * size + a] = at(scaled, a * size + b);
    }
  });
  // Each error has a source and degrees of freedom of its own, so that together they need not be a covariance.
  const proper = solvePositiveDefinite(scaled, new Float64Array(size).fill(1)) !== null;
  const covariance = names.map((_, j) =>
    Float64Array.from(names, (_name, k) => {
      const [a, b] = [inside.indexOf(j), inside.indexOf(k)];
      if (a < 0 || b < 0) return Number.NaN;
      const entry = proper ? at(scaled, a * size + b) : plainly(j, k) * at(ratio, j) * at(ratio, k);
      return entry * at(deviation, j) * at(deviation, k);
    }),
  );
  return { of, covariance, errors };
}
