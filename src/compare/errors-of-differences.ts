// The error of a difference between a scheme and the baseline: from the two fits stood side by side, so that what their
// points share (a horizon and seed, a run) cancels, and noise need not be of one size.
import { linearize } from "../fit/linearize.js";
import type { Clusters } from "../fit/variance/clusters.js";
import type { StandardError } from "../fit/variance/linearization.js";
import type { Member } from "../fit/variance/simultaneous.js";
import { standardErrors } from "../fit/variance/standard-errors.js";
import { freeGradient, type Schemes } from "./schemes.js";

/** From the gradients of a quantity by the law's parameters, of the scheme and of the baseline. */
export interface DifferenceErrors {
  /** Null when not defined. */
  of(scheme: ArrayLike<number>, baseline: ArrayLike<number>): (StandardError & { readonly plain: number }) | null;
  /** The difference as one of a family that shares its noise. */
  member(scheme: ArrayLike<number>, baseline: ArrayLike<number>): Member;
}

/** @param clusters of the points of all schemes */
export function differenceErrors(
  schemes: Schemes,
  clusters: Clusters,
  [l, baseline]: readonly [scheme: number, baseline: number],
): DifferenceErrors | null {
  const fits = [l, baseline].flatMap((which) => schemes.fits.slice(which, which + 1));
  if (fits.some(({ doubt }) => doubt.degreesOfFreedom < 1)) return null;
  const points = schemes.groups.reduce((sum, { loss }) => sum + loss.length, 0);
  const numbers = clusters.of ?? Int32Array.from({ length: points }, (_, i) => i);
  const cluster = Int32Array.from([l, baseline].flatMap((which) => [...within(schemes, numbers, which)]));
  const { basis, gradient } = linearize(fits, clusters.of === null ? null : cluster);
  const errors = basis === null ? null : standardErrors(basis);
  const between = (scheme: ArrayLike<number>, other: ArrayLike<number>) =>
    gradient([freeGradient(schemes, l, scheme), freeGradient(schemes, baseline, other).map((value) => -value)]);
  return {
    of: (scheme, other) => errors?.of(between(scheme, other)) ?? null,
    member: (scheme, other) => ({ basis, cluster, gradient: between(scheme, other) }),
  };
}

/** The part of a list over all points that is one scheme's. */
function within({ groups }: Schemes, clusters: Int32Array, l: number): Int32Array {
  const before = groups.slice(0, l).reduce((sum, { loss }) => sum + loss.length, 0);
  return clusters.subarray(before, before + (groups[l]?.loss.length ?? 0));
}
