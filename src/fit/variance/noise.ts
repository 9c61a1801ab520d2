// What the residuals say of the noise, and what that makes of an estimate's error: a noise whose size may change along x
// and of which the points of a cluster (a run's points, schemes at one horizon and seed) may have a share in common.
import { extent } from "../../base/extent.js";
import { mean } from "../../base/mean.js";
import { type Basis, gram, pullsOf, type StandardError } from "./linearization.js";
import { type NoiseCandidate, posterior } from "./noise-posterior.js";
import { matchedError } from "./variance-of-log.js";

export interface Noise {
  readonly candidates: readonly NoiseCandidate[];
  /** u (NoiseShape) at the least and the greatest x. */
  readonly ends: readonly [number, number];
  /** Of several combinations of parameters, row by row: the mean over some of the candidates, or over all. */
  covariance(gradients: readonly ArrayLike<number>[], over?: readonly NoiseCandidate[]): Float64Array;
  /** Of gradientᵀθ̂, with what is not known of the noise in its degrees of freedom. */
  standardError(gradient: ArrayLike<number>): StandardError;
  /** By how much each point's own noise moves gradientᵀθ̂, and what each cluster shares, at the mean slope (0 for equal noise) and mean share. */
  pulls(gradient: ArrayLike<number>): { readonly own: Float64Array; readonly common: Float64Array };
}

/**
 * Given slope and share, an estimate's error over its standard error is t with n − p degrees of freedom; over their
 * posterior it is taken for the t whose log variance has the same mean and spread. That is wider than the t of equal noise by
 * what the residuals leave open, and no more. Null without degrees of freedom and where there is no posterior.
 */
export function noise(basis: Basis): Noise | null {
  const { points, degreesOfFreedom } = basis;
  const along = position(basis.along, points);
  const candidates = degreesOfFreedom < 1 ? null : posterior(basis, along);
  if (candidates === null) return null;
  const weights = Float64Array.from(candidates, ({ weight }) => weight);
  const slopes = new Set(candidates.map(({ slope }) => slope));
  const sizes = new Map([...slopes].map((slope) => [slope, along.map((u) => Math.exp((slope * u) / 2))]));
  return {
    candidates,
    ends: extent(along),
    standardError(gradient) {
      const pulls = pullsOf(basis, [gradient]);
      const variances = new Float64Array(candidates.length);
      let [known, own, common] = [Number.NaN, Number.NaN, Number.NaN];
      for (const [k, { slope, share, variance }] of candidates.entries()) {
        // Candidates of one slope follow each other.
        if (slope !== known) [own, common] = squaresOf(pulls, sizes.get(slope) ?? pulls, basis.clusters);
        known = slope;
        variances[k] = variance * ((1 - share) * own + share * common);
      }
      return matchedError(variances, weights, degreesOfFreedom);
    },
    pulls(gradient) {
      const slope = candidates.reduce((sum, candidate) => sum + candidate.weight * candidate.slope, 0);
      // Points that move apart within their clusters do so by chance.
      const share = candidates.reduce((sum, candidate) => sum + candidate.weight * Math.max(0, candidate.share), 0);
      const sized = pullsOf(basis, [gradient]).map(
        (pull, i) => pull * Math.exp((slope * (along[i] ?? Number.NaN)) / 2),
      );
      return {
        own: sized.map((pull) => pull * Math.sqrt(1 - share)),
        common: Float64Array.from(
          basis.clusters ?? [],
          (members) => Math.sqrt(share) * members.reduce((sum, i) => sum + (sized[i] ?? Number.NaN), 0),
        ),
      };
    },
    covariance(gradients, over = candidates) {
      const pulls = pullsOf(basis, gradients);
      const count = gradients.length;
      const total = over.reduce((sum, { weight }) => sum + weight, 0);
      const own = new Float64Array(points);
      // A row a cluster and slope.
      const [sums, factors]: [number[], number[]] = [[], []];
      for (const [slope, size] of sizes) {
        let [apart, common] = [0, 0];
        for (const candidate of over) {
          if (candidate.slope !== slope) continue;
          const factor = (candidate.weight / total) * candidate.variance;
          apart += factor * (1 - candidate.share);
          common += factor * candidate.share;
        }
        for (let i = 0; i < points; i++) own[i] = (own[i] ?? Number.NaN) + apart * (size[i] ?? Number.NaN) ** 2;
        for (const members of common === 0 ? [] : (basis.clusters ?? [])) {
          factors.push(common);
          for (let j = 0; j < count; j++) {
            sums.push(
              members.reduce((sum, i) => sum + (size[i] ?? Number.NaN) * (pulls[i * count + j] ?? Number.NaN), 0),
            );
          }
        }
      }
      const shared = gram(Float64Array.from(sums), count, Float64Array.from(factors));
      return gram(pulls, count, own).map((value, cell) => value + (shared[cell] ?? Number.NaN));
    },
  };
}

/** Variances over σ²: of points that share nothing (own), and all there is within clusters (common). */
function squaresOf(
  pulls: Float64Array,
  size: Float64Array,
  clusters: Basis["clusters"],
): readonly [own: number, common: number] {
  let own = 0;
  for (let i = 0; i < pulls.length; i++) own += ((pulls[i] ?? Number.NaN) * (size[i] ?? Number.NaN)) ** 2;
  if (clusters === null) return [own, own];
  let common = 0;
  for (const members of clusters) {
    let sum = 0;
    for (const i of members) sum += (pulls[i] ?? Number.NaN) * (size[i] ?? Number.NaN);
    common += sum * sum;
  }
  return [own, common];
}

/** Over the range and about the mean; zeros where nothing changes. */
function position(along: Float64Array | null, points: number): Float64Array {
  if (along === null) return new Float64Array(points);
  const [least, most] = extent(along);
  const range = most - least;
  if (!(range > 0 && Number.isFinite(range))) return new Float64Array(points);
  const center = mean(along);
  return along.map((value) => (value - center) / range);
}
