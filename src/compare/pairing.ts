// A scheme beside the baseline: the error of any difference between the two, from their fits stood side by side, so that
// what their points share (a horizon and seed, a run) cancels and noise need not be of one size; and both in redrawn data.
import { item } from "../base/item.js";
import { linearize } from "../fit/linearize.js";
import { fullTheta } from "../fit/problem/problem.js";
import type { Replicates } from "../fit/replicates.js";
import type { Member } from "../fit/variance/simultaneous.js";
import { type RobustError, standardErrors } from "../fit/variance/standard-errors.js";
import { at } from "../law/law.js";
import { freeGradient, type Scheme, type Schemes } from "./schemes.js";

/** The law's parameters of both schemes, in one of several data sets. */
export type Drawn = readonly [scheme: Float64Array, baseline: Float64Array];

export interface Pairing {
  readonly scheme: Scheme;
  readonly baseline: Scheme;
  readonly redrawn: readonly Drawn[];
  /** Null without degrees of freedom. */
  readonly errors: DifferenceErrors | null;
}

/** From the gradients of a quantity by the law's parameters, of the scheme and of the baseline. */
export interface DifferenceErrors {
  /** Null when not defined. */
  of(scheme: ArrayLike<number>, baseline: ArrayLike<number>): RobustError | null;
  /** The difference as one of a family that shares its noise; with nothing in common where that is not defined. */
  member(scheme: ArrayLike<number>, baseline: ArrayLike<number>): Member;
}

/** One a scheme but the baseline, which is named by its position. */
export function pairings({ all }: Schemes, baseline: number, replicates: Replicates["frees"] = []): readonly Pairing[] {
  const base = item(all, baseline);
  const thetasOf = ({ fit }: Scheme, l: number) => replicates.map((frees) => fullTheta(fit.problem, item(frees, l)));
  const bases = thetasOf(base, baseline);
  return all.flatMap((scheme, l) =>
    l === baseline
      ? []
      : {
          scheme,
          baseline: base,
          redrawn: thetasOf(scheme, l).map((theta, r): Drawn => [theta, item(bases, r)]),
          errors: errorsOf(scheme, base),
        },
  );
}

function errorsOf(scheme: Scheme, baseline: Scheme): DifferenceErrors | null {
  const fits = [scheme.fit, baseline.fit];
  if (fits.some(({ doubt }) => doubt.degreesOfFreedom < 1)) return null;
  const cluster = Int32Array.from([...scheme.cluster, ...baseline.cluster]);
  const { basis, gradient } = linearize(fits, cluster);
  const errors = basis === null ? null : standardErrors(basis);
  const between = (own: ArrayLike<number>, other: ArrayLike<number>) =>
    gradient([freeGradient(scheme, own), freeGradient(baseline, other).map((value) => -value)]);
  return {
    of: (own, other) => errors?.of(between(own, other)) ?? null,
    member(own, other) {
      const pulls = errors?.model.pulls(between(own, other));
      // Where they are lost, nothing is known of what it shares with others.
      if (pulls === undefined || ![...pulls.own, ...pulls.common].every(Number.isFinite))
        return { draws: [], pulls: [] };
      const points = [scheme, baseline].flatMap(({ first, cluster: { length } }) =>
        Array.from({ length }, (_, i) => first + i),
      );
      // Numbers below 0 are what clusters share.
      const shared = (basis?.clusters ?? []).map(([i = 0]) => -1 - at(cluster, i));
      return { draws: [...points, ...shared], pulls: [...pulls.own, ...pulls.common] };
    },
  };
}
