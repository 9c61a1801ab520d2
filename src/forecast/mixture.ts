// Forms put together by their shares: one curve, with the forms' own errors and the spread between them.
import { extent } from "../base/extent.js";
import type { Observations } from "../curve/observations.js";
import { at } from "../law/law.js";
import { type Candidate, predicted, recency } from "./candidate.js";

/** What the forms together say of the loss at x, as a normal law of its logarithm. */
export interface Announced {
  readonly log: number;
  /** Of the mean curve: the forms' own errors, and the spread between them. */
  readonly announced: number;
  /** The part that is the forms' own. */
  readonly within: number;
  readonly byForm: readonly number[];
}

export interface Mixture {
  /** Variance of log loss of a run about the best of the forms. */
  readonly noise: number;
  readonly outlook: (x: number) => Announced;
}

/** Parameters that the noise's degrees of freedom are counted against: those of the middle form. */
export const PARAMETERS = 3;
/** Most variance of log loss that one form is taken to announce. */
const WIDEST = 4;

/** log L̂(x) = Σ wⱼ·log Lⱼ(x) over the forms that were fitted, `weights` being their shares. */
export function mixture(
  seen: Observations,
  fitted: readonly (Candidate | null)[],
  weights: readonly number[],
): Mixture {
  const present = fitted.flatMap((one, j) =>
    one === null || at(weights, j) === 0 ? [] : [{ one, weight: at(weights, j) }],
  );
  const sum = present.reduce((total, { weight }) => total + weight, 0);
  const members = present.map(({ one, weight }) => ({ one, weight: weight / sum }));
  const noise = noiseOf(
    seen,
    members.map(({ one }) => one),
  );
  return {
    noise,
    outlook: (x) => {
      const says = members.map(({ one }) => predicted(one, x));
      const log = members.reduce((total, { weight }, j) => total + weight * (says[j]?.log ?? Number.NaN), 0);
      const spread = (j: number) => Math.min((says[j]?.spread ?? 0) * noise, WIDEST);
      const within = members.reduce((total, { weight }, j) => total + weight * spread(j), 0);
      const between = members.reduce((total, { weight }, j) => total + weight * ((says[j]?.log ?? 0) - log) ** 2, 0);
      return {
        log,
        announced: within + between,
        within,
        byForm: says.map(({ log: own }) => Math.exp(own)),
      };
    },
  };
}

/** Mean square residual of the form that fits best where it matters, points counted by recency. */
function noiseOf(seen: Observations, members: readonly Candidate[]): number {
  const x = seen.x[0] ?? new Float64Array(0);
  const n = x.length;
  const [, last] = extent(x);
  const counts = x.map((v) => recency(v, last));
  const total = counts.reduce((sum, v) => sum + v, 0);
  const squares = members.map((one) =>
    counts.reduce((sum, count, i) => sum + count * (predicted(one, at(x, i)).log - Math.log(at(seen.loss, i))) ** 2, 0),
  );
  return ((Math.min(...squares) / total) * n) / Math.max(1, n - PARAMETERS);
}
